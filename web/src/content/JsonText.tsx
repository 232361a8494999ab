import { Fragment } from "react";
import styles from "./FoldedText.module.css";
import { jsonTokens } from "./jsonTokens";

/** Colour helps a screenful; on a long text it costs thousands of elements. */
const COLOURED_CHARS = 40_000;

export function JsonText({ text }: { text: string }) {
  if (text.length > COLOURED_CHARS) return text;
  return jsonTokens(text).map((token, index) =>
    token.kind === "plain" ? (
      <Fragment key={index}>{token.text}</Fragment>
    ) : (
      <span key={index} className={styles[token.kind]}>
        {token.text}
      </span>
    ),
  );
}
