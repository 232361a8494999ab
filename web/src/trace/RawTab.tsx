import { useMemo } from "react";
import type { SpanDetail } from "../api";
import { FoldedText } from "../content/FoldedText";
import { bytes } from "../format";
import { CopyButton } from "../ui/CopyButton";

export function RawTab({ detail }: { detail: SpanDetail }) {
  const text = useMemo(() => JSON.stringify(detail, null, 2), [detail]);
  return (
    <>
      <p className="muted" style={{ display: "flex", alignItems: "center", gap: 4, marginBottom: 8 }}>
        As the server gives it, {bytes(text.length)} <CopyButton text={text} what="span as JSON" />
      </p>
      <div className="mono">
        <FoldedText text={text} lines={400} chars={40_000} json />
      </div>
    </>
  );
}
