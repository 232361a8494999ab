import { CopyButton } from "../ui/CopyButton";
import styles from "./Content.module.css";
import { FoldedText } from "./FoldedText";

interface Props {
  type: string | null;
  message: string | null;
  stacktrace: string | null;
}

export function ExceptionCard({ type, message, stacktrace }: Props) {
  return (
    <div className={`${styles.card} ${styles.bad}`}>
      <div className={styles.cardHead}>
        <b>{type ?? "Error"}</b>
        {stacktrace !== null && (
          <span className={styles.right}>
            <CopyButton text={stacktrace} what="stack trace" />
          </span>
        )}
      </div>
      {message !== null && message !== "" && (
        <div className={styles.errorMessage}>
          <FoldedText text={message} lines={12} chars={2000} />
        </div>
      )}
      {stacktrace !== null && stacktrace !== "" && (
        <div className={styles.stack}>
          <FoldedText text={stacktrace} lines={40} chars={6000} />
        </div>
      )}
    </div>
  );
}
