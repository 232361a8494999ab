/** Texts that were made into vectors. */
import { useState } from "react";
import type { Embedding as Facts } from "../api";
import { count, plural } from "../format";
import styles from "./Content.module.css";
import { Value } from "./Value";

const FIRST_TEXTS = 20;

export function Embedding({ embedding }: { embedding: Facts }) {
  const [all, setAll] = useState(false);
  const { texts, dimensions } = embedding;
  const shown = all ? texts : texts.slice(0, FIRST_TEXTS);
  return (
    <section className={styles.side}>
      <h3>
        {plural(Math.max(embedding.count, texts.length), "text")}
        {dimensions !== null && (
          <span className={styles.beside}> as vectors of {plural(dimensions, "number")}</span>
        )}
      </h3>
      {texts.length === 0 && <p className="muted">The texts were not recorded.</p>}
      {texts.length > 0 && (
        <div className={styles.card}>
          {shown.map((text, index) => (
            <div key={index} className={styles.listed}>
              <span className="faint">{count(index + 1)}</span>
              <div>
                <Value value={text} prose={false} />
              </div>
            </div>
          ))}
        </div>
      )}
      {texts.length > shown.length && (
        <button type="button" className={styles.earlier} onClick={() => setAll(true)}>
          Show all {plural(texts.length, "text")}
        </button>
      )}
    </section>
  );
}
