import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { TraceRow as Row } from "../api";
import { traceCost } from "../costs";
import { age, count, duration, logShare, plural, timestamp, tokens } from "../format";
import { useNow } from "../now";
import type { ListSearch } from "../search";
import { stateOf, type TraceState } from "../state";
import { StatusDot } from "../ui/StatusDot";
import { TypeChip } from "../ui/TypeChip";
import { isNamedIn, runners } from "../who";
import styles from "./TraceTable.module.css";

const SLOW_NS = 20e9;

interface Props {
  row: Row;
  index: number;
  top: number;
  active: boolean;
  change: (patch: Partial<ListSearch>) => void;
}

export const TraceRow = memo(function TraceRow({ row, index, top, active, change }: Props) {
  const state = stateOf(row);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={`${styles.row} ${styles.body} ${active ? styles.active : ""}`}
      data-trace={row.trace_id}
      data-active={active || undefined}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="cell" className={styles.status}>
        <StatusDot state={state} />
      </span>
      <span role="cell" className={styles.run}>
        <Link
          to="/ui/traces/$traceId"
          params={{ traceId: row.trace_id }}
          search={{}}
          className={`${styles.link} cut`}
          title={row.input_preview ?? undefined}
        >
          {oneLine(row.input_preview) ?? row.name}
        </Link>
        <span className={`${styles.second} cut`}>
          <TypeChip type={row.root_type} />
          <span className="cut">
            {row.input_preview === null ? (row.service_name ?? "no input") : row.name}
            <Who row={row} />
          </span>
          {row.release !== null && (
            <span className={`${styles.release} cut`} title={`Release ${row.release}`}>
              {row.release}
            </span>
          )}
        </span>
      </span>
      <span role="cell" className={`${styles.output} cut muted`}>
        {state === "failed" && <Failures row={row} />}
        {outcome(row, state)}
      </span>
      <span role="cell" className={`${styles.model} cut muted`} title={row.models.join(", ")}>
        {row.models[0] ?? ""}
        {row.models.length > 1 && <span className="faint"> +{row.models.length - 1}</span>}
      </span>
      <span
        role="cell"
        className={styles.tokens}
        title={`${count(row.input_tokens)} in, ${count(row.output_tokens)} out`}
      >
        {row.total_tokens === null ? "" : tokens(row.total_tokens)}
      </span>
      <span role="cell" className={styles.cost}>
        <Cost row={row} />
      </span>
      <span role="cell" className={styles.duration}>
        {duration(row.duration_ns)}
        <span className={styles.bar} aria-hidden="true">
          <i
            className={(row.duration_ns ?? 0) >= SLOW_NS ? styles.slow : undefined}
            style={{ width: `${logShare(row.duration_ns) * 100}%` }}
          />
        </span>
      </span>
      <span role="cell" className={`${styles.user} cut`}>
        {row.user_id !== null && (
          <Narrow
            value={row.user_id}
            what="user"
            onClick={() => change({ user_id: row.user_id ?? undefined })}
          />
        )}
      </span>
      <span role="cell" className={`${styles.session} cut`}>
        {row.session_id !== null && (
          <Narrow
            value={row.session_id}
            what="session"
            onClick={() => change({ session_id: row.session_id ?? undefined })}
          />
        )}
      </span>
      <span role="cell" className={`${styles.age} faint`} title={timestamp(row.start_time_ns)}>
        <Age startNs={row.start_time_ns} />
      </span>
    </div>
  );
});

/** Who ran, unless the name of the run says it. */
function Who({ row }: { row: Row }) {
  return runners(row)
    .filter((runner) => !isNamedIn(runner.name, row.name))
    .map(({ kind, id, name }) => (
      <span key={kind} title={`${kind} ${name}${id === null || id === name ? "" : `, id ${id}`}`}>
        {" · "}
        {name}
      </span>
    ));
}

function Cost({ row }: { row: Row }) {
  const cost = traceCost(row);
  if (cost === null) return null;
  if (cost.title === undefined) return cost.text;
  return (
    // The link of the row lies above its cells; this one lies above that, so that its title is found.
    <Link
      to="/ui/traces/$traceId"
      params={{ traceId: row.trace_id }}
      search={{}}
      className={styles.partly}
      title={cost.title}
      tabIndex={-1}
    >
      {cost.text}
      <span className="sr-only"> {cost.title}</span>
    </Link>
  );
}

function outcome(row: Row, state: TraceState): string {
  if (state === "running") return `running, ${plural(row.span_count, "span")} so far`;
  return oneLine(row.output_preview) ?? "";
}

function Failures({ row }: { row: Row }) {
  const failures = row.error_span_count > 0 ? `${plural(row.error_span_count, "span")} failed` : "failed";
  return <span className="failed">{oneLine(row.output_preview) === null ? failures : `${failures} · `}</span>;
}

function oneLine(text: string | null): string | null {
  return text === null || text.trim() === "" ? null : text.replace(/\s+/g, " ");
}

function Narrow({ value, what, onClick }: { value: string; what: string; onClick: () => void }) {
  return (
    <button
      type="button"
      className={`${styles.narrow} cut`}
      title={`Only ${what} ${value}`}
      onClick={onClick}
    >
      {value}
    </button>
  );
}

function Age({ startNs }: { startNs: string }) {
  return age(startNs, useNow());
}
