/** Long text, cut until the reader asks for more. A page that lays out megabytes at once freezes. */
import { useState } from "react";
import { bytes } from "../format";
import { cutText } from "./cut";
import styles from "./FoldedText.module.css";
import { JsonText } from "./JsonText";

const STEP_CHARS = 200_000;

interface Props {
  text: string;
  lines: number;
  chars: number;
  json?: boolean;
}

export function FoldedText({ text, lines, chars, json = false }: Props) {
  const fold = useFold(text, lines, chars);
  return (
    <>
      <pre className={styles.text}>{json ? <JsonText text={fold.shown} /> : fold.shown}</pre>
      <FoldButton fold={fold} />
    </>
  );
}

export interface Fold {
  shown: string;
  total: number;
  isCut: boolean;
  canFold: boolean;
  more: () => void;
  less: () => void;
}

export function useFold(text: string, lines: number, chars: number): Fold {
  const [allowed, setAllowed] = useState(0);
  const first = cutText(text, lines, chars);
  const shown = allowed === 0 ? first : text.slice(0, allowed);
  return {
    shown,
    total: text.length,
    isCut: shown.length < text.length,
    canFold: allowed > 0,
    more: () => setAllowed(Math.max(allowed, first.length) + STEP_CHARS),
    less: () => setAllowed(0),
  };
}

export function FoldButton({ fold }: { fold: Fold }) {
  if (!fold.isCut && !fold.canFold) return null;
  const left = fold.total - fold.shown.length;
  return (
    <button type="button" className={styles.button} onClick={fold.isCut ? fold.more : fold.less}>
      {!fold.isCut
        ? "show less"
        : left <= STEP_CHARS
          ? `show all (${bytes(fold.total)})`
          : `show ${bytes(STEP_CHARS)} more of ${bytes(fold.total)}`}
    </button>
  );
}
