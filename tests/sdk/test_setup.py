"""What `setup_tracing` does with what is there already."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from pathlib import Path

import pytest
from environments import ENVIRONMENTS, HERE, python
from fake_openai import FakeOpenAI
from tracestead import Tracestead


def run(program: str, directory: Path, environment: str = "agno-3", **variables: str) -> str:
    """Runs a program in a process of its own: a tracer provider is set once."""
    command = [str(python(environment)), "-c", textwrap.dedent(program)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    environ = {**inherited, **variables}
    done = subprocess.run(command, cwd=directory, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_joins_a_provider_that_is_there(tmp_path: Path) -> None:
    said = run(
        """
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        from tracestead import setup_tracing

        theirs = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(theirs))
        trace.set_tracer_provider(provider)
        tracing = setup_tracing("sqlite:traces.db")
        assert tracing.provider is provider
        assert setup_tracing("sqlite:traces.db") is tracing
        trace.get_tracer("app").start_span("run").end()
        print(len(theirs.get_finished_spans()), [found.name for found in tracing.db.get_traces()])
        """,
        tmp_path,
    )
    assert said == "1 ['run']\n"


def test_it_takes_over_from_agnos_own_tracing(tmp_path: Path) -> None:
    said = run(
        """
        import tracestead
        from agno.db.sqlite import SqliteDb
        from agno.tracing import setup_tracing
        from opentelemetry import trace

        db = SqliteDb(db_file="traces.db")
        setup_tracing(db=db)
        tracing = tracestead.setup_tracing(db=db)
        trace.get_tracer("app").start_span("run").end()
        found, total = db.get_traces()
        print(total, found[0].name, found[0].total_spans, tracing.stats().stored)
        """,
        tmp_path,
    )
    # Agno says on standard output that it traces.
    assert said.endswith("\n1 run 1 1\n")


# Ways in which a notebook, a server in development or a host of plug-ins loads a package again.
LOADED_AGAIN = {
    "package": "importlib.reload(tracestead)",
    "modules": "[importlib.reload(module) for module in ours if module.__name__ != 'tracestead._native']",
    "anew": "[sys.modules.pop(module.__name__) for module in ours]",
}


@pytest.mark.parametrize("agno", ENVIRONMENTS)
@pytest.mark.parametrize("way", LOADED_AGAIN)
def test_it_survives_being_loaded_again(way: str, agno: str, openai: FakeOpenAI, tmp_path: Path) -> None:
    program = """
        import importlib, os, sys
        import tracestead
        from agno.agent import Agent
        from agno.db.sqlite import SqliteDb
        from agno.models.openai import OpenAIChat

        def hook(run_input):
            pass

        db = SqliteDb(db_file="traces.db")
        agent = Agent(model=OpenAIChat(id="gpt-4o-mini"), pre_hooks=[hook], db=db, telemetry=False)
        tracing = tracestead.setup_tracing(db=db)
        for _ in range(2):
            ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "tracestead"]
            WAY
            import tracestead
            assert tracestead.setup_tracing(db=db) is tracing
        if os.fork() == 0:
            agent.run("say hello")
            tracestead.Db("sqlite:traces.db").count_traces()
            os._exit(0)
        os.wait()
        agent.run("say hello")
        for found in tracestead.Db("sqlite:traces.db").get_traces():
            print([span.name for span in tracestead.Db(db).get_spans(found.trace_id)])
        print(tracing.stats().stored)
    """
    variables = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": openai.base_url}
    said = run(program.replace("WAY", LOADED_AGAIN[way]), tmp_path, agno, **variables)
    assert said == "['Agent.run', 'pre_hook hook', 'OpenAIChat.invoke']\n" * 2 + "3\n"


def test_one_file_by_several_names_is_one_database(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    said = run(
        """
        import os
        from agno.db.sqlite import SqliteDb
        from opentelemetry import trace
        from tracestead import Db, setup_tracing

        tracing = setup_tracing("sqlite:traces.db", schedule_delay_millis=3_600_000)
        read = {"url": Db("sqlite:traces.db"), "agno": Db(SqliteDb(db_file="traces.db"))}
        read["link"] = Db("sqlite:link/traces.db")
        assert setup_tracing(SqliteDb(db_file="traces.db")) is tracing
        assert setup_tracing("sqlite:link/traces.db") is tracing
        # Nothing is open yet; a relative name stays what it was.
        os.chdir("elsewhere")
        for name, db in read.items():
            trace.get_tracer("app").start_span("run").end()
            print(name, db.count_traces())
        if os.fork() == 0:
            trace.get_tracer("app").start_span("run").end()
            print("child", read["url"].count_traces(), flush=True)
            os._exit(0)
        os.wait()
        assert setup_tracing("sqlite:traces.db") is not tracing
        """,
        tmp_path,
    )
    assert said == "url 1\nagno 2\nlink 3\nchild 4\n"


def test_records_answer_what_is_asked(tmp_path: Path) -> None:
    said = run(
        """
        from opentelemetry import trace
        from tracestead import Db, setup_tracing

        tracing = setup_tracing("sqlite:traces.db", service_name="tables")
        trace.get_tracer("app").start_span("run", attributes={"session.id": "s", "n": 1}).end()
        tracing.shutdown()
        db = Db("sqlite:traces.db")
        condition = {"op": "EQ", "key": "session_id", "value": "s"}
        traces = db.get_traces(filter=condition)
        assert db.count_traces(session_id="s") == 1 and db.count_traces(session_id="t") == 0
        (span,) = db.get_spans(traces[0].trace_id)
        assert db.get_span(span.trace_id, span.span_id).attributes == span.attributes == {"session.id": "s", "n": 1}
        assert db.get_trace("0" * 31 + "1") is None
        print(traces[0].service_name, traces[0].start_time.tzinfo, db.get_trace_stats()[0].total_traces)
        for wrong in (lambda: db.get_traces(status="ok"), lambda: db.get_trace("x"), lambda: Db("nonsense://")):
            try:
                wrong()
            except ValueError as error:
                print(type(error).__name__)
        """,
        tmp_path,
    )
    assert said == "tables UTC 1\n" + "ValueError\n" * 3


def test_a_redaction_comes_before_everything(tmp_path: Path) -> None:
    said = run(
        """
        from opentelemetry import trace
        from tracestead import setup_tracing

        def redact(key, text):
            if text == "boom":
                raise RuntimeError("a fault of the user's function")
            return text.replace("ann@example.com", "***")

        tracing = setup_tracing("sqlite:traces.db", redact=redact)
        for text in ("mail ann@example.com", "boom"):
            trace.get_tracer("app").start_span("run", attributes={"input.value": text}).end()
        (found,) = tracing.db.get_traces()
        print(found.input_preview, tracing.stats().failed)
        """,
        tmp_path,
    )
    assert said == "mail *** 1\n"


@pytest.mark.parametrize("agno", ENVIRONMENTS)
def test_every_object_of_agnos_reads_what_was_just_done(agno: str, tmp_path: Path) -> None:
    """Also a second one for the same database, an asynchronous one, and one with which tracing was set up again."""
    said = run(
        """
        import asyncio
        from agno.db.sqlite import AsyncSqliteDb, SqliteDb
        from opentelemetry import trace
        from tracestead import setup_tracing

        first, second = (SqliteDb(db_file="traces.db") for _ in range(2))
        third = AsyncSqliteDb(db_file="traces.db")
        # A database that was set up before, and shut down: reads store what is recorded from now on.
        setup_tracing(first).shutdown()
        tracings = [setup_tracing(db, schedule_delay_millis=60_000) for db in (first, second, third)]
        assert tracings[0] is tracings[1] is tracings[2]
        tracer = trace.get_tracer("app")

        def count(read):
            # Their run does not end, so that nothing but the read has it stored.
            run = trace.set_span_in_context(tracer.start_span("run"))
            tracer.start_span("step", context=run).end()
            return read()[1]

        reads = [first.get_traces, second.get_traces, lambda: asyncio.run(third.get_traces())]
        print([count(read) for read in reads])
        """,
        tmp_path,
        agno,
    )
    assert said == "[1, 2, 3]\n"


@pytest.mark.parametrize("agno", ENVIRONMENTS)
def test_a_read_does_not_wait_while_nothing_can_be_stored(agno: str, tmp_path: Path) -> None:
    """Through Agno's objects as through ours."""
    said = run(
        """
        import asyncio, subprocess, sys, time
        from agno.db.sqlite import AsyncSqliteDb, SqliteDb
        from opentelemetry import trace
        from tracestead import Db, setup_tracing

        def rename(table, to):
            # Elsewhere, for SQLite's locks do not hold between Python's SQLite and ours within one process.
            code = f"import sqlite3; sqlite3.connect('traces.db').execute('ALTER TABLE {table} RENAME TO {to}')"
            subprocess.run([sys.executable, "-c", code], check=True)

        db, asynchronous = SqliteDb(db_file="traces.db"), AsyncSqliteDb(db_file="traces.db")
        own = Db(db)
        tracing = setup_tracing(db)
        setup_tracing(asynchronous)
        trace.get_tracer("app").start_span("stored").end()
        assert db.get_traces()[1] == 1
        # Agno has no use for it, we have.
        rename("tracestead_resources", "elsewhere")
        trace.get_tracer("app").start_span("waits").end()
        deadline = time.monotonic() + 20
        while tracing.stats().last_error is None and time.monotonic() < deadline:
            time.sleep(0.01)
        reads = [
            lambda: db.get_traces()[1],
            lambda: asyncio.run(asynchronous.get_traces())[1],
            lambda: len(own.get_traces()),
        ]
        for read in reads:
            began = time.monotonic()
            print(read(), time.monotonic() - began < 2, tracing.stats().queued)
        rename("elsewhere", "tracestead_resources")
        print(tracing.flush(30), db.get_traces()[1])
        """,
        tmp_path,
        agno,
    )
    assert said == "1 True 1\n" * 3 + "True 2\n"


def test_the_command_is_in_the_wheel(tmp_path: Path) -> None:
    command = python("agno-3").parent / "tracestead"
    helped = subprocess.run([command, "--help"], capture_output=True, text=True, timeout=60)
    assert helped.returncode == 0 and "Usage: tracestead <COMMAND>" in helped.stdout
    wrong = subprocess.run([command, "nonsense"], capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2 and "unrecognized subcommand" in wrong.stderr


@pytest.mark.parametrize("order", ["before", "after"])
def test_agent_os_traces_with_it(order: str, openai: FakeOpenAI, tmp_path: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    variables |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": openai.base_url, "AGNO_TELEMETRY": "false"}
    command = [str(python("agno-3")), str(HERE / "agent_os.py"), order]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stdout + done.stderr
    trace = json.loads(done.stdout.splitlines()[-1])
    # The spans of FastAPI around the run do not take its name and its ids from it, as they do with Agno's own tracing.
    assert (trace["name"], trace["status"], trace["agent_id"]) == ("My_Agent.arun", "OK", "my-agent")
    assert trace["run_id"] and trace["session_id"] == "session-1"


# Asks a model without a word about tracing but the first line.
ASK = """
    from tracestead import setup_tracing

    tracing = setup_tracing("sqlite:traces.db", auto_instrument=True)
    from openai import OpenAI

    client = OpenAI(base_url="OPENAI", api_key="none")
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "say hello"}])
    (found,) = tracing.db.get_traces()
    print([(span.span_type, span.model, span.input_tokens) for span in tracing.db.get_spans(found.trace_id)])
"""


def test_installed_libraries_are_traced_once(openai: FakeOpenAI, tmp_path: Path) -> None:
    """OpenInference and OpenTelemetry each have an instrumentor of `openai` here."""
    said = run(ASK.replace("OPENAI", openai.base_url), tmp_path)
    assert said == "[('LLM', 'gpt-4o-mini', 40)]\n"


def test_a_library_can_be_left_out(openai: FakeOpenAI, tmp_path: Path) -> None:
    asking, _, _ = ASK.replace("OPENAI", openai.base_url).partition("    (found,)")
    asking += "    print(tracing.db.count_traces())"
    said = run(asking, tmp_path, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="x, OpenAI")
    assert said == "0\n"


def test_an_instrumentor_that_fails_keeps_no_other_out(openai: FakeOpenAI, tmp_path: Path) -> None:
    broken = tmp_path / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[openinference_instrumentor]\ngroq = broken:Instrumentor\n")
    (tmp_path / "broken.py").write_text("raise RuntimeError('it does not fit')\n")
    program = f"""
        import logging, sys
        sys.path.insert(0, {str(tmp_path)!r})
        logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(name)s: %(message)s")
    """
    asking = textwrap.dedent(ASK.replace("OPENAI", openai.base_url))
    said = run(textwrap.dedent(program) + asking, tmp_path)
    assert said.splitlines() == ["tracestead: groq is not traced: it does not fit", "[('LLM', 'gpt-4o-mini', 40)]"]


def test_a_server_instead_of_a_database(tmp_path: Path) -> None:
    with Tracestead(Path(os.environ["TRACESTEAD_BIN"]), tmp_path) as server:
        said = run(
            f"""
            from opentelemetry import trace
            from tracestead import setup_tracing

            tracing = setup_tracing({server.otlp_http!r}, service_name="far")
            trace.get_tracer("app").start_span("run", attributes={{"session.id": "s"}}).end()
            print(tracing.flush(20), tracing.stats().stored, tracing.db)
            """,
            tmp_path,
        )
        assert said == "True 1 None\n"
        rows = server.database.sql("SELECT name, session_id, service_name FROM agno_traces")
    assert rows == [{"name": "run", "session_id": "s", "service_name": "far"}]


def test_variables_of_opentelemetry_are_honoured_where_nothing_is_said(tmp_path: Path) -> None:
    program = """
        from opentelemetry import trace
        from tracestead import setup_tracing

        tracing = setup_tracing("sqlite:traces.db", schedule_delay_millis=60_000)
        root = trace.get_tracer("app").start_span("run")
        for _ in range(10):
            trace.get_tracer("app").start_span("step", context=trace.set_span_in_context(root)).end()
        queued = tracing.stats().queued
        root.end()
        tracing.flush()
        found = tracing.db.get_traces()
        print(queued, tracing.stats().dropped, [(trace.service_name, trace.environment) for trace in found])
    """
    said = run(
        program,
        tmp_path,
        OTEL_SERVICE_NAME="shop",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test",
        OTEL_BSP_MAX_QUEUE_SIZE="4",
        # Over what is said in the program, nothing is taken from here.
        OTEL_BSP_SCHEDULE_DELAY="0",
    )
    assert said == "4 7 [('shop', 'test')]\n"
    assert run(program, tmp_path, OTEL_TRACES_SAMPLER="always_off").endswith("0 0 [('shop', 'test')]\n")


def test_threads_that_begin_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    # Resources and scopes are remembered, and Python may change threads while one of them is read.
    said = run(
        """
        import sys, threading
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from tracestead import setup_tracing

        sys.setswitchinterval(1e-6)
        tracing = setup_tracing("sqlite:traces.db", max_queue_size=100_000)
        providers = [TracerProvider(resource=Resource({"n": n})) for n in range(2)]
        for provider in providers:
            provider.add_span_processor(tracing._processor)

        def trace_(thread):
            for at in range(500):
                providers[at % 2].get_tracer(f"{thread}.{at}").start_span("run").end()

        threads = [threading.Thread(target=trace_, args=(n,), daemon=True) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        print(sum(thread.is_alive() for thread in threads), tracing.flush(), tracing.stats().stored)
        """,
        tmp_path,
    )
    assert said == "0 True 4000\n"


def test_what_cannot_be_read_is_counted_and_said_once(tmp_path: Path) -> None:
    said = run(
        """
        import logging, sys
        from types import SimpleNamespace
        from opentelemetry import trace
        from tracestead import setup_tracing

        logging.basicConfig(format="%(message)s", stream=sys.stdout)
        tracing = setup_tracing("sqlite:traces.db")
        for _ in range(3):
            tracing._processor.on_end(SimpleNamespace(context=None))
        trace.get_tracer("app").start_span("run").end()
        tracing.flush()
        stats = tracing.stats()
        print(stats.recorded, stats.stored, stats.failed)
        """,
        tmp_path,
    )
    warning, counts = said.splitlines()
    assert warning.startswith("1 spans were not stored: a span cannot be read: AttributeError") and counts == "4 1 3"


def test_tables_are_there_before_agno_looks_for_its_own(tmp_path: Path) -> None:
    said = run(
        """
        import sqlite3
        from agno.db.sqlite import SqliteDb
        from tracestead import setup_tracing

        setup_tracing(SqliteDb(db_file="traces.db"))
        print(sqlite3.connect("traces.db").execute("SELECT count(*) FROM agno_schema_versions").fetchone()[0] > 0)
        # What cannot be opened is no reason to fail, or to wait.
        setup_tracing("sqlite:/proc/nowhere/traces.db")
        print("goes on")
        """,
        tmp_path,
    )
    assert said == "True\ngoes on\n"


def test_a_file_that_is_deleted_is_filled_again(tmp_path: Path) -> None:
    # Whoever is still in the old file must leave the log of the new one alone, which has the same name.
    said = run(
        """
        import os, sqlite3
        from opentelemetry import trace
        from tracestead import setup_tracing

        tracing = setup_tracing("sqlite:traces.db")
        for turn in range(3):
            trace.get_tracer("app").start_span(f"run {turn}").end()
            assert tracing.flush()
            for name in ("traces.db", "traces.db-wal", "traces.db-shm"):
                os.remove(name)
            theirs = sqlite3.connect("traces.db")
            theirs.execute("PRAGMA journal_mode = WAL")
            theirs.execute("CREATE TABLE sessions (id)")
            theirs.commit()
            trace.get_tracer("app").start_span("run").end()
            assert tracing.flush()
            theirs.execute("INSERT INTO sessions VALUES (1)")
            theirs.commit()
        tracing.shutdown()
        print(theirs.execute("PRAGMA integrity_check").fetchall())
        theirs.close()
        stored = sqlite3.connect("traces.db")
        print(stored.execute("SELECT name, (SELECT count(*) FROM sessions) FROM agno_spans").fetchall())
        stats = tracing.stats()
        print(stats.stored, stats.failed, stats.queued)
        """,
        tmp_path,
    )
    assert said == "[('ok',)]\n[('run', 1)]\n6 0 0\n"


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_processes_of_multiprocessing_store_what_waits(method: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        textwrap.dedent(
            """
            import multiprocessing, sys
            from concurrent.futures import ProcessPoolExecutor
            from opentelemetry import trace
            from tracestead import Db, setup_tracing

            tracing = setup_tracing("sqlite:traces.db", schedule_delay_millis=3_600_000)

            def work(number):
                # Not the end of a run, which is stored at once.
                with trace.get_tracer("app").start_as_current_span("run"):
                    trace.get_tracer("app").start_span("tool").end()
                    tracing.flush()
                    trace.get_tracer("app").start_span("last").end()
                    if number < 2:
                        sys.exit()
                return number

            if __name__ == "__main__":
                context = multiprocessing.get_context(sys.argv[1])
                processes = [context.Process(target=work, args=(number,)) for number in range(2)]
                for process in processes:
                    process.start()
                for process in processes:
                    process.join()
                with ProcessPoolExecutor(2, mp_context=context) as pool:
                    list(pool.map(work, range(2, 4)))
                print([process.exitcode for process in processes])
                traces = Db("sqlite:traces.db").get_traces()
                print(sorted(found.span_count for found in traces))
            """
        )
    )
    command = [str(python("agno-3")), "program.py", method]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "[0, 0]\n[3, 3, 3, 3]\n"), done.stdout + done.stderr


@pytest.mark.parametrize("shuts_down", [True, False])
def test_threads_that_still_trace_end_with_the_process(shuts_down: bool, tmp_path: Path) -> None:
    # A thread that runs Python when the interpreter ends is ended within what called it. Native code does not survive that.
    program = f"""
        import sys, threading, time
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from tracestead import setup_tracing

        sys.setswitchinterval(1e-6)
        provider = TracerProvider(shutdown_on_exit={shuts_down})
        tracing = setup_tracing("sqlite:traces.db", tracer_provider=provider)
        tracer = provider.get_tracer("app")

        def trace_for_ever():
            while True:
                with tracer.start_as_current_span("run", attributes={{"session.id": "s"}}) as span:
                    span.add_event("event")

        for _ in range(8):
            threading.Thread(target=trace_for_ever, daemon=True).start()
        time.sleep(0.1)
        print("end")
        """
    for _ in range(5):
        assert run(program, tmp_path) == "end\n"


def test_a_redaction_that_takes_too_long_is_not_asked_after_the_end(tmp_path: Path) -> None:
    said = run(
        """
        from opentelemetry import trace
        from tracestead import setup_tracing

        def redact(name, text):
            sum(range(500_000))

        setup_tracing("sqlite:traces.db", redact=redact, shutdown_timeout=0.1)
        for _ in range(500):
            trace.get_tracer("app").start_span("run", attributes={"session.id": "s"}).end()
        print("end")
        """,
        tmp_path,
    )
    assert said == "end\n"


def test_threads_and_loops_record_into_one_database(tmp_path: Path) -> None:
    said = run(
        """
        import asyncio, threading
        from opentelemetry import trace
        from tracestead import setup_tracing

        tracing = setup_tracing("sqlite:traces.db")
        tracer = trace.get_tracer("app")

        async def step(number):
            with tracer.start_as_current_span(f"step {number}"):
                await asyncio.sleep(0.001)

        async def run():
            with tracer.start_as_current_span("run"):
                await asyncio.gather(*(step(number) for number in range(20)))

        threads = [threading.Thread(target=lambda: asyncio.run(run())) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print(sorted(trace.span_count for trace in tracing.db.get_traces()))
        """,
        tmp_path,
    )
    assert said == "[21, 21, 21, 21]\n"
