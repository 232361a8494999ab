"""The database is killed and started again under ingest: exporters see 503 and recover, and what was acknowledged is there.

Each server is one of the test's own, with the durability that its users have, and the tables are in the schema that ours
takes by itself.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from databases import DEFAULT_SCHEMA, Database, MySqlDatabase, PostgresDatabase
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from servers import MariaDb, Postgres, Server
from test_otlp_clients import SIMPLE, ids_in_request, record_spans, stored_ids
from tracestead import PLAIN_HTTP, Tracestead, wait_until

SENDERS = 3
KILLS = 3
# What an exporter waits at most before it tries again; real ones wait for seconds, and have them.
PATIENCE_SECONDS = 0.1
RECOVERY_SECONDS = 60
# Enough commits that a kill hits one of them on its way.
ACKNOWLEDGED_BETWEEN = 40


@dataclass(frozen=True)
class Outage:
    """A server of ours on a database server that can be killed."""

    tracestead: Tracestead
    server: Server


@contextmanager
def on_a_server_of_its_own(kind: type[Server]) -> Iterator[tuple[Server, Database]]:
    with kind(durable=True) as server:
        if kind is Postgres:
            yield server, PostgresDatabase(server.url, "traces")
        else:
            yield server, MySqlDatabase(server.url, DEFAULT_SCHEMA)


@pytest.fixture(params=[Postgres, MariaDb], ids=["postgres", "mariadb"])
def outage(request: pytest.FixtureRequest, binary: Path, tmp_path: Path) -> Iterator[Outage]:
    with on_a_server_of_its_own(request.param) as (server, database):
        with Tracestead(binary, tmp_path, database) as tracestead:
            yield Outage(tracestead, server)


def fresh_request(numbers: random.Random) -> ExportTraceServiceRequest:
    """A real request as a trace that nobody has sent before."""
    request = ExportTraceServiceRequest.FromString(SIMPLE.read_bytes())
    spans = [span for part in request.resource_spans for scope in part.scope_spans for span in scope.spans]
    trace_ids = {span.trace_id: numbers.randbytes(16) for span in spans}
    span_ids = {span.span_id: numbers.randbytes(8) for span in spans}
    for span in spans:
        span.trace_id = trace_ids[span.trace_id]
        span.span_id = span_ids[span.span_id]
        span.parent_span_id = span_ids.get(span.parent_span_id, b"")
    return request


@dataclass
class Exporters:
    """Threads that send requests one after the other, each until it is acknowledged, as exporters do."""

    address: str
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    refusals: int = 0
    failures: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(seed,)) for seed in range(SENDERS)]

    def __enter__(self) -> Exporters:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert self.failures == []

    def wait_for_more(self, count: int) -> None:
        """Returns when so many more spans were acknowledged."""
        enough = len(self.acknowledged) + count
        wait_until(lambda: self.failures or len(self.acknowledged) >= enough, "more answers", RECOVERY_SECONDS)
        assert self.failures == []

    def wait_for_refusals(self) -> None:
        """Returns when every sender has been told to come back."""
        enough = self.refusals + SENDERS
        wait_until(lambda: self.failures or self.refusals >= enough, "refusals", RECOVERY_SECONDS)
        assert self.failures == []

    def _run(self, seed: int) -> None:
        numbers = random.Random(seed)
        try:
            with httpx.Client(timeout=RECOVERY_SECONDS) as client:
                while not self._stop.is_set():
                    self._deliver(client, fresh_request(numbers))
        except BaseException as failure:
            self.failures.append(failure)

    def _deliver(self, client: httpx.Client, request: ExportTraceServiceRequest) -> None:
        """Sends it until it is acknowledged, also after we are told to stop: an exporter flushes at its end."""
        headers = {"Content-Type": "application/x-protobuf"}
        deadline = time.monotonic() + RECOVERY_SECONDS
        while True:
            answer = client.post(f"{self.address}/v1/traces", content=request.SerializeToString(), headers=headers)
            if answer.status_code == 200:
                self.acknowledged |= ids_in_request(request)
                return
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) > 0
            assert time.monotonic() < deadline, "the database is back, and still nothing is taken"
            self.refusals += 1
            # Not the stop: whoever was told to come back does so.
            threading.Event().wait(PATIENCE_SECONDS)


def test_no_acknowledged_span_is_lost(outage: Outage) -> None:
    tracestead = outage.tracestead
    with Exporters(tracestead.otlp_http) as exporters:
        for _ in range(KILLS):
            exporters.wait_for_more(ACKNOWLEDGED_BETWEEN)
            outage.server.kill()
            exporters.wait_for_refusals()
            outage.server.restart()
        exporters.wait_for_more(ACKNOWLEDGED_BETWEEN)

    # Each of them was acknowledged in the end, and there is nothing else.
    assert stored_ids(tracestead) == sorted(exporters.acknowledged)
    listed = {row["trace_id"]: row["span_count"] for row in tracestead.sql("SELECT trace_id, span_count FROM agno_traces")}
    counts: dict[str, int] = {}
    for trace_id, _ in exporters.acknowledged:
        counts[trace_id] = counts.get(trace_id, 0) + 1
    assert listed == counts
    assert tracestead.database.complaints() == []
    # And ours has not noticed more than that: it still answers and ends well.
    assert tracestead.get("/traces")["meta"]["total_count"] == len(counts)
    tracestead.stop()


def test_both_killed_at_once(outage: Outage) -> None:
    """Ours dies with the database: what was acknowledged is there when both are back."""
    tracestead = outage.tracestead
    acknowledged: set[tuple[str, str]] = set()
    numbers = random.Random(7)
    for _ in range(KILLS):
        request = fresh_request(numbers)
        answer = tracestead.post_otlp(request.SerializeToString())
        assert answer.status_code == 200, answer.text
        acknowledged |= ids_in_request(request)
        outage.server.kill()
        tracestead.kill()
        outage.server.restart()
        tracestead.start()
    assert stored_ids(tracestead) == sorted(acknowledged)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_the_exporters_of_the_sdk_recover(outage: Outage, protocol: str) -> None:
    """They are told to come back, come back by themselves, and say that all went well."""
    tracestead = outage.tracestead
    exporter: SpanExporter = (
        HttpExporter(endpoint=f"{tracestead.otlp_http}/v1/traces", timeout=RECOVERY_SECONDS)
        if protocol == "http"
        else GrpcExporter(endpoint=tracestead.otlp_grpc, insecure=True, timeout=RECOVERY_SECONDS)
    )
    spans = record_spans()
    outage.server.kill()
    results: list[SpanExportResult] = []
    sender = threading.Thread(target=lambda: results.append(exporter.export(spans)))
    sender.start()
    try:
        wait_until(lambda: refusals(tracestead) > 0, "a refusal", RECOVERY_SECONDS)
        assert results == []
    finally:
        outage.server.restart()
        sender.join()
    exporter.shutdown()
    assert results == [SpanExportResult.SUCCESS]
    expected = sorted((f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}") for span in spans)
    assert stored_ids(tracestead) == expected


def refusals(tracestead: Tracestead) -> float:
    """How many exports were told to come back, by our own figures."""
    figures = httpx.get(f"{tracestead.page}/metrics/self", **PLAIN_HTTP).text.splitlines()
    return sum(float(line.split()[-1]) for line in figures if line.startswith("tracestead_exports_refused_total"))
