import { useEffect, useState } from "react";
import controls from "./controls.module.css";
import { CheckIcon, CopyIcon } from "./icons";

/** Copies `text`, also on a page served without TLS, where browsers hide the clipboard. */
export function CopyButton({ text, what }: { text: string | (() => string); what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1400);
    return () => clearTimeout(timer);
  }, [copied]);

  async function onClick() {
    setCopied(await copyText(typeof text === "string" ? text : text()));
  }

  return (
    <button
      type="button"
      className={controls.copy}
      onClick={onClick}
      aria-label={copied ? `${what} copied` : `Copy ${what}`}
      title={copied ? "Copied" : `Copy ${what}`}
    >
      {copied ? <CheckIcon /> : <CopyIcon />}
    </button>
  );
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
