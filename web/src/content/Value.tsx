/** One value as text, Markdown or JSON, folded when long. */
import { useMemo } from "react";
import type { Json } from "../api";
import styles from "./Content.module.css";
import { FoldButton, FoldedText, useFold } from "./FoldedText";
import { Markdown } from "./Markdown";

/** `prose` says a model or a person wrote it, so that plain text is read as Markdown. */
export function Value({ value, prose }: { value: Json; prose: boolean }) {
  const { text, isJson } = useMemo(() => asText(value), [value]);
  if (text === "") return <span className="faint">empty</span>;
  if (isJson) {
    return (
      <div className="mono">
        <FoldedText text={text} lines={24} chars={4000} json />
      </div>
    );
  }
  return prose ? <FoldedMarkdown text={text} /> : <FoldedText text={text} lines={24} chars={4000} />;
}

function FoldedMarkdown({ text }: { text: string }) {
  const fold = useFold(text, 60, 6000);
  return (
    <>
      <Markdown source={fold.shown} />
      <FoldButton fold={fold} />
    </>
  );
}

/** Arguments by name, one line each; anything but an object as it is. */
export function ArgumentTable({ value }: { value: Json }) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return (
      <div className={styles.cardText}>
        <Value value={value} prose={false} />
      </div>
    );
  }
  return (
    <dl className={styles.arguments}>
      {Object.entries(value).map(([name, argument]) => (
        <Argument key={name} name={name} value={argument} />
      ))}
    </dl>
  );
}

function Argument({ name, value }: { name: string; value: Json }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="mono">
        <Value value={value} prose={false} />
      </dd>
    </>
  );
}

function asText(value: Json): { text: string; isJson: boolean } {
  if (typeof value !== "string") return { text: JSON.stringify(value, null, 2), isJson: true };
  const trimmed = value.trim();
  const looksLikeJson = /^[{[]/.test(trimmed) && /[}\]]$/.test(trimmed) && trimmed.length < 2_000_000;
  if (looksLikeJson) {
    try {
      return { text: JSON.stringify(JSON.parse(trimmed), null, 2), isJson: true };
    } catch {
      // It only looked like JSON.
    }
  }
  return { text: value, isJson: false };
}
