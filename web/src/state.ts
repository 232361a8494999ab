/** Whether a trace runs, failed or is done. */
import type { TraceRow } from "./api";
import { nsToMs } from "./format";

export type TraceState = "ok" | "failed" | "running";

/** Exporters send the root last, when it ends. One that is still missing after this long will not come. */
const ROOT_MAY_COME_MS = 600_000;

export function isRunning(trace: TraceRow): boolean {
  if (trace.root_span_id !== null && trace.end_time_ns !== null) return false;
  return Date.now() - nsToMs(trace.end_time_ns ?? trace.start_time_ns) < ROOT_MAY_COME_MS;
}

export function stateOf(trace: TraceRow): TraceState {
  if (trace.status === "ERROR") return "failed";
  return isRunning(trace) ? "running" : "ok";
}

/** The type of an error; `_OTHER` says only that there was one. */
export function errorName(type: string | null): string | null {
  return type === null || type === "" || type === "_OTHER" ? null : type;
}
