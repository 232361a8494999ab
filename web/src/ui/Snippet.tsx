import { CopyButton } from "./CopyButton";
import styles from "./Snippet.module.css";

export function Snippet({ text, what }: { text: string; what: string }) {
  return (
    <div className={styles.snippet}>
      <pre tabIndex={0} aria-label={what} role="group">
        {text}
      </pre>
      <span className={styles.copy}>
        <CopyButton text={text} what={what} />
      </span>
    </div>
  );
}
