/** What a reader asks first of a span, in words and numbers. */
import type { ReactNode } from "react";
import type { SpanDetail, SpanRow, TraceRow } from "../api";
import { FoldedText } from "../content/FoldedText";
import { finishNote } from "../content/finish";
import { costMissing, costSource } from "../costs";
import { cost, count, duration, shortId, timestamp } from "../format";
import { errorName } from "../state";
import { CopyButton } from "../ui/CopyButton";
import { StatusDot } from "../ui/StatusDot";
import { typeWord } from "../ui/TypeChip";
import { runnersOf } from "../who";
import { metadataLines, modelLine, parameterLines } from "./details";
import styles from "./Summary.module.css";

const MOST_METADATA = 20;

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
  const facts = detail?.facts;
  const model = modelLine(row);
  const error = errorName(row.error_type);
  const guardrail = facts?.guardrail?.triggered ?? null;
  return (
    <>
      <dl className={styles.list}>
        <Line label="Type">
          <span title={row.span_type_source === null ? undefined : `Told by ${row.span_type_source}`}>
            {typeWord(row.span_type)}
          </span>
        </Line>
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
        {error !== null && (
          <Line label="Error">
            <span className={failed ? "failed" : ""}>{error}</span>
          </Line>
        )}
        {row.status_message !== null && row.status_message !== "" && (
          <Line label="Message">
            <span className={failed ? "failed" : ""}>{row.status_message}</span>
          </Line>
        )}
        <Line label="Started">{timestamp(row.start_time_ns)}</Line>
        <Line label="Duration">{row.duration_ns === null ? "not ended" : duration(row.duration_ns)}</Line>
        {row.ttft_ns !== null && <Line label="First token">{duration(row.ttft_ns)}</Line>}
        {model !== null && (
          <Line label="Model">
            <span title={model.includes("→") ? "The model asked for, and the one that answered" : undefined}>
              {model}
            </span>
          </Line>
        )}
        {row.provider !== null && <Line label="Provider">{row.provider}</Line>}
        {row.tool_name !== null && <Line label="Tool">{row.tool_name}</Line>}
        {facts?.tool?.type && <Line label="Tool type">{facts.tool.type}</Line>}
        {guardrail !== null && <Line label="Guardrail">{guardrail ? "stepped in" : "let it pass"}</Line>}
        {row.finish_reason !== null && <Finish reason={row.finish_reason} />}
        {parameterLines(facts).map(([key, value]) => (
          <Line key={key} label={key}>
            <span className="mono">{value}</span>
          </Line>
        ))}
      </dl>
      <Tokens row={row} />
      <Metadata detail={detail} />
      <h3 className={styles.section}>Where</h3>
      <dl className={styles.list}>
        <Id label="Span" id={row.span_id} />
        {row.parent_span_id !== null && <Id label="Parent" id={row.parent_span_id} />}
        <Id label="Trace" id={trace.trace_id} />
        {run !== null && <Id label="Run" id={run} />}
        {trace.session_id !== null && <Id label="Session" id={trace.session_id} />}
        {runnersOf(row, trace).map(({ kind, id, name }) => (
          <Id key={kind} label={capital(kind)} id={id} name={name} />
        ))}
        {row.response_id !== null && <Id label="Response" id={row.response_id} />}
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

function Finish({ reason }: { reason: string }) {
  const note = finishNote(reason);
  return (
    <Line label="Finish">
      {reason}{" "}
      {note !== null && note.text !== "" && (
        <span className={note.isCut ? styles.warn : "faint"}>{note.text}</span>
      )}
    </Line>
  );
}

function Tokens({ row }: { row: SpanRow }) {
  const input = row.input_tokens;
  const output = row.output_tokens;
  const aggregated = row.agg_input_tokens !== null || row.agg_output_tokens !== null;
  const missing = costMissing(row);
  const hasCost = row.cost_nano_usd !== null || missing !== null;
  if (input === null && output === null && !aggregated && !hasCost) return null;
  const cached = row.cache_read_tokens;
  const written = row.cache_write_tokens;
  const reasoning = row.reasoning_tokens;
  const sum = (input ?? 0) + (output ?? 0);
  const total = Math.max(1, sum);
  const share = (part: number) => ({ width: `${(part / total) * 100}%` });
  return (
    <>
      <h3 className={styles.section}>{hasCost ? "Tokens and cost" : "Tokens"}</h3>
      {(input !== null || output !== null) && (
        <div className={styles.bar} aria-hidden="true">
          <i className={styles.cached} style={share(Math.min(cached ?? 0, input ?? 0))} />
          <i className={styles.input} style={share((input ?? 0) - Math.min(cached ?? 0, input ?? 0))} />
          <i className={styles.output} style={share(output ?? 0)} />
        </div>
      )}
      <dl className={styles.list}>
        {input !== null && <Line label="Input">{count(input)}</Line>}
        {cached !== null && <Part label="from a cache">{count(cached)}</Part>}
        {written !== null && <Part label="into a cache">{count(written)}</Part>}
        {output !== null && <Line label="Output">{count(output)}</Line>}
        {reasoning !== null && <Part label="reasoning">{count(reasoning)}</Part>}
        {row.total_tokens !== null && row.total_tokens !== sum && sum > 0 && (
          <Line label="Total">{count(row.total_tokens)}</Line>
        )}
        {aggregated && (
          <Line label="All below">
            {count(row.agg_input_tokens)} <span className="faint">→</span> {count(row.agg_output_tokens)}
          </Line>
        )}
        {row.cost_nano_usd !== null && (
          <Line label="Cost">
            {cost(row.cost_nano_usd)} <Quiet note={costSource(row.cost_source)} />
          </Line>
        )}
        {row.cost_nano_usd === null && missing !== null && (
          <Line label="Cost">
            not known: <Quiet note={missing} />
          </Line>
        )}
      </dl>
    </>
  );
}

function Quiet({ note }: { note: { text: string; title: string } | null }) {
  if (note === null) return null;
  return (
    <span className="faint" title={note.title}>
      {note.text}
    </span>
  );
}

function Metadata({ detail }: { detail: SpanDetail | undefined }) {
  const lines = metadataLines(detail?.facts.metadata);
  if (lines.length === 0) return null;
  return (
    <>
      <h3 className={styles.section}>Metadata</h3>
      <dl className={styles.list}>
        {lines.slice(0, MOST_METADATA).map(([key, value]) => (
          <Line key={key} label={key}>
            <div className="mono">
              <FoldedText text={value} lines={4} chars={240} />
            </div>
          </Line>
        ))}
        {lines.length > MOST_METADATA && (
          <p className="faint">{lines.length - MOST_METADATA} more under Attributes</p>
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

/** A share of the line above it. */
function Part({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles.part}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** An id to copy, shown by its `name` where it has one. */
function Id({ label, id, name }: { label: string; id: string | null; name?: string }) {
  const isNamed = name !== undefined && name !== id;
  return (
    <div>
      <dt>{label}</dt>
      <dd className={styles.id}>
        <span
          className={isNamed ? "cut" : "mono cut"}
          title={isNamed && id !== null ? `${name}, id ${id}` : (id ?? name)}
        >
          {isNamed ? name : id !== null && /^[0-9a-f-]{16,}$/.test(id) ? shortId(id) : id}
        </span>
        {id !== null && <CopyButton text={id} what={`${label.toLowerCase()} id`} />}
      </dd>
    </div>
  );
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
