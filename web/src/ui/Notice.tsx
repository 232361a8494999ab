/** A refusal or an absence in words: what, why, what to do. */
import type { ReactNode } from "react";
import { ApiError } from "../api";
import controls from "./controls.module.css";
import styles from "./Notice.module.css";

export function Notice({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.notice} role="status">
      <h2>{title}</h2>
      {children !== undefined && <div className={styles.why}>{children}</div>}
      {action !== undefined && <div className={styles.action}>{action}</div>}
    </div>
  );
}

export function ErrorNotice({ error, onRetry, what }: { error: unknown; onRetry: () => void; what: string }) {
  const told = explain(error, what);
  return (
    <Notice
      title={told.title}
      action={
        <button type="button" className={controls.btn} onClick={onRetry}>
          Try again
        </button>
      }
    >
      <p>{told.why}</p>
      <p className="muted">{told.advice}</p>
    </Notice>
  );
}

/** One line above rows that are still shown. */
export function ErrorLine({ error, what }: { error: unknown; what: string }) {
  const told = explain(error, what);
  return (
    <div className={styles.line} role="alert">
      <b>{told.title}.</b> {told.why} <span className={styles.soft}>{told.advice}</span>
    </div>
  );
}

function explain(error: unknown, what: string): { title: string; why: string; advice: string } {
  if (!(error instanceof ApiError)) {
    return {
      title: `Cannot show ${what}`,
      why: String(error),
      advice: "Reload the page; if it stays, report it.",
    };
  }
  if (error.status === 0) {
    return {
      title: "The server does not answer",
      why: `Nothing came back from ${window.location.origin}.`,
      advice: "Check that tracestead is running and that this address is right. The page goes on by itself.",
    };
  }
  if (error.status >= 500) {
    return {
      title: `The server failed to load ${what}`,
      why: error.message,
      advice: `Status ${error.status}: the server's log says more.`,
    };
  }
  return {
    title: `The server refused to load ${what}`,
    why: error.message,
    advice: `Status ${error.status}.`,
  };
}
