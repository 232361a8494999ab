/** Nothing was ever received: the lines to paste, with this server's addresses in them. */
import { useQuery } from "@tanstack/react-query";
import { getInfo, type Info } from "../api";
import { Snippet } from "../ui/Snippet";
import styles from "./EmptyDatabase.module.css";

export function EmptyDatabase({ live }: { live: boolean }) {
  const info = useQuery({ queryKey: ["info"], queryFn: ({ signal }) => getInfo(signal), staleTime: 300_000 });
  const page = window.location.origin;
  // The port of the page takes OTLP too.
  const http = otlpOrigin(info.data, "otlp_http", "4318") ?? page;
  const grpc = otlpOrigin(info.data, "otlp_grpc", "4317");

  return (
    <div className={styles.empty}>
      <h2>No traces yet</h2>
      <p className="muted">
        This database is empty. Send one trace{" "}
        {live ? "and it appears here by itself." : "and reload, or turn Live on to see it appear by itself."}
      </p>

      <h3>Agno</h3>
      <p className="muted">The one line, where the agent runs:</p>
      <Snippet what="the line for Agno" text={`export OTEL_EXPORTER_OTLP_ENDPOINT=${http}`} />
      <p className="muted">Or in the program, without any variable:</p>
      <Snippet what="the Python for Agno" text={agnoPython(page)} />

      <h3>Any OpenTelemetry exporter</h3>
      <div className={styles.pair}>
        <div>
          <p className="muted">OTLP over HTTP</p>
          <Snippet
            what="the variables for HTTP"
            text={`export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nexport OTEL_EXPORTER_OTLP_ENDPOINT=${http}`}
          />
        </div>
        <div>
          <p className="muted">OTLP over gRPC</p>
          {grpc === null ? (
            <p className="muted">This server does not listen for gRPC.</p>
          ) : (
            <Snippet
              what="the variables for gRPC"
              text={`export OTEL_EXPORTER_OTLP_PROTOCOL=grpc\nexport OTEL_EXPORTER_OTLP_ENDPOINT=${grpc}`}
            />
          )}
        </div>
      </div>

      <h3>A first trace by hand</h3>
      <Snippet what="the curl example" text={curl(page)} />
    </div>
  );
}

/** Where OTLP is heard. A wildcard host is this page's host; null when the server does not listen there. */
function otlpOrigin(info: Info | undefined, face: "otlp_http" | "otlp_grpc", port: string): string | null {
  const { protocol, hostname } = window.location;
  if (info === undefined) return `${protocol}//${hostname}:${port}`;
  const listener = info.listeners.find((each) => each.face === face);
  if (listener === undefined) return null;
  return listener.url.replace(/\/$/, "").replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:)/, `//${hostname}`);
}

function agnoPython(origin: string): string {
  return `# pip install agno openinference-instrumentation-agno opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
from openinference.instrumentation.agno import AgnoInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

tracer_provider = TracerProvider()
exporter = OTLPSpanExporter(endpoint="${origin}/v1/traces")
tracer_provider.add_span_processor(BatchSpanProcessor(exporter))
AgnoInstrumentor().instrument(tracer_provider=tracer_provider)`;
}

function curl(origin: string): string {
  return `curl ${origin}/v1/traces -H 'content-type: application/json' -d '{"resourceSpans": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "by-hand"}}]},
  "scopeSpans": [{"scope": {"name": "curl"}, "spans": [{
    "traceId": "'$(openssl rand -hex 16)'", "spanId": "'$(openssl rand -hex 8)'",
    "name": "hello", "kind": 1,
    "startTimeUnixNano": "'$(date +%s)000000000'", "endTimeUnixNano": "'$(date +%s)250000000'",
    "attributes": [{"key": "input.value", "value": {"stringValue": "Hello from curl"}}]
  }]}]}]}'`;
}
