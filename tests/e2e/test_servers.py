"""The servers of `tests/servers` are what other tests take them for: real, alone, and with memory across a kill."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import lz4.block
import lz4.frame
import psycopg
import pymysql
import pytest
from servers import ClickHouse, MariaDb, Postgres, Server
from servers.shared import VARIABLES

TESTS = Path(__file__).resolve().parents[1]


def ask_postgres(server: Server, statement: str) -> list[tuple]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def ask_mariadb(server: Server, statement: str) -> list[tuple]:
    account = {"user": "tracestead", "password": "secret", "database": "tracestead"}
    with pymysql.connect(host="127.0.0.1", port=server.port, autocommit=True, **account) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


def ask_clickhouse(server: Server, statement: str) -> list[tuple]:
    answer = httpx.post(f"http://127.0.0.1:{server.port}/?default_format=JSONCompactEachRow", content=statement)
    assert answer.status_code == 200, answer.text
    return [tuple(json.loads(line)) for line in answer.text.splitlines()]


@pytest.mark.parametrize(
    ("kind", "ask", "table"),
    [
        (Postgres, ask_postgres, "kept (n INT)"),
        (MariaDb, ask_mariadb, "kept (n INT)"),
        (ClickHouse, ask_clickhouse, "kept (n Int32) ENGINE = MergeTree ORDER BY n"),
    ],
    ids=["postgres", "mariadb", "clickhouse"],
)
def test_killed_and_started_again(kind: type[Server], ask: Callable, table: str) -> None:
    """What it confirmed is there after a kill, at the same address; and it leaves nothing behind."""
    with kind(durable=True) as server:
        url = server.url
        ask(server, f"CREATE TABLE {table}")
        ask(server, "INSERT INTO kept VALUES (7)")
        server.kill()
        with pytest.raises((OSError, psycopg.OperationalError, pymysql.err.OperationalError, httpx.TransportError)):
            ask(server, "SELECT 1")
        server.restart()
        assert server.url == url
        assert ask(server, "SELECT n FROM kept") == [(7,)]
        server.stop()
        server.restart()
        assert ask(server, "SELECT n FROM kept") == [(7,)]
        directory = server.directory
    assert not directory.exists()


def test_what_the_environment_names_is_not_started() -> None:
    named = {variable: f"{engine}://elsewhere" for engine, variable in VARIABLES.items()}
    command = [sys.executable, "-m", "servers"]
    done = subprocess.run(
        command, cwd=TESTS, env={**os.environ, **named}, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert (done.returncode, json.loads(done.stdout)) == (0, named)


# --- ClickHouse over HTTP -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clickhouse() -> Iterator[str]:
    with ClickHouse() as server:
        yield f"http://127.0.0.1:{server.port}/"


def test_parameters_come_in_a_form(clickhouse: str) -> None:
    fields = {"query": "SELECT {text:String}, {number:UInt64}", "param_text": "it's\\tü", "param_number": "7"}
    form = {name: (None, value) for name, value in fields.items()}
    answer = httpx.post(clickhouse, params={"default_format": "JSONCompactEachRow"}, files=form)
    assert json.loads(answer.text) == ["it's\tü", 7]


def native_block(content: bytes) -> bytes:
    """As the official client sends it. The front does not look at the checksum."""
    compressed = lz4.block.compress(content, store_size=False)
    return bytes(16) + struct.pack("<BII", 0x82, len(compressed) + 9, len(content)) + compressed


def test_rows_come_in_native_blocks(clickhouse: str) -> None:
    httpx.post(clickhouse, content="CREATE TABLE blocks (n UInt8) ENGINE = MergeTree ORDER BY n")
    rows = b"\x01\x01n\x05UInt8" + bytes(range(200))
    insert = {"query": "INSERT INTO blocks (n) FORMAT RowBinaryWithNamesAndTypes", "decompress": "1"}
    sent = httpx.post(clickhouse, params=insert, content=native_block(rows[:100]) + native_block(rows[100:]))
    assert sent.status_code == 200, sent.text
    assert json.loads(sent.headers["X-ClickHouse-Summary"])["written_rows"] == "200"
    assert httpx.post(clickhouse, content="SELECT count(), sum(n) FROM blocks").text == "200\t19900\n"


def test_answers_go_out_compressed_to_who_accepts_it(clickhouse: str) -> None:
    with httpx.stream("POST", clickhouse, content="SELECT 1", headers={"Accept-Encoding": "lz4"}) as answer:
        assert answer.headers["Content-Encoding"] == "lz4"
        assert lz4.frame.decompress(b"".join(answer.iter_raw())) == b"1\n"


def test_settings_are_those_of_one_question(clickhouse: str) -> None:
    question = "SELECT toUInt64(getSetting('max_block_size')), toUInt8(getSetting('select_sequential_consistency'))"
    usual = httpx.post(clickhouse, content=question).text
    settings = {"max_block_size": "77", "select_sequential_consistency": "1"}
    assert httpx.post(clickhouse, params=settings, content=question).text == "77\t1\n"
    # Whichever of its connections answers.
    assert {httpx.post(clickhouse, content=question).text for _ in range(40)} == {usual}


def test_the_database_is_that_of_one_question(clickhouse: str) -> None:
    httpx.post(clickhouse, content="CREATE DATABASE other ENGINE = Atomic")
    question = "SELECT currentDatabase()"
    assert httpx.post(clickhouse, params={"database": "other"}, content=question).text == "other\n"
    assert {httpx.post(clickhouse, content=question).text for _ in range(40)} == {"default\n"}


@pytest.mark.parametrize(
    ("statement", "parameters", "status", "code"),
    [
        ("SELECT 1 FROM nowhere", {}, 404, "60"),
        ("SELECT 1", {"database": "nowhere"}, 404, "81"),
        ("SELECT 1", {"no_such_setting": "1"}, 404, "115"),
        ("SELEC 1", {}, 400, "62"),
        ("", {}, 400, "62"),
        # The engine alone would take these.
        ("SELECT 1; SELECT 2", {}, 400, "62"),
        ("1 + 1", {}, 400, "62"),
        ("SELECT 1", {"session_id": "s"}, 500, "48"),
    ],
)
def test_errors_are_told_as_the_server_tells_them(
    clickhouse: str, statement: str, parameters: dict, status: int, code: str
) -> None:
    answer = httpx.post(clickhouse, params=parameters, content=statement)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (status, code)
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")


@pytest.mark.parametrize("statement", ["SELECT 'a;b';", "SELECT 'a;b' -- ;\n", "SELECT /* ; */ 'a;b'"])
def test_a_semicolon_within_a_statement_is_fine(clickhouse: str, statement: str) -> None:
    assert httpx.post(clickhouse, content=statement).text == "a;b\n"
