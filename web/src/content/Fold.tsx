import { type ReactNode, useState } from "react";
import { ChevronIcon } from "../ui/icons";
import styles from "./Content.module.css";

/** Folded content is not laid out, nor even made, before it is opened. */
export function Fold({ title, children }: { title: ReactNode; children: ReactNode }) {
  const [opened, setOpened] = useState(false);
  return (
    <details className={styles.fold} onToggle={(event) => event.currentTarget.open && setOpened(true)}>
      <summary>
        <ChevronIcon />
        <span>{title}</span>
      </summary>
      {opened && <div>{children}</div>}
    </details>
  );
}
