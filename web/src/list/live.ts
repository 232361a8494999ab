/** How the newest page, polled again and again, joins the rows that are already there. */
import type { TraceRow } from "../api";

export interface Join {
  rows: TraceRow[];
  fresh: number;
  /** False when the newest page no longer reaches the known rows: what lies between is unknown, so they are dropped. */
  joined: boolean;
}

/** Newest first, the order of the server. */
export function newestFirst(a: TraceRow, b: TraceRow): number {
  if (a.start_time_ns === b.start_time_ns) return a.trace_id < b.trace_id ? 1 : -1;
  if (a.start_time_ns.length !== b.start_time_ns.length)
    return b.start_time_ns.length - a.start_time_ns.length;
  return a.start_time_ns < b.start_time_ns ? 1 : -1;
}

export function join(known: TraceRow[], head: TraceRow[], headIsAll: boolean): Join {
  if (headIsAll) return { rows: head, fresh: freshIn(known, head), joined: true };
  const headIds = new Set(head.map((row) => row.trace_id));
  const joined = known.length === 0 || known.some((row) => headIds.has(row.trace_id));
  if (!joined) return { rows: head, fresh: head.length, joined };
  const last = head.at(-1);
  // Within the stretch the head covers, the head alone says what matches the filters.
  const below = known.filter(
    (row) => !headIds.has(row.trace_id) && last !== undefined && newestFirst(row, last) > 0,
  );
  return { rows: [...head, ...below], fresh: freshIn(known, head), joined };
}

/** The known rows with the newest facts about each, in the order they have: nothing moves. */
export function refresh(known: TraceRow[], head: TraceRow[]): TraceRow[] {
  const newest = new Map(head.map((row) => [row.trace_id, row]));
  return known.map((row) => newest.get(row.trace_id) ?? row);
}

function freshIn(known: TraceRow[], head: TraceRow[]): number {
  const ids = new Set(known.map((row) => row.trace_id));
  return head.reduce((sum, row) => (ids.has(row.trace_id) ? sum : sum + 1), 0);
}
