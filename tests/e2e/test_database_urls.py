"""Databases are named by URLs: as Agno's users have them, wrong ones get a helpful answer, and no password is ever shown."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

import pytest
from conftest import NewDatabase
from databases import ENGINES, MySqlDatabase
from servers.process import free_port
from tracestead import FIXTURES, FREE_PORTS, Tracestead, run_tracestead

# Exit codes of the command.
FAILED, WRONG = 1, 2

PASSWORD = "hunter2%40home"


@pytest.mark.parametrize(
    ("engine", "scheme"),
    [
        ("sqlite", "sqlite"),
        ("postgres", "postgresql+psycopg"),
        ("postgres", "postgresql+asyncpg"),
        ("postgres", "postgresql"),
        ("mysql", "mysql+pymysql"),
        ("mysql", "mysql+asyncmy"),
        ("mysql", "mariadb+pymysql"),
    ],
)
def test_urls_of_sqlalchemy(binary: Path, make_database: NewDatabase, tmp_path: Path, engine: str, scheme: str) -> None:
    with make_database(engine, tmp_path) as database:
        plain = database.url.removeprefix("sqlite:")
        url = f"sqlite:///{plain}" if scheme == "sqlite" else urllib.parse.urlsplit(plain)._replace(scheme=scheme).geturl()
        done = run_tracestead(binary, tmp_path, "migrate", "--db", url)
        assert done.returncode == 0, done.stdout + done.stderr
        assert {"agno_traces", "agno_spans"} <= set(database.tables())


def test_the_schema_of_agno_by_itself(binary: Path, make_database: NewDatabase, tmp_path: Path) -> None:
    """On PostgreSQL `ai`, and nothing anywhere else."""
    with make_database("postgres", tmp_path) as database:
        assert run_tracestead(binary, tmp_path, "migrate", "--db", database.url).returncode == 0
        rows = database.sql(
            "SELECT DISTINCT table_schema FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        assert rows == [{"table_schema": "ai"}]


def test_another_schema_on_mysql_is_that_alone(binary: Path, make_database: NewDatabase, tmp_path: Path) -> None:
    with make_database("mysql", tmp_path) as database:
        assert isinstance(database, MySqlDatabase)
        connected_to = MySqlDatabase(database.url.split("?")[0], urllib.parse.urlsplit(database.url).path.strip("/"))
        before = connected_to.tables()
        assert run_tracestead(binary, tmp_path, "migrate", "--db", database.url).returncode == 0
        assert "agno_spans" in database.tables()
        assert connected_to.tables() == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"postgress://me:{PASSWORD}@127.0.0.1/traces", "postgres://"),
        (f"postgres://me:{PASSWORD}@127.0.0.1/traces@home", "%40"),
        (f"mysql://me:{PASSWORD}@127.0.0.1:port/traces", "port"),
        (f"http://me:{PASSWORD}@127.0.0.1:8123/", "clickhouse://"),
    ],
    ids=["scheme", "at", "port", "http"],
)
@pytest.mark.parametrize("command", [["serve"], ["migrate"], ["config", "print"]], ids=" ".join)
def test_a_wrong_url(binary: Path, tmp_path: Path, command: list[str], url: str, expected: str) -> None:
    """It is said what was expected, and not what was typed: in a URL that is misread, anything may be the password."""
    done = run_tracestead(binary, tmp_path, *command, "--db", url)
    said = done.stdout + done.stderr
    assert done.returncode == WRONG, said
    assert expected in said
    assert "hunter2" not in said


@pytest.mark.parametrize("scheme", ["postgres", "mysql", "clickhouse"])
def test_nobody_listens(binary: Path, tmp_path: Path, scheme: str) -> None:
    port = free_port()
    url = f"{scheme}://me:{PASSWORD}@127.0.0.1:{port}/traces"
    done = run_tracestead(binary, tmp_path, "serve", "--db", url, *FREE_PORTS)
    said = done.stdout + done.stderr
    assert done.returncode == FAILED, said
    assert str(port) in said
    assert "hunter2" not in said


def test_config_print_keeps_the_password(binary: Path, tmp_path: Path) -> None:
    url = f"postgres://me:{PASSWORD}@127.0.0.1:5433/traces"
    done = run_tracestead(binary, tmp_path, "config", "print", "--db", url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "127.0.0.1:5433" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_the_log_keeps_the_password(binary: Path, make_database: NewDatabase, tmp_path: Path, engine: str) -> None:
    """Also when it tells much."""
    with make_database(engine, tmp_path) as database:
        with Tracestead(binary, tmp_path, database, environment={"RUST_LOG": "debug"}) as server:
            server.ingest_fixture(FIXTURES / "agno" / "simple_agent.otlp.pb")
            server.get("/traces")
        password = urllib.parse.urlsplit(database.url).password
        for shown in (f":{password}@", f'"{password}"'):
            assert shown not in server.whole_log()
