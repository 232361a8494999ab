/** What the address bar may say, checked. The URL is the state of the page. */
import type { TraceQuery, TraceStatus } from "./api";

export const RANGES = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

const RANGE_SECONDS: Record<Range, number> = {
  "15m": 900,
  "1h": 3600,
  "6h": 21_600,
  "24h": 86_400,
  "7d": 604_800,
  "30d": 2_592_000,
};

export interface ListSearch {
  status?: TraceStatus;
  agent_id?: string;
  team_id?: string;
  workflow_id?: string;
  user_id?: string;
  session_id?: string;
  run_id?: string;
  name?: string;
  /** Relative to now; `from` and `to` win over it. */
  range?: Range;
  from?: string;
  to?: string;
  agent_only?: "true";
  /** Live is on unless the address says so. */
  live?: "off";
}

export const TABS = ["content", "attributes", "events", "raw"] as const;
export type Tab = (typeof TABS)[number];

export interface TraceSearch {
  span?: string;
  tab?: Tab;
}

const TEXT_KEYS = [
  "agent_id",
  "team_id",
  "workflow_id",
  "user_id",
  "session_id",
  "run_id",
  "name",
] as const satisfies (keyof ListSearch)[];

export function readListSearch(raw: Record<string, unknown>): ListSearch {
  const search: ListSearch = {};
  for (const key of TEXT_KEYS) {
    const value = text(raw[key]);
    if (value !== undefined) search[key] = value;
  }
  const status = text(raw.status)?.toUpperCase();
  if (status === "OK" || status === "ERROR") search.status = status;
  const from = instant(raw.from);
  const to = instant(raw.to);
  if (from !== undefined) search.from = from;
  if (to !== undefined) search.to = to;
  const range = text(raw.range);
  if (from === undefined && to === undefined && isRange(range)) search.range = range;
  if (text(raw.agent_only) === "true") search.agent_only = "true";
  if (text(raw.live) === "off") search.live = "off";
  return search;
}

export function readTraceSearch(raw: Record<string, unknown>): TraceSearch {
  const search: TraceSearch = {};
  const span = text(raw.span);
  if (span !== undefined) search.span = span;
  const tab = text(raw.tab) as Tab | undefined;
  if (tab !== undefined && TABS.includes(tab) && tab !== "content") search.tab = tab;
  return search;
}

/** Everything that narrows the list; `live` does not. */
export function filtersOf(search: ListSearch): Omit<ListSearch, "live"> {
  const { live: _live, ...filters } = search;
  return filters;
}

export function hasFilters(search: ListSearch): boolean {
  return Object.keys(filtersOf(search)).length > 0;
}

/** The server's query for a search, with a relative range counted from `nowMs`. */
export function toQuery(search: ListSearch, nowMs: number): TraceQuery {
  const { live: _live, range, from, to, agent_only, ...same } = search;
  const query: TraceQuery = { ...same };
  if (range !== undefined) query.start_time = new Date(nowMs - RANGE_SECONDS[range] * 1000).toISOString();
  if (from !== undefined) query.start_time = from;
  if (to !== undefined) query.end_time = to;
  if (agent_only !== undefined) query.agent_only = true;
  return query;
}

/** The router's own reader would turn `user_id=1e3` into a number, so values stay text both ways. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function writeSearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") params.set(key, String(value));
  }
  const written = params.toString();
  return written === "" ? "" : `?${written}`;
}

function text(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const trimmed = value.trim();
  return trimmed === "" ? undefined : trimmed;
}

function instant(value: unknown): string | undefined {
  const given = text(value);
  if (given === undefined) return undefined;
  const ms = Date.parse(given);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

function isRange(value: string | undefined): value is Range {
  return value !== undefined && (RANGES as readonly string[]).includes(value);
}
