/**
 * The server's JSON under `/api/v1`, as `docs/rest.md` describes it, and the four calls the page makes.
 * Times are decimal strings of nanoseconds, because a JavaScript number cannot hold them.
 */

export const SPAN_TYPES = [
  "AGENT",
  "TEAM",
  "WORKFLOW",
  "STEP",
  "LLM",
  "TOOL",
  "RETRIEVER",
  "EMBEDDING",
  "RERANKER",
  "GUARDRAIL",
  "HOOK",
  "EVALUATOR",
  "CHAIN",
  "OTHER",
] as const;
export type SpanType = (typeof SPAN_TYPES)[number];
export type TraceStatus = "OK" | "ERROR";

export interface TraceRow {
  trace_id: string;
  name: string;
  status: string;
  start_time_ns: string;
  end_time_ns: string | null;
  duration_ns: number | null;
  span_count: number;
  error_span_count: number;
  root_span_id: string | null;
  root_type: SpanType | null;
  input_preview: string | null;
  output_preview: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  total_tokens: number | null;
  cost_nano_usd: number | null;
  /** Model calls of unknown cost: with one or more, the cost is only a part of the truth. */
  unpriced_call_count: number;
  models: string[];
  service_name: string | null;
  environment: string | null;
  release: string | null;
  tags: string[];
  has_agent_spans: boolean;
  run_id: string | null;
  session_id: string | null;
  user_id: string | null;
  agent_id: string | null;
  agent_name: string | null;
  team_id: string | null;
  team_name: string | null;
  workflow_id: string | null;
  workflow_name: string | null;
}

export interface TracePage {
  data: TraceRow[];
  next_cursor: string | null;
}

export interface SpanFields {
  span_id: string;
  parent_span_id: string | null;
  name: string;
  span_kind: string;
  span_type: SpanType;
  /** What told the type, such as `openinference.span.kind=AGENT`. */
  span_type_source: string | null;
  status_code: string;
  status_message: string | null;
  start_time_ns: string;
  end_time_ns: string | null;
  duration_ns: number | null;
  /** `_OTHER` for a failure of which nobody said more. */
  error_type: string | null;
  agent_id: string | null;
  agent_name: string | null;
  team_id: string | null;
  team_name: string | null;
  workflow_id: string | null;
  workflow_name: string | null;
  model: string | null;
  response_model: string | null;
  response_id: string | null;
  provider: string | null;
  tool_name: string | null;
  finish_reason: string | null;
  ttft_ns: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  reasoning_tokens: number | null;
  total_tokens: number | null;
  cost_nano_usd: number | null;
  /** `reported`, `config` or `genai-prices`. */
  cost_source: string | null;
  /** Of a model call without a cost: `no_usage`, `no_model`, `unknown_provider`, `unknown_model` or `invalid_usage`. */
  cost_missing: string | null;
  agg_input_tokens: number | null;
  agg_output_tokens: number | null;
}

export interface SpanRow extends SpanFields {
  depth: number;
  orphan: boolean;
}

export interface TraceTree {
  trace: TraceRow;
  spans: SpanRow[];
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Attributes = Record<string, Json>;

export interface SpanEvent {
  name: string;
  time_ns: string;
  attributes: Attributes;
  dropped_attributes_count: number;
}

export interface SpanLink {
  trace_id: string;
  span_id: string;
  trace_state: string;
  flags: number;
  attributes: Attributes;
}

export interface Payload {
  value: Json;
  mime_type: string | null;
}

/** A part of a type not named in `docs/rest.md` is passed through as it came, so every field may be absent. */
export interface MessagePart {
  type: string;
  content?: Json;
  id?: string | null;
  name?: string | null;
  arguments?: Json;
  response?: Json;
  modality?: string | null;
  mime_type?: string | null;
  uri?: string | null;
  size_bytes?: number | null;
}

export interface Message {
  role: string;
  name: string | null;
  parts: MessagePart[];
  finish_reason: string | null;
}

export interface RetrievedDocument {
  id: string | null;
  content: Json;
  score: number | null;
  metadata: Json;
}

export interface Retrieval {
  query: Json;
  /** How many documents were asked for. */
  k: number | null;
  store: string | null;
  documents: RetrievedDocument[];
}

export interface Embedding {
  texts: string[];
  count: number;
  dimensions: number | null;
}

export interface Score {
  /** What is judged: `span`, `trace` or `session`. */
  scope: string;
  name: string;
  value: number | null;
  label: string | null;
  explanation: string | null;
  /** `HUMAN`, `LLM` or `CODE`. */
  source: string | null;
  identifier: string | null;
}

export interface SpanFacts {
  input: Payload | null;
  output: Payload | null;
  system_prompt: string | null;
  input_messages: Message[];
  output_messages: Message[];
  tools: { name: string | null; description: string | null; parameters: Json }[];
  /** Under their standard names, whatever the framework calls them. */
  parameters: Attributes;
  /** As the framework sent them. */
  invocation_parameters: Json;
  tool: {
    name: string | null;
    description: string | null;
    type: string | null;
    call_id: string | null;
    parameters: Json;
    arguments: Json;
    result: Json;
  } | null;
  retrieval: Retrieval | null;
  embedding: Embedding | null;
  guardrail?: { triggered: boolean | null } | null;
  scores: Score[];
  metadata: Attributes;
  exception: { type: string | null; message: string | null; stacktrace: string | null } | null;
}

export interface SpanDetail extends SpanFields {
  trace_id: string;
  run_id: string | null;
  session_id: string | null;
  user_id: string | null;
  attributes: Attributes;
  events: SpanEvent[];
  links: SpanLink[];
  resource: { attributes: Attributes; schema_url: string } | null;
  scope: { name: string; version: string; attributes: Attributes; schema_url: string } | null;
  trace_state: string;
  flags: number;
  dropped_attributes_count: number;
  dropped_events_count: number;
  dropped_links_count: number;
  facts: SpanFacts;
}

export interface Info {
  version: string;
  database: string;
  /** `face` is `http`, `otlp_http` or `otlp_grpc`; what is off is not listed. */
  listeners: { face: string; url: string }[];
}

export interface Facets {
  agents: string[];
  teams: string[];
  workflows: string[];
}

export interface TraceQuery {
  limit?: number;
  cursor?: string;
  status?: TraceStatus;
  user_id?: string;
  session_id?: string;
  agent_id?: string;
  team_id?: string;
  workflow_id?: string;
  run_id?: string;
  name?: string;
  start_time?: string;
  end_time?: string;
  agent_only?: boolean;
}

/** A refusal of the server (`status` > 0) or no answer at all (`status` 0). */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function listTraces(query: TraceQuery, signal?: AbortSignal): Promise<TracePage> {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== "" && value !== false) params.set(key, String(value));
  }
  return get(`/api/v1/traces?${params}`, signal);
}

export function getTrace(traceId: string, signal?: AbortSignal): Promise<TraceTree> {
  return get(`/api/v1/traces/${encodeURIComponent(traceId)}`, signal);
}

export function getSpan(traceId: string, spanId: string, signal?: AbortSignal): Promise<SpanDetail> {
  return get(`/api/v1/traces/${encodeURIComponent(traceId)}/spans/${encodeURIComponent(spanId)}`, signal);
}

export function getFacets(signal?: AbortSignal): Promise<Facets> {
  return get("/api/v1/facets", signal);
}

export function getInfo(signal?: AbortSignal): Promise<Info> {
  return get("/info", signal);
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { signal, headers: { accept: "application/json" } });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "no answer from the server");
  }
  const body = await response.text();
  if (!response.ok) throw new ApiError(response.status, refusal(body) ?? response.statusText);
  try {
    return JSON.parse(body) as T;
  } catch {
    throw new ApiError(response.status, "the answer is not JSON: is something else listening here?");
  }
}

function refusal(body: string): string | null {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    if (detail === undefined) return null;
    return typeof detail === "string" ? detail : JSON.stringify(detail);
  } catch {
    return body.length > 0 && body.length < 300 ? body : null;
  }
}
