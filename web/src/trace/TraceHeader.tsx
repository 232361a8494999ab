import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { SpanRow, TraceRow } from "../api";
import { traceCost, whyUnpriced } from "../costs";
import { count, duration, plural, timestamp } from "../format";
import { lastListSearch } from "../list/lastSearch";
import { stateOf } from "../state";
import { CopyButton } from "../ui/CopyButton";
import controls from "../ui/controls.module.css";
import { StatusDot } from "../ui/StatusDot";
import { TypeChip } from "../ui/TypeChip";
import { type Runner, runners } from "../who";
import styles from "./TraceHeader.module.css";

interface Props {
  trace: TraceRow;
  spans: SpanRow[];
  rootFailed: boolean;
}

export function TraceHeader({ trace, spans, rootFailed }: Props) {
  const cost = traceCost(trace);
  const why = trace.unpriced_call_count > 0 ? whyUnpriced(spans) : "";
  return (
    <header>
      <div className={styles.crumbs}>
        <nav aria-label="Breadcrumb" className={styles.path}>
          <Link to="/ui/traces" search={lastListSearch()} className="muted">
            Traces
          </Link>
          <span className="faint" aria-hidden="true">
            /
          </span>
          {trace.session_id !== null && (
            <>
              <Link
                to="/ui/traces"
                search={{ session_id: trace.session_id }}
                className={`muted mono cut ${styles.session}`}
                title={`All traces of session ${trace.session_id}`}
              >
                {trace.session_id}
              </Link>
              <span className="faint" aria-hidden="true">
                /
              </span>
            </>
          )}
          <h1 className="cut" title={trace.name}>
            {trace.name}
          </h1>
        </nav>
        <span className={`mono faint cut ${styles.id}`} title="Trace id">
          {trace.trace_id}
        </span>
        <CopyButton text={trace.trace_id} what="trace id" />
      </div>
      <div className={styles.facts}>
        <StatusDot state={stateOf(trace)} label="" />
        <Fact label={timestamp(trace.start_time_ns)}>{outcome(trace, rootFailed)}</Fact>
        <Fact label="duration">{duration(trace.duration_ns)}</Fact>
        {trace.total_tokens !== null && (
          <Fact label="tokens in → out">
            {count(trace.input_tokens)} <span className="faint">→</span> {count(trace.output_tokens)}
          </Fact>
        )}
        {cost !== null && (
          <Fact label={costLabel(trace)}>
            <span title={cost.title === undefined ? undefined : `${cost.title}\n${why}`.trim()}>
              {cost.text}
            </span>
          </Fact>
        )}
        <Fact label={trace.span_count === 1 ? "span" : "spans"}>{count(trace.span_count)}</Fact>
        {trace.user_id !== null && (
          <Fact label="user">
            <Link
              to="/ui/traces"
              search={{ user_id: trace.user_id }}
              title={`All traces of user ${trace.user_id}`}
            >
              {trace.user_id}
            </Link>
          </Fact>
        )}
        <span className={styles.gap} />
        <span className={styles.chips}>
          {runners(trace).map((runner) => (
            <RunnerChip key={runner.kind} runner={runner} />
          ))}
          {trace.service_name !== null && (
            <span className={controls.chip} title="Service">
              {trace.service_name}
            </span>
          )}
          {trace.environment !== null && (
            <span className={controls.chip} title="Environment">
              {trace.environment}
            </span>
          )}
          {trace.release !== null && (
            <span className={controls.chip} title="Release">
              <span className="faint">release</span> {trace.release}
            </span>
          )}
          {trace.tags.map((tag) => (
            <span key={tag} className={controls.chip} title="Tag">
              {tag}
            </span>
          ))}
        </span>
      </div>
    </header>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <b>{children}</b>
      <small>{label}</small>
    </div>
  );
}

function RunnerChip({ runner }: { runner: Runner }) {
  const { kind, type, id, name } = runner;
  const inside = (
    <>
      <TypeChip type={type} />
      <span className="cut">{name}</span>
    </>
  );
  const className = `${controls.chip} ${styles.runner}`;
  if (id === null)
    return (
      <span className={className} title={name}>
        {inside}
      </span>
    );
  return (
    <Link
      to="/ui/traces"
      search={{ [`${kind}_id`]: id }}
      className={className}
      title={`All traces of ${kind} ${name === id ? name : `${name}, id ${id}`}`}
    >
      {inside}
    </Link>
  );
}

/** Says in the open what the mark before the sum means. */
function costLabel(trace: TraceRow): string {
  const unpriced = trace.unpriced_call_count;
  if (unpriced > 0) {
    const calls = plural(unpriced, "call");
    return trace.cost_nano_usd === null ? `cost of ${calls}` : `cost without ${calls}`;
  }
  return trace.models.length > 1 ? `cost, ${trace.models.length} models` : "cost";
}

function outcome(trace: TraceRow, rootFailed: boolean): string {
  const errors = trace.error_span_count;
  const state = stateOf(trace);
  if (state === "running") return errors > 0 ? `Running, ${plural(errors, "error")} so far` : "Running";
  if (state === "failed" && (rootFailed || errors === 0))
    return errors > 1 ? `Failed, ${plural(errors, "error")} inside` : "Failed";
  return errors > 0 ? `Completed, ${plural(errors, "error")} inside` : "Completed";
}
