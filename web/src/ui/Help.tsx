import { useEffect, useRef } from "react";
import controls from "./controls.module.css";
import styles from "./Help.module.css";

const KEYS: [string, [string, string][]][] = [
  [
    "Everywhere",
    [
      ["/", "search"],
      ["?", "this help"],
      ["esc", "leave a field, close"],
    ],
  ],
  [
    "Traces",
    [
      ["j k", "next, previous row"],
      ["enter", "open the row"],
      ["l", "live on or off"],
    ],
  ],
  [
    "A trace",
    [
      ["↑ ↓", "next, previous span"],
      ["→ ←", "open, close; to the child, to the parent"],
      ["[ ]", "close all, open all"],
      [".", "next failure"],
      ["home end", "first, last span"],
      ["u", "back to the traces"],
    ],
  ],
];

export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);

  return (
    <dialog ref={dialog} className={styles.dialog} onClose={onClose} aria-labelledby="help-title">
      <header>
        <h2 id="help-title">Keys</h2>
        <button type="button" className={`${controls.btn} ${controls.ghost}`} onClick={onClose}>
          Close
        </button>
      </header>
      {KEYS.map(([title, keys]) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl>
            {keys.map(([key, does]) => (
              <div key={key}>
                <dt>
                  {key.split(" ").map((one) => (
                    <kbd key={one} className={controls.kbd}>
                      {one}
                    </kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </dialog>
  );
}
