"""Independent OTLP clients, in every dress of the wire they have, and what the server promises each of them."""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from conftest import NewDatabase
from databases import RELATIONAL, Database
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from tracestead import FIXTURES, Tracestead, wait_until

JS_CLIENT = Path(__file__).parent / "js"
PROTOBUF = "application/x-protobuf"
JSON = "application/json"


# --- the Python SDK ---------------------------------------------------------------------------------------------


def record_spans() -> list[Span]:
    """Two spans that use all that a span can hold; in the order of their ends."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "e2e-python", "e2e.resource": 7}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("e2e-scope", "1.2.3", schema_url="https://opentelemetry.io/schemas/1.37.0")
    linked = SpanContext(trace_id=0xABC, span_id=0xDEF, is_remote=True, trace_flags=TraceFlags(1))
    with tracer.start_as_current_span("POST /chat", kind=SpanKind.SERVER) as root:
        root.set_attribute("http.route", "/chat")
        with tracer.start_as_current_span(
            "chat gpt-4o", kind=SpanKind.CLIENT, links=[Link(linked, {"e2e.why": "retry"})]
        ) as chat:
            chat.set_attributes(
                {
                    "openinference.span.kind": "LLM",
                    "llm.provider": "openai",
                    "llm.model_name": "gpt-4o",
                    "llm.token_count.prompt": 17,
                    "llm.token_count.completion": 4,
                    "e2e.bool": True,
                    "e2e.int": -(2**62),
                    "e2e.double": 0.25,
                    "e2e.list": ["a", "b"],
                    "e2e.empty": "",
                    "e2e.text": "naïve 漢字 🚀 \n tab\t",
                }
            )
            chat.add_event("first token", {"e2e.at": 1})
            chat.record_exception(ValueError("no such thing"))
            chat.set_status(Status(StatusCode.ERROR, "no such thing"))
    return list(memory.get_finished_spans())


def http_exporter(compression: Compression, face: str) -> Callable[[Tracestead], SpanExporter]:
    def make(server: Tracestead) -> SpanExporter:
        return HttpExporter(endpoint=f"{server.addresses[face]}/v1/traces", compression=compression)

    return make


def grpc_exporter(compression: grpc.Compression) -> Callable[[Tracestead], SpanExporter]:
    def make(server: Tracestead) -> SpanExporter:
        return GrpcExporter(endpoint=server.otlp_grpc, insecure=True, compression=compression)

    return make


PYTHON_EXPORTERS = {
    "http": http_exporter(Compression.NoCompression, "OTLP/HTTP"),
    "http-gzip": http_exporter(Compression.Gzip, "OTLP/HTTP"),
    "http-deflate": http_exporter(Compression.Deflate, "OTLP/HTTP"),
    "http-main-port": http_exporter(Compression.NoCompression, "page and REST"),
    "http-main-port-gzip": http_exporter(Compression.Gzip, "page and REST"),
    "grpc": grpc_exporter(grpc.Compression.NoCompression),
    "grpc-gzip": grpc_exporter(grpc.Compression.Gzip),
    "grpc-deflate": grpc_exporter(grpc.Compression.Deflate),
}


@pytest.mark.parametrize("exporter", PYTHON_EXPORTERS)
def test_python_sdk(server: Tracestead, exporter: str) -> None:
    chat, root = record_spans()
    client = PYTHON_EXPORTERS[exporter](server)
    assert client.export([chat, root]) == SpanExportResult.SUCCESS
    client.shutdown()

    trace_id = f"{root.context.trace_id:032x}"
    answer = server.get(f"/api/v1/traces/{trace_id}")
    assert [span["name"] for span in answer["spans"]] == ["POST /chat", "chat gpt-4o"]
    assert answer["trace"]["service_name"] == "e2e-python"
    check_python_root(server, trace_id, root)
    check_python_chat(server, trace_id, chat)


def check_python_root(server: Tracestead, trace_id: str, sent: Span) -> None:
    span = server.get(f"/api/v1/traces/{trace_id}/spans/{sent.context.span_id:016x}")
    assert (span["parent_span_id"], span["span_kind"], span["span_type"]) == (None, "SERVER", "OTHER")
    assert (span["status_code"], span["status_message"]) == ("UNSET", None)
    assert span["attributes"] == {"http.route": "/chat"}
    assert span["events"] == span["links"] == []


def check_python_chat(server: Tracestead, trace_id: str, sent: Span) -> None:
    span = server.get(f"/api/v1/traces/{trace_id}/spans/{sent.context.span_id:016x}")
    assert span["parent_span_id"] == f"{sent.parent.span_id:016x}"
    assert (span["span_kind"], span["span_type"]) == ("CLIENT", "LLM")
    assert (span["status_code"], span["status_message"]) == ("ERROR", "no such thing")
    assert (span["start_time_ns"], span["end_time_ns"]) == (str(sent.start_time), str(sent.end_time))
    assert span["duration_ns"] == sent.end_time - sent.start_time
    assert (span["model"], span["input_tokens"], span["output_tokens"]) == ("gpt-4o", 17, 4)

    # Whole numbers, too: JSON as Python reads it keeps 64 bits.
    expected = {key: list(value) if isinstance(value, tuple) else value for key, value in sent.attributes.items()}
    assert span["attributes"] == expected
    assert type(span["attributes"]["e2e.bool"]) is bool
    assert type(span["attributes"]["e2e.double"]) is float

    first_token, exception = span["events"]
    assert (first_token["name"], first_token["attributes"]) == ("first token", {"e2e.at": 1})
    assert first_token["time_ns"] == str(sent.events[0].timestamp)
    assert exception["attributes"] == dict(sent.events[1].attributes)
    assert span["facts"]["exception"]["type"] == "ValueError"

    (link,) = span["links"]
    assert (link["trace_id"], link["span_id"]) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    assert link["attributes"] == {"e2e.why": "retry"}
    assert span["resource"]["attributes"] == dict(sent.resource.attributes)
    assert (span["scope"]["name"], span["scope"]["version"]) == ("e2e-scope", "1.2.3")
    assert span["scope"]["schema_url"] == "https://opentelemetry.io/schemas/1.37.0"


# --- the JavaScript SDK -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def js_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("js")
    for name in ("package.json", "package-lock.json", "export.mjs"):
        shutil.copy(JS_CLIENT / name, directory)
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(install, cwd=directory, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    return directory / "export.mjs"


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_javascript_sdk(server: Tracestead, js_client: Path, compression: str) -> None:
    """It speaks JSON over HTTP."""
    command = ["node", str(js_client), server.otlp_http, compression]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    ids = json.loads(done.stdout)

    answer = server.get(f"/api/v1/traces/{ids['trace_id']}")
    assert [span["span_id"] for span in answer["spans"]] == [ids["root_id"], ids["chat_id"]]
    assert [span["span_type"] for span in answer["spans"]] == ["AGENT", "LLM"]
    trace = answer["trace"]
    assert (trace["service_name"], trace["status"], trace["total_tokens"]) == ("e2e-js", "ERROR", 21)
    assert (trace["agent_id"], trace["session_id"]) == ("js-agent", "js-session")

    chat = server.get(f"/api/v1/traces/{ids['trace_id']}/spans/{ids['chat_id']}")
    assert chat["span_kind"] == "CLIENT"
    assert chat["attributes"]["e2e.double"] == 0.25
    assert chat["attributes"]["e2e.list"] == ["a", "b"]
    assert chat["attributes"]["e2e.text"] == "naïve 漢字 🚀"
    assert chat["facts"]["exception"]["message"] == "no such thing"
    assert chat["scope"]["name"] == "e2e-js-scope"


# --- curl -------------------------------------------------------------------------------------------------------

# As a person types it: ids in capitals, an integer unquoted, no scope, no end of the line.
CURL_BODY = """
{"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "e2e-curl"}}]},
  "scopeSpans": [{"spans": [{
    "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "name": "hello", "kind": 3,
    "startTimeUnixNano": "1795221481206258163", "endTimeUnixNano": 1795221482475865000,
    "attributes": [{"key": "n", "value": {"intValue": 7}}, {"key": "m", "value": {"intValue": "8"}}]}]}]}]}
"""
CURL_TRACE = "5b8efff798038103d269b633813fc60c"


@pytest.mark.parametrize("face", ["OTLP/HTTP", "page and REST"])
@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8"])
def test_curl(server: Tracestead, face: str, content_type: str) -> None:
    command = ["curl", "-sS", "-D", "-", "-H", f"Content-Type: {content_type}", "--data-binary", CURL_BODY]
    done = subprocess.run(
        [*command, f"{server.addresses[face]}/v1/traces"], capture_output=True, text=True, timeout=30, check=True
    )
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    assert head.splitlines()[0].split()[1] == "200"
    assert "content-type: application/json" in head.lower()
    assert json.loads(body).get("partialSuccess") in (None, {})

    (span,) = server.get(f"/api/v1/traces/{CURL_TRACE}")["spans"]
    assert (span["name"], span["span_id"], span["span_kind"]) == ("hello", "eee19b7ec3c1b174", "CLIENT")
    assert span["duration_ns"] == 1795221482475865000 - 1795221481206258163
    whole = server.get(f"/api/v1/traces/{CURL_TRACE}/spans/{span['span_id']}")
    assert whole["attributes"] == {"n": 7, "m": 8}


# --- captured requests ------------------------------------------------------------------------------------------


def trace_fixtures(pattern: str) -> list[Path]:
    found = sorted((FIXTURES).glob(pattern))
    # Log records are not spans.
    return [path for path in found if ".logs." not in path.name]


def in_both_encodings() -> list[Path]:
    """The captures that were kept as protobuf and as JSON, by their protobuf."""
    found = [path for path in trace_fixtures("*/*.otlp.pb") if path.with_suffix(".json").exists()]
    assert len(found) > 40
    return found


def ids_in(fixture: Path) -> set[tuple[str, str]]:
    return ids_in_request(ExportTraceServiceRequest.FromString(fixture.read_bytes()))


def ids_in_request(request: ExportTraceServiceRequest) -> set[tuple[str, str]]:
    return {
        (span.trace_id.hex(), span.span_id.hex())
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }


def stored_ids(server: Tracestead) -> list[tuple[str, str]]:
    rows = server.sql("SELECT trace_id, span_id FROM agno_spans ORDER BY trace_id, span_id")
    return [(row["trace_id"], row["span_id"]) for row in rows]


@pytest.fixture(params=RELATIONAL)
def database(request: pytest.FixtureRequest, make_database: NewDatabase, tmp_path: Path) -> Iterator[Database]:
    """An empty one of each engine whose tables are Agno's."""
    with make_database(request.param, tmp_path) as made:
        yield made


def test_every_capture_is_stored_once(binary: Path, tmp_path: Path, database: Database) -> None:
    """Every framework's real request, sent three times in two encodings: each span is there, once."""
    with Tracestead(binary, tmp_path, database) as server:
        check_every_capture(server)


def check_every_capture(server: Tracestead) -> None:
    expected: set[tuple[str, str]] = set()
    for fixture in trace_fixtures("*/*.otlp.pb"):
        expected |= ids_in(fixture)
        server.ingest_fixture(fixture)
    assert stored_ids(server) == sorted(expected)
    rows = server.sql("SELECT * FROM agno_spans ORDER BY trace_id, span_id")
    listed = server.get("/api/v1/traces", limit=200)

    for fixture in trace_fixtures("*/*.otlp.pb"):
        server.ingest_fixture(fixture)
    for fixture in in_both_encodings():
        server.ingest_fixture(fixture.with_suffix(".json"))
    assert server.sql("SELECT * FROM agno_spans ORDER BY trace_id, span_id") == rows
    assert server.get("/api/v1/traces", limit=200) == listed


def test_json_and_protobuf_are_one(binary: Path, tmp_path: Path) -> None:
    """The same capture in both encodings, in two databases, gives the same rows."""
    answers = []
    for kind in ("pb", "json"):
        directory = tmp_path / kind
        directory.mkdir()
        with Tracestead(binary, directory) as server:
            for fixture in in_both_encodings():
                server.ingest_fixture(fixture.with_suffix(f".{kind}"))
            rows = server.sql("SELECT * FROM agno_spans ORDER BY trace_id, span_id")
            answers.append([{key: value for key, value in row.items() if key != "created_at"} for row in rows])
    assert len(answers[0]) == len(answers[1])
    for protobuf, json_row in zip(*answers, strict=True):
        assert protobuf == json_row


# --- what the server promises -----------------------------------------------------------------------------------

SIMPLE = FIXTURES / "agno" / "simple_agent.otlp.pb"


def test_acknowledged_is_on_disk(binary: Path, tmp_path: Path, database: Database) -> None:
    """Killed right after it answered, it has everything when it comes back."""
    server = Tracestead(binary, tmp_path, database)
    expected: set[tuple[str, str]] = set()
    for fixture in trace_fixtures("agno/*_agent.otlp.pb"):
        server.start()
        server.ingest_fixture(fixture)
        server.kill()
        expected |= ids_in(fixture)
    with server:
        assert stored_ids(server) == sorted(expected)
        summaries = server.get("/api/v1/traces", limit=200)["data"]
        assert sum(trace["span_count"] for trace in summaries) == len(expected)


def test_answers_speak_the_encoding_of_the_request(server: Tracestead) -> None:
    response = server.post_otlp(SIMPLE.read_bytes())
    assert response.headers["Content-Type"] == PROTOBUF
    assert not ExportTraceServiceResponse.FromString(response.content).HasField("partial_success")

    response = server.post_otlp(SIMPLE.with_suffix(".json").read_bytes(), JSON)
    assert response.headers["Content-Type"].split(";")[0] == JSON


@pytest.mark.parametrize(
    ("name", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
    ids=["gzip", "deflate", "identity"],
)
@pytest.mark.parametrize("kind", ["pb", "json"])
def test_content_encodings(server: Tracestead, name: str, encode: Callable[[bytes], bytes], kind: str) -> None:
    body = encode(SIMPLE.with_suffix(f".{kind}").read_bytes())
    response = server.post_otlp(body, PROTOBUF if kind == "pb" else JSON, **{"Content-Encoding": name})
    assert response.status_code == 200, response.text
    assert stored_ids(server) == sorted(ids_in(SIMPLE))


def test_nothing_is_fine(server: Tracestead) -> None:
    assert server.post_otlp(b"").status_code == 200
    assert server.post_otlp(b"{}", JSON).status_code == 200
    assert stored_ids(server) == []


@pytest.mark.parametrize(
    ("body", "content_type", "encoding", "status"),
    [
        (b"\xff\xff\xff\xff", PROTOBUF, "identity", 400),
        (b"not json", JSON, "identity", 400),
        (b'{"resourceSpans": [{"scopeSpans": [', JSON, "identity", 400),
        (b"not gzip", PROTOBUF, "gzip", 400),
        (b"hello", "text/plain", "identity", 415),
        (b"hello", PROTOBUF, "br", 415),
    ],
)
def test_bad_requests(server: Tracestead, body: bytes, content_type: str, encoding: str, status: int) -> None:
    """Refused for what they are, and the server goes on."""
    response = server.post_otlp(body, content_type, **{"Content-Encoding": encoding})
    assert response.status_code == status, response.text
    server.ingest_fixture(SIMPLE)
    assert stored_ids(server) == sorted(ids_in(SIMPLE))


def test_get_is_not_post(server: Tracestead) -> None:
    assert httpx.get(f"{server.otlp_http}/v1/traces").status_code == 405


def request_with_one_bad_span() -> ExportTraceServiceRequest:
    """A real request in which one span has an id of three bytes."""
    request = ExportTraceServiceRequest.FromString(SIMPLE.read_bytes())
    spans = request.resource_spans[0].scope_spans[0].spans
    spans.add().CopyFrom(spans[0])
    spans[-1].span_id = b"bad"
    return request


def test_a_bad_span_is_refused_alone(server: Tracestead) -> None:
    response = server.post_otlp(request_with_one_bad_span().SerializeToString())
    assert response.status_code == 200
    partial = ExportTraceServiceResponse.FromString(response.content).partial_success
    assert partial.rejected_spans == 1
    assert partial.error_message
    assert stored_ids(server) == sorted(ids_in(SIMPLE))


def test_a_bad_span_is_refused_alone_over_grpc(server: Tracestead) -> None:
    with grpc.insecure_channel(server.otlp_grpc.removeprefix("http://")) as channel:
        answer = TraceServiceStub(channel).Export(request_with_one_bad_span(), timeout=30)
    assert answer.partial_success.rejected_spans == 1
    assert stored_ids(server) == sorted(ids_in(SIMPLE))


def test_sigterm_under_load(server: Tracestead) -> None:
    """It stops in time, ends well, and what it acknowledged until then is stored."""
    acknowledged: set[tuple[str, str]] = set()
    refusals: list[int] = []

    def send_until_refused() -> None:
        for fixture in itertools.cycle(trace_fixtures("agno/*.otlp.pb")):
            try:
                response = server.post_otlp(fixture.read_bytes())
            except httpx.TransportError:
                return
            if response.status_code != 200:
                refusals.append(response.status_code)
                return
            acknowledged.update(ids_in(fixture))

    senders = [threading.Thread(target=send_until_refused) for _ in range(3)]
    for sender in senders:
        sender.start()
    wait_until(lambda: acknowledged, "a first answer")
    server.stop()
    for sender in senders:
        sender.join()
    assert set(refusals) <= {503}
    assert acknowledged <= set(stored_ids(server))
