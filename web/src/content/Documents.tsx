import type { Json, RetrievedDocument, SpanFacts } from "../api";
import { plural } from "../format";
import styles from "./Content.module.css";
import { Value } from "./Value";

export function Documents({ retrieval }: { retrieval: NonNullable<SpanFacts["retrieval"]> }) {
  const { query, documents } = retrieval;
  // Some stores score by distance or by points; the longest bar is then the highest score, not 1.
  const most = documents.reduce((highest, each) => Math.max(highest, each.score ?? 0), 0);
  const full = Math.max(most, 1);
  return (
    <>
      {query !== null && query !== "" && (
        <section className={styles.side}>
          <h3>Query</h3>
          <div className={`${styles.box} ${styles.said}`}>
            <Value value={query} prose={false} />
          </div>
        </section>
      )}
      <section className={styles.side}>
        <h3>{plural(documents.length, "document")}</h3>
        {documents.length === 0 && <p className="muted">The search found nothing.</p>}
        {documents.length > 0 && (
          <div className={styles.card}>
            {documents.map((document, index) => (
              <Document key={`${document.id}${index}`} document={document} full={full} />
            ))}
          </div>
        )}
      </section>
    </>
  );
}

function Document({ document, full }: { document: RetrievedDocument; full: number }) {
  const about = written(document.metadata);
  return (
    <div className={styles.doc}>
      <div className={styles.docSide}>
        {document.score === null ? (
          <span className="faint">no score</span>
        ) : (
          <>
            <span>{document.score.toPrecision(3)}</span>
            <div className={styles.score} aria-hidden="true">
              <i style={{ width: `${Math.max(0, Math.min(1, document.score / full)) * 100}%` }} />
            </div>
          </>
        )}
        {document.id !== null && (
          <span className="mono cut faint" title={document.id}>
            {document.id}
          </span>
        )}
      </div>
      <div>
        <Value value={document.content} prose={false} />
        {about !== null && <div className={styles.metadata}>{about}</div>}
      </div>
    </div>
  );
}

function written(metadata: Json): string | null {
  if (metadata === null) return null;
  if (typeof metadata !== "object" || Array.isArray(metadata)) return String(JSON.stringify(metadata));
  const entries = Object.entries(metadata);
  if (entries.length === 0) return null;
  return entries
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ");
}
