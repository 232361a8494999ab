"""`tracestead prune`, and a server with rules: what is old goes, what is young, kept or nobody's trace stays.

Old traces are of 2020 and young ones of 2100, so that what goes does not depend on the day on which the tests run.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from conftest import NewDatabase
from databases import RELATIONAL, Database, SqliteDatabase, query_sqlite
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tracestead import (
    COMMAND_SECONDS,
    FIXTURES,
    PLAIN_HTTP,
    Tracestead,
    plain_environment,
    run_tracestead,
    wait_until,
)

SECOND = 1_000_000_000
OLD = 1_577_836_800 * SECOND
YOUNG = 4_102_444_800 * SECOND

# The tables of traces.
OF_TRACES = (
    "agno_traces",
    "agno_spans",
    "tracestead_resources",
    "tracestead_span_events",
    "tracestead_rollups",
    "tracestead_quarantine",
)

# What has nothing to do with rules about traces, and some rows in it with the name of a user whose traces go.
BESIDE = ("tracestead_keys", "tracestead_audit_log", "tracestead_saved_views", "tracestead_migrations", "agno_sessions")
ROWS_BESIDE = (
    """INSERT INTO tracestead_keys (key_id, name, secret_hash, scopes, created_at)
        VALUES ('k1', 'of bob', 'hash', '[]', '2020-01-01T00:00:00Z')""",
    """INSERT INTO tracestead_audit_log (entry_id, occurred_at, actor, action)
        VALUES ('e1', '2020-01-01T00:00:00Z', 'bob', 'key.made')""",
    """INSERT INTO tracestead_saved_views (view_id, name, question, created_by, created_at)
        VALUES ('v1', 'mine', '{}', 'bob', '2020-01-01T00:00:00Z')""",
    "CREATE TABLE agno_sessions (session_id VARCHAR(20) PRIMARY KEY, user_id VARCHAR(20))",
    "INSERT INTO agno_sessions VALUES ('s1', 'bob')",
)

# Errors are kept longer than all traces that the tests make, others are not.
RULES = """
[[retention]]
status = "ERROR"
older_than = "36500d"

[[retention]]
older_than = "30d"
"""

# Long enough that a prune can be met on its way: a step deletes a thousand spans at most.
MANY_TRACES = 40
MANY_SPANS = 500


@dataclass(frozen=True)
class Trace:
    """A run with model calls below it; who it is for may change within."""

    number: int
    begun: int
    calls: int = 2
    user: str = "alice"
    users_below: tuple[str, ...] = ()
    is_error: bool = False
    service: str = "api"
    says: str = "hello"

    @property
    def trace_id(self) -> str:
        return f"{self.number:032x}"

    def spans(self) -> list[Span]:
        root = self._span(0, None, self.user, "AGENT")
        if self.is_error:
            root.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message="it failed"))
        users = [*self.users_below, *[None] * self.calls][: self.calls]
        return [root, *(self._span(1 + at, 0, user, "LLM") for at, user in enumerate(users))]

    def _span(self, at: int, parent: int | None, user: str | None, kind: str) -> Span:
        begun = self.begun + self.number * SECOND + at
        said = {"openinference.span.kind": kind, "input.value": f"{self.says} of {user or self.user}"}
        return Span(
            trace_id=bytes.fromhex(self.trace_id),
            span_id=span_id(self.number, at),
            parent_span_id=b"" if parent is None else span_id(self.number, parent),
            name="run" if parent is None else "call",
            start_time_unix_nano=begun,
            end_time_unix_nano=begun + SECOND,
            attributes=attributes(said | ({"user.id": user} if user else {})),
        )

    def logs(self) -> list[LogRecord]:
        """One record for each span, with a text of the user's."""
        return [
            LogRecord(
                time_unix_nano=span.start_time_unix_nano,
                event_name="gen_ai.user.message",
                body=AnyValue(string_value=text_of(span)),
                trace_id=span.trace_id,
                span_id=span.span_id,
            )
            for span in self.spans()
        ]


def span_id(trace: int, at: int) -> bytes:
    return (trace * 1_000_000 + at + 1).to_bytes(8)


def text_of(span: Span) -> str:
    return next(pair.value.string_value for pair in span.attributes if pair.key == "input.value")


def attributes(texts: dict[str, str]) -> list[KeyValue]:
    return [KeyValue(key=key, value=AnyValue(string_value=text)) for key, text in texts.items()]


def old(count: int, calls: int = 2) -> list[Trace]:
    return [Trace(1 + at, OLD, calls) for at in range(count)]


def young(count: int, first: int = 100_000) -> list[Trace]:
    return [Trace(first + at, YOUNG, service="web") for at in range(count)]


def send(server: Tracestead, traces: Iterable[Trace]) -> None:
    for trace in traces:
        spans = ExportTraceServiceRequest()
        part = spans.resource_spans.add()
        part.resource.attributes.extend(attributes({"service.name": trace.service}))
        part.scope_spans.add().spans.extend(trace.spans())
        logs = ExportLogsServiceRequest()
        logs.resource_logs.add().scope_logs.add().log_records.extend(trace.logs() if trace.calls < 10 else [])
        for path, request in (("traces", spans), ("logs", logs)):
            body = request.SerializeToString()
            headers = {"Content-Type": "application/x-protobuf"}
            answer = httpx.post(f"{server.otlp_http}/v1/{path}", content=body, headers=headers, **PLAIN_HTTP)
            assert (answer.status_code, answer.content) == (200, b""), answer.text


@dataclass
class Filled:
    """A database with traces, and what stands beside them; nothing runs on it."""

    binary: Path
    directory: Path
    database: Database
    beside: dict[str, list[dict]] = field(default_factory=dict)

    def fill(self, traces: Iterable[Trace]) -> None:
        with self.serve() as server:
            send(server, traces)
        if not self.beside:
            for statement in ROWS_BESIDE:
                self.database.run(statement)
            self.beside = self.rows(BESIDE)

    def serve(self) -> Tracestead:
        return Tracestead(self.binary, self.directory, self.database)

    def prune(self, *flags: str) -> subprocess.CompletedProcess[str]:
        return run_tracestead(self.binary, self.directory, "prune", "--db", self.database.url, *flags)

    def configure(self, text: str) -> None:
        (self.directory / "tracestead.toml").write_text(text)

    def rows(self, tables: Iterable[str]) -> dict[str, list[dict]]:
        rows = self.database.dump()["rows"]
        return {table: rows[table] for table in tables}

    def traces(self) -> set[str]:
        return {row["trace_id"] for row in self.database.sql("SELECT trace_id FROM agno_traces")}

    def check(self, left: Iterable[Trace]) -> None:
        """Exactly these are there and whole, the sums are theirs, and nothing beside traces has changed."""
        left = list(left)
        assert self.traces() == {trace.trace_id for trace in left}
        counts = self.database.sql("SELECT trace_id, COUNT(*) AS n FROM agno_spans GROUP BY trace_id")
        assert {row["trace_id"]: row["n"] for row in counts} == {trace.trace_id: 1 + trace.calls for trace in left}
        self.check_sums()
        assert self.rows(BESIDE) == self.beside

    def check_sums(self) -> None:
        """Holds after any step: traces say how many spans they have, and so do the sums over the hours."""
        differ = """SELECT trace_id FROM agno_traces t WHERE span_count <> -1
            AND span_count <> (SELECT COUNT(*) FROM agno_spans s WHERE s.trace_id = t.trace_id)"""
        assert self.database.sql(differ) == []
        (spans,) = self.database.sql("SELECT COUNT(*) AS n FROM agno_spans")
        (sums,) = self.database.sql("SELECT COALESCE(SUM(calls), 0) AS n FROM tracestead_rollups")
        assert int(sums["n"]) == spans["n"]
        assert self.database.complaints() == []


@pytest.fixture(params=RELATIONAL)
def filled(
    request: pytest.FixtureRequest, binary: Path, make_database: NewDatabase, tmp_path: Path
) -> Iterator[Filled]:
    with make_database(request.param, tmp_path) as database:
        yield Filled(binary, tmp_path, database)


# --- what would go ------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_go(filled: Filled) -> None:
    failed = Trace(50, OLD, is_error=True)
    filled.fill([*old(3), failed, *young(2)])
    before = filled.database.dump()
    filled.configure(RULES)

    told = filled.prune("--dry-run")
    assert (told.returncode, told.stderr) == (4, "")
    first, errors, others, in_all = told.stdout.splitlines()
    size = r"\d+(\.\d)? [KM]?B"
    assert re.fullmatch(rf"{filled.database.engine}:.* has {size}; of that would go", first), first
    assert errors.endswith('older_than = "36500d", status = "ERROR" }: 0 traces, 0 spans, about 0 B'), errors
    assert re.fullmatch(rf'  by the rule {{ older_than = "30d" }}: 3 traces, 9 spans, about {size}', others), others
    assert re.fullmatch(rf"  in all 3 traces, 9 spans, about {size}", in_all), in_all

    told = filled.prune("--older-than", "30d", "--status", "error", "--dry-run", "--json")
    plan = json.loads(told.stdout)
    assert (told.returncode, plan["traces"], plan["spans"]) == (4, 1, 3)
    assert 0 < plan["bytes"] < plan["size_bytes"]

    told = filled.prune("--user", "alice", "--dry-run", "--json")
    assert (told.returncode, json.loads(told.stdout)["traces"]) == (4, 6)

    nothing = filled.prune("--older-than", "36500d", "--dry-run")
    assert (nothing.returncode, nothing.stdout.splitlines()[-1]) == (0, "  in all 0 traces, 0 spans, about 0 B")
    assert filled.database.dump() == before


# --- the question ------------------------------------------------------------------------------------------------


class Terminal:
    """A prune that somebody watches and answers."""

    def __init__(self, filled: Filled, *flags: str) -> None:
        command = [str(filled.binary), "prune", "--db", filled.database.url, *flags]
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command,
            cwd=filled.directory,
            env=plain_environment(),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
        )
        os.close(theirs)
        self.shown = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.shown or (self._read(0.1) and False), f"`{text}`", COMMAND_SECONDS)

    def answer(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str]:
        """How it ended, and what it printed for others."""
        wait_until(lambda: self._read(0.05) or self._process.poll() is not None, "the end", COMMAND_SECONDS)
        printed, _ = self._process.communicate(timeout=COMMAND_SECONDS)
        while self._read(0):
            pass
        return self._process.returncode, printed

    def _read(self, seconds: float) -> bool:
        """Reads what is shown next, if there is something within that time."""
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            text = os.read(self._ours, 65536).decode()
        except OSError:
            # Nobody has the other end any more.
            return False
        self.shown += text
        return text != ""


def test_where_nobody_can_be_asked_nothing_is_deleted(filled: Filled) -> None:
    filled.fill(old(2))
    refused = filled.prune("--older-than", "30d")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "pass --yes, or --dry-run" in refused.stderr
    filled.check(old(2))


@pytest.mark.parametrize("answer", ["n\n", "\n", "yesterday\n", "\x04"], ids=["no", "nothing", "something", "end"])
def test_nothing_is_deleted_without_a_yes(filled: Filled, answer: str) -> None:
    filled.fill(old(2))
    with Terminal(filled, "--older-than", "30d") as terminal:
        terminal.wait_for("delete that for ever? [y/N]")
        assert "in all 2 traces, 6 spans" in terminal.shown
        terminal.answer(answer)
        assert terminal.end() == (0, "")
    filled.check(old(2))


def test_a_yes_deletes(filled: Filled) -> None:
    filled.fill([*old(2), *young(1)])
    with Terminal(filled, "--older-than", "30d") as terminal:
        terminal.wait_for("delete that for ever? [y/N]")
        terminal.answer("y\n")
        assert terminal.end() == (0, "deleted 2 traces with 6 spans, and 1 resource\n")
    filled.check(young(1))
    with Terminal(filled, "--older-than", "30d") as terminal:
        assert terminal.end() == (0, "")
        assert "there is nothing to delete" in terminal.shown


def test_ctrl_c_is_an_answer(filled: Filled) -> None:
    filled.fill(old(2))
    with Terminal(filled, "--older-than", "30d") as terminal:
        terminal.wait_for("delete that for ever? [y/N]")
        terminal.interrupt()
        assert terminal.end() == (130, "")
    filled.check(old(2))


# --- what Agno wrote ------------------------------------------------------------------------------------------------


def copies_of_agnos_rows(path: Path, times: int) -> dict[str, list[dict]]:
    """Makes a file that Agno wrote, with each trace so many times and long ago; returns what else is in it."""
    shutil.copy(FIXTURES / "agno" / "agno-written.db", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("agno_traces", "agno_spans"):
            cursor = connection.execute(f"SELECT * FROM {table}")
            columns = [column for (column, *_) in cursor.description]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor]
            connection.execute(f"DELETE FROM {table}")
            for at in range(times):
                for row in rows:
                    ids = {key: f"{at:02x}{row[key][2:]}" for key in AGNOS_IDS if row.get(key)}
                    begun = {key: row[key].replace("2026-", "2020-") for key in ("start_time", "end_time")}
                    values = [{**row, **ids, **begun}[column] for column in columns]
                    marks = ", ".join("?" * len(columns))
                    connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)
    return rows_beside(path)


AGNOS_IDS = ("trace_id", "span_id", "parent_span_id")


def rows_beside(path: Path) -> dict[str, list[dict]]:
    rows = SqliteDatabase(path).dump()["rows"]
    return {table: rows[table] for table in rows if table.startswith("agno_") and table not in OF_TRACES}


def test_what_agno_wrote_is_read_before_it_is_deleted(binary: Path, tmp_path: Path) -> None:
    """A file of which nobody has read a row; it takes the writer several steps to do so."""
    path = tmp_path / "agno.db"
    beside = copies_of_agnos_rows(path, 12)
    (traces,) = query_sqlite(path, "SELECT COUNT(*) AS n FROM agno_traces")
    (spans,) = query_sqlite(path, "SELECT COUNT(*) AS n FROM agno_spans")
    assert spans["n"] > 3000
    before = path.read_bytes()
    prune = ["prune", "--db", f"sqlite:{path}", "--older-than", "30d"]
    told = run_tracestead(binary, tmp_path, *prune, "--dry-run", "--json")
    plan = json.loads(told.stdout)
    assert (told.returncode, plan["traces"], plan["spans"]) == (4, traces["n"], spans["n"])
    assert path.read_bytes() == before

    done = run_tracestead(binary, tmp_path, *prune, "--yes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["traces"] == traces["n"]
    for table in ("agno_traces", "agno_spans", "tracestead_rollups"):
        assert query_sqlite(path, f"SELECT * FROM {table}") == []
    beside_now = rows_beside(path)
    for table in beside:
        if table != "agno_schema_versions":
            assert beside_now[table] == beside[table]


# --- one user ------------------------------------------------------------------------------------------------------


def test_of_a_user_nothing_is_left(filled: Filled) -> None:
    of_bob = [Trace(1, OLD, user="bob", service="bobs"), Trace(2, YOUNG, user="bob")]
    of_alice = [Trace(3, OLD), Trace(4, YOUNG), Trace(5, OLD, user="Bob")]
    shared = Trace(6, YOUNG, calls=3, users_below=("bob", "alice"))
    filled.fill(of_alice)
    before = filled.rows(OF_TRACES)
    filled.fill([*of_bob, shared])

    done = filled.prune("--user", "bob", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "deleted 2 traces with 7 spans, and 1 resource\n"
    filled.check([*of_alice, replace(shared, calls=2)])
    left = filled.rows(OF_TRACES)
    assert not re.search(r"\bbob", repr(left)), "something of bob's is left"
    for table in ("agno_traces", "agno_spans", "tracestead_span_events"):
        others = [row for row in left[table] if row["trace_id"] != shared.trace_id]
        assert others == before[table]
    (events,) = filled.database.sql(
        f"SELECT COUNT(*) AS n FROM tracestead_span_events WHERE trace_id = '{shared.trace_id}'"
    )
    assert events["n"] == 3
    again = filled.prune("--user", "bob", "--dry-run")
    assert again.returncode == 0


# --- stopped, and beside a server ------------------------------------------------------------------------------------


def many() -> list[Trace]:
    return old(MANY_TRACES, calls=MANY_SPANS - 1)


def test_ctrl_c_leaves_all_in_order(filled: Filled) -> None:
    filled.fill([*many(), *young(3)])
    with Terminal(filled, "--older-than", "30d", "--yes") as terminal:
        terminal.wait_for("deleting: ")
        terminal.interrupt()
        assert terminal.end() == (130, "")
    assert re.search(r"stopped after \d+ traces?; run it again for the rest", terminal.shown), terminal.shown
    left = filled.traces()
    assert 3 < len(left) < MANY_TRACES + 3
    assert {trace.trace_id for trace in young(3)} <= left
    filled.check_sums()

    done = filled.prune("--older-than", "30d", "--yes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["traces"] == len(left) - 3
    filled.check(young(3))


def test_a_trace_of_which_half_is_gone_is_finished(filled: Filled) -> None:
    large = Trace(1, OLD, calls=MANY_TRACES * MANY_SPANS // 2)
    filled.fill([large, *young(3)])
    with Terminal(filled, "--older-than", "30d", "--yes") as terminal:
        terminal.wait_for("deleting: ")
        terminal.interrupt()
        assert terminal.end() == (130, "")
    filled.check_sums()
    (left,) = filled.database.sql(f"SELECT COUNT(*) AS n FROM agno_spans WHERE trace_id = '{large.trace_id}'")
    assert 0 < left["n"] <= large.calls
    told = filled.prune("--older-than", "30d", "--dry-run")
    assert f"a prune was stopped on its way: 1 trace, {left['n']:,} spans" in told.stdout
    assert told.returncode == 4
    with Terminal(filled, "--older-than", "30d") as terminal:
        terminal.wait_for("delete that for ever? [y/N]")
        terminal.answer("y\n")
        assert terminal.end() == (0, f"deleted 1 trace with {left['n']:,} spans, and 1 resource\n")
    filled.check(young(3))


def test_a_server_goes_on_meanwhile(filled: Filled) -> None:
    filled.fill(many())
    sent: list[Trace] = []
    failures: list[BaseException] = []
    is_over = threading.Event()

    def go_on(server: Tracestead) -> None:
        try:
            while not is_over.is_set():
                (trace,) = young(1, 100_000 + len(sent))
                send(server, [trace])
                sent.append(trace)
        except BaseException as failure:
            failures.append(failure)

    with filled.serve() as server:
        sender = threading.Thread(target=go_on, args=(server,))
        sender.start()
        try:
            wait_until(lambda: sent or failures, "the first answer")
            before = len(sent)
            done = filled.prune("--older-than", "30d", "--yes")
            during = len(sent) - before
        finally:
            is_over.set()
            sender.join()
        assert failures == []
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"deleted {MANY_TRACES} traces with {MANY_TRACES * MANY_SPANS:,} spans")
        assert during > 0
        listed = server.get("/api/v1/traces", limit=50)["data"]
        assert listed[0]["trace_id"] == sent[-1].trace_id
        filled.check(sent)


# --- rules of a server -----------------------------------------------------------------------------------------------


def test_a_server_deletes_what_its_rules_say(filled: Filled) -> None:
    failed = [Trace(50 + at, OLD, is_error=True) for at in range(2)]
    filled.fill([*old(40), *failed, *young(2)])
    filled.configure(RULES)
    with filled.serve() as server:
        kept = [*failed, *young(2)]
        wait_until(lambda: len(filled.traces()) == len(kept), "the end of the old ones", COMMAND_SECONDS)
        send(server, young(1, 200_000))
        kept += young(1, 200_000)
        assert {row["trace_id"] for row in server.get("/api/v1/traces")["data"]} == {trace.trace_id for trace in kept}
        figures = httpx.get(f"{server.page}/metrics/self", **PLAIN_HTTP).text
        assert "\ntracestead_pruned_traces_total 40\n" in figures
        assert "\ntracestead_pruned_spans_total 120\n" in figures
    filled.check(kept)
