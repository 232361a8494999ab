/** OTLP/JSON as an exporter would send it, for the tests. */
import { randomBytes } from "node:crypto";

type Scalar = string | number | boolean | string[];

export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startMs: number;
  endMs: number;
  kind?: string;
  attributes?: Record<string, Scalar>;
  events?: { name: string; attributes: Record<string, Scalar> }[];
  error?: { type: string; message: string; stack: string };
}

export const traceId = () => randomBytes(16).toString("hex");
export const spanId = () => randomBytes(8).toString("hex");

/** `resource` says more of the program that sends, as `service.version` does. */
export async function send(
  base: string,
  spans: Span[],
  resource: Record<string, Scalar> = {},
): Promise<void> {
  for (let at = 0; at < spans.length; at += 2000) {
    const response = await fetch(`${base}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request(spans.slice(at, at + 2000), resource)),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`the server refused the spans: ${response.status} ${answer}`);
    const rejected = JSON.parse(answer || "{}").partialSuccess?.rejectedSpans ?? 0;
    if (Number(rejected) > 0) throw new Error(`the server rejected spans: ${answer}`);
  }
}

function request(spans: Span[], resource: Record<string, Scalar>) {
  const about = Object.entries({ "service.name": "research-api", ...resource });
  return {
    resourceSpans: [
      {
        resource: { attributes: about.map(([key, value]) => attribute(key, value)) },
        scopeSpans: [
          {
            scope: { name: "openinference.instrumentation.agno", version: "1.0.15" },
            spans: spans.map(wire),
          },
        ],
      },
    ],
  };
}

function wire(span: Span) {
  const attributes = { ...(span.kind ? { "openinference.span.kind": span.kind } : {}), ...span.attributes };
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId ? { parentSpanId: span.parentSpanId } : {}),
    name: span.name,
    kind: 1,
    startTimeUnixNano: nano(span.startMs),
    endTimeUnixNano: nano(span.endMs),
    attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    status: span.error ? { code: 2, message: span.error.message } : { code: 1 },
    events: eventsOf(span).map((event) => ({
      name: event.name,
      timeUnixNano: nano(span.endMs),
      attributes: Object.entries(event.attributes).map(([key, value]) => attribute(key, value)),
    })),
  };
}

function eventsOf(span: Span) {
  const { error, events = [] } = span;
  if (error === undefined) return events;
  const attributes = {
    "exception.type": error.type,
    "exception.message": error.message,
    "exception.stacktrace": error.stack,
  };
  return [...events, { name: "exception", attributes }];
}

function nano(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

function attribute(key: string, value: Scalar) {
  if (Array.isArray(value)) {
    return { key, value: { arrayValue: { values: value.map((each) => ({ stringValue: each })) } } };
  }
  if (typeof value === "string") return { key, value: { stringValue: value } };
  if (typeof value === "boolean") return { key, value: { boolValue: value } };
  return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
}
