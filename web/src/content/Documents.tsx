/** What was searched for, where, and what was found. */
import type { Json, Payload, Retrieval, RetrievedDocument } from "../api";
import { count, figure, plural } from "../format";
import styles from "./Content.module.css";
import { Value } from "./Value";

interface Props {
  retrieval: Retrieval;
  /** What came out as it was recorded, for a search of which no documents could be read. */
  output: Payload | null;
}

export function Documents({ retrieval, output }: Props) {
  const { query, documents } = retrieval;
  const about = searchNote(retrieval);
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
        <h3>
          {plural(documents.length, "document")}
          {about !== "" && <span className={styles.beside}> {about}</span>}
        </h3>
        {documents.length === 0 && <NoDocuments output={output} />}
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

function NoDocuments({ output }: { output: Payload | null }) {
  if (output === null) return <p className="muted">No documents were recorded.</p>;
  if (isEmptyList(output.value)) return <p className="muted">The search found nothing.</p>;
  return (
    <div className={styles.box}>
      <Value value={output.value} prose={false} />
    </div>
  );
}

/** "of 5 asked for, in qdrant". */
export function searchNote({ k, store }: Pick<Retrieval, "k" | "store">): string {
  const asked = k === null ? null : `of ${count(k)} asked for`;
  const place = store === null || store === "" ? null : `in ${store}`;
  return [asked, place].filter((note) => note !== null).join(", ");
}

function isEmptyList(value: Json): boolean {
  return Array.isArray(value) ? value.length === 0 : typeof value === "string" && value.trim() === "[]";
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
            <span title={String(document.score)}>{figure(document.score)}</span>
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
        {document.content === "" || document.content === null ? (
          <span className="faint">no text recorded</span>
        ) : (
          <Value value={document.content} prose={false} />
        )}
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
