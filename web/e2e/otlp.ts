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
  error?: { type: string; message: string; stack: string };
}

export const traceId = () => randomBytes(16).toString("hex");
export const spanId = () => randomBytes(8).toString("hex");

export async function send(base: string, spans: Span[]): Promise<void> {
  for (let at = 0; at < spans.length; at += 2000) {
    const response = await fetch(`${base}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request(spans.slice(at, at + 2000))),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`the server refused the spans: ${response.status} ${answer}`);
    const rejected = JSON.parse(answer || "{}").partialSuccess?.rejectedSpans ?? 0;
    if (Number(rejected) > 0) throw new Error(`the server rejected spans: ${answer}`);
  }
}

function request(spans: Span[]) {
  return {
    resourceSpans: [
      {
        resource: { attributes: [attribute("service.name", "research-api")] },
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
    events: span.error
      ? [
          {
            name: "exception",
            timeUnixNano: nano(span.endMs),
            attributes: [
              attribute("exception.type", span.error.type),
              attribute("exception.message", span.error.message),
              attribute("exception.stacktrace", span.error.stack),
            ],
          },
        ]
      : [],
  };
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
