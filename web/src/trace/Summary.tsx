/** What a reader asks first of a span, in words and numbers. */
import type { ReactNode } from "react";
import type { Json, SpanDetail, SpanRow, TraceRow } from "../api";
import { cost, count, duration, shortId, timestamp } from "../format";
import { CopyButton } from "../ui/CopyButton";
import { StatusDot } from "../ui/StatusDot";
import { typeWord } from "../ui/TypeChip";
import styles from "./Summary.module.css";

interface Props {
  trace: TraceRow;
  row: SpanRow;
  detail: SpanDetail | undefined;
}

export function Summary({ trace, row, detail }: Props) {
  const failed = row.status_code === "ERROR";
  const service = detail?.resource?.attributes["service.name"];
  // A member of a team has a run of its own.
  const run = detail?.run_id ?? trace.run_id;
  const parameters = scalarEntries(detail?.facts.invocation_parameters ?? null);
  return (
    <>
      <dl className={styles.list}>
        <Line label="Type">{typeWord(row.span_type)}</Line>
        <Line label="Status">
          <StatusDot state={failed ? "failed" : row.end_time_ns === null ? "running" : "ok"} label="" />{" "}
          {failed
            ? "Error"
            : row.end_time_ns === null
              ? "Running"
              : row.status_code === "OK"
                ? "OK"
                : "No error"}
        </Line>
        {row.status_message !== null && row.status_message !== "" && (
          <Line label="Message">
            <span className={failed ? "failed" : ""}>{row.status_message}</span>
          </Line>
        )}
        <Line label="Started">{timestamp(row.start_time_ns)}</Line>
        <Line label="Duration">{row.duration_ns === null ? "not ended" : duration(row.duration_ns)}</Line>
        {row.ttft_ns !== null && <Line label="First token">{duration(row.ttft_ns)}</Line>}
        {row.model !== null && (
          <Line label="Model">
            {row.model} {row.provider !== null && <span className="faint">{row.provider}</span>}
          </Line>
        )}
        {row.tool_name !== null && <Line label="Tool">{row.tool_name}</Line>}
        {row.finish_reason !== null && <Line label="Finish">{row.finish_reason}</Line>}
        {parameters.map(([key, value]) => (
          <Line key={key} label={key}>
            <span className="mono">{value}</span>
          </Line>
        ))}
      </dl>
      <Tokens row={row} />
      <h3 className={styles.section}>Where</h3>
      <dl className={styles.list}>
        <Id label="Span" id={row.span_id} />
        {row.parent_span_id !== null && <Id label="Parent" id={row.parent_span_id} />}
        <Id label="Trace" id={trace.trace_id} />
        {run !== null && <Id label="Run" id={run} />}
        {trace.session_id !== null && <Id label="Session" id={trace.session_id} />}
        {(row.agent_id ?? trace.agent_id) !== null && (
          <Id label="Agent" id={row.agent_id ?? trace.agent_id ?? ""} />
        )}
        {(row.team_id ?? trace.team_id) !== null && (
          <Id label="Team" id={row.team_id ?? trace.team_id ?? ""} />
        )}
        {(row.workflow_id ?? trace.workflow_id) !== null && (
          <Id label="Workflow" id={row.workflow_id ?? trace.workflow_id ?? ""} />
        )}
        {typeof service === "string" && <Line label="Service">{service}</Line>}
        {detail?.scope !== null && detail?.scope !== undefined && detail.scope.name !== "" && (
          <Line label="Scope">
            <span className="mono">
              {detail.scope.name} <span className="faint">{detail.scope.version}</span>
            </span>
          </Line>
        )}
        {row.span_kind !== "INTERNAL" && <Line label="Kind">{row.span_kind.toLowerCase()}</Line>}
      </dl>
    </>
  );
}

function Tokens({ row }: { row: SpanRow }) {
  const input = row.input_tokens;
  const output = row.output_tokens;
  const aggregated = row.agg_input_tokens !== null || row.agg_output_tokens !== null;
  if (input === null && output === null && !aggregated && row.cost_nano_usd === null) return null;
  const cached = row.cache_read_tokens;
  const written = row.cache_write_tokens;
  const reasoning = row.reasoning_tokens;
  const total = Math.max(1, (input ?? 0) + (output ?? 0));
  const share = (part: number) => ({ width: `${(part / total) * 100}%` });
  return (
    <>
      <h3 className={styles.section}>Tokens</h3>
      {(input !== null || output !== null) && (
        <div className={styles.bar} aria-hidden="true">
          <i className={styles.cached} style={share(Math.min(cached ?? 0, input ?? 0))} />
          <i className={styles.input} style={share((input ?? 0) - Math.min(cached ?? 0, input ?? 0))} />
          <i className={styles.output} style={share(output ?? 0)} />
        </div>
      )}
      <dl className={styles.list}>
        {input !== null && <Line label="Input">{count(input)}</Line>}
        {cached !== null && <Line label="of it cached">{count(cached)}</Line>}
        {written !== null && <Line label="cache written">{count(written)}</Line>}
        {output !== null && <Line label="Output">{count(output)}</Line>}
        {reasoning !== null && <Line label="reasoning">{count(reasoning)}</Line>}
        {aggregated && (
          <Line label="All below">
            {count(row.agg_input_tokens)} <span className="faint">→</span> {count(row.agg_output_tokens)}
          </Line>
        )}
        {(input !== null || output !== null || row.cost_nano_usd !== null) && (
          <Line label="Cost">
            {row.cost_nano_usd === null ? (
              <>
                no price <span className="faint">none is known for {row.model ?? "an unnamed model"}</span>
              </>
            ) : (
              cost(row.cost_nano_usd)
            )}
          </Line>
        )}
      </dl>
    </>
  );
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt className="cut" title={label}>
        {label}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

function Id({ label, id }: { label: string; id: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className={styles.id}>
        <span className="mono cut" title={id}>
          {/^[0-9a-f-]{16,}$/.test(id) ? shortId(id) : id}
        </span>
        <CopyButton text={id} what={`${label.toLowerCase()} id`} />
      </dd>
    </div>
  );
}

/** Only what fits a line; the rest is under Attributes. */
function scalarEntries(parameters: Json): [string, string][] {
  if (parameters === null || typeof parameters !== "object" || Array.isArray(parameters)) return [];
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(parameters)) {
    if (value === null || typeof value === "object" || String(value).length > 60) continue;
    entries.push([key, String(value)]);
  }
  return entries.slice(0, 12);
}
