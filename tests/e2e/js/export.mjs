// Exports one trace by the JavaScript SDK over OTLP/HTTP with JSON: node export.mjs ENDPOINT none|gzip
// Prints the ids that it gave, so that the test can ask for them.
import { SpanKind, SpanStatusCode, trace, context } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const [endpoint, compression] = process.argv.slice(2);

let failure = null;
const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, compression });
const send = exporter.export.bind(exporter);
exporter.export = (spans, done) =>
  send(spans, (result) => {
    failure = result.error ?? failure;
    done(result);
  });

const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ "service.name": "e2e-js" }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
const tracer = provider.getTracer("e2e-js-scope", "1.2.3");

const root = tracer.startSpan("invoke_agent js", {
  kind: SpanKind.SERVER,
  attributes: {
    "openinference.span.kind": "AGENT",
    "agent_id": "js-agent",
    "agent.name": "js",
    "session.id": "js-session",
  },
});
const inRoot = trace.setSpan(context.active(), root);
const chat = tracer.startSpan(
  "chat gpt-4o",
  {
    kind: SpanKind.CLIENT,
    attributes: {
      "openinference.span.kind": "LLM",
      "llm.provider": "openai",
      "llm.model_name": "gpt-4o",
      "llm.token_count.prompt": 17,
      "llm.token_count.completion": 4,
      "e2e.double": 0.25,
      "e2e.list": ["a", "b"],
      "e2e.text": "naïve 漢字 🚀",
    },
  },
  inRoot,
);
chat.recordException(new TypeError("no such thing"));
chat.setStatus({ code: SpanStatusCode.ERROR, message: "no such thing" });
chat.end();
root.end();
await provider.forceFlush();
await provider.shutdown();
if (failure) throw failure;

const { traceId, spanId } = chat.spanContext();
console.log(JSON.stringify({ trace_id: traceId, root_id: root.spanContext().spanId, chat_id: spanId }));
