/** Judgements by people, models and code. */
import type { Score } from "../api";
import { figure } from "../format";
import styles from "./Content.module.css";
import { FoldedText } from "./FoldedText";

const SOURCES: Record<string, string> = { HUMAN: "by a person", LLM: "by a model", CODE: "by code" };

export function Scores({ scores }: { scores: Score[] }) {
  return (
    <section className={styles.side}>
      <h3>{scores.length === 1 ? "Score" : "Scores"}</h3>
      <div className={styles.card} data-part="scores">
        {scores.map((score, index) => (
          <div key={`${score.name}${index}`} className={styles.judgement}>
            <div className={styles.verdict}>
              <b>{score.name === "" ? "unnamed" : score.name}</b>
              {score.value !== null && <span>{figure(score.value)}</span>}
              {score.label !== null && score.label !== "" && <span>{score.label}</span>}
              <span className={styles.right} title={score.identifier ?? undefined}>
                {scoreNote(score)}
              </span>
            </div>
            {score.explanation !== null && score.explanation !== "" && (
              <div className="muted">
                <FoldedText text={score.explanation} lines={6} chars={800} />
              </div>
            )}
          </div>
        ))}
      </div>
    </section>
  );
}

/** "of the trace, by a model". */
export function scoreNote(score: Pick<Score, "scope" | "source">): string {
  const of = score.scope === "span" ? null : `of the ${score.scope}`;
  const by = score.source === null ? null : (SOURCES[score.source.toUpperCase()] ?? `by ${score.source}`);
  return [of, by].filter((note) => note !== null).join(", ");
}
