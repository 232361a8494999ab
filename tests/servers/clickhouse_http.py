"""ClickHouse's HTTP interface, as far as its official Rust client uses it, around the real engine in this process.

    python clickhouse_http.py --path DIRECTORY --port PORT

A question or an INSERT comes by POST, its text in `?query=`, in the body, or as the field `query` of a multipart form that
has `param_*` fields beside it. Other parameters of the URL are settings of that question alone. Rows of an INSERT come as
the body, in native blocks if `decompress=1` says so. An answer goes out in an LZ4 frame to who accepts one.

It is stricter than need be where the engine as a library is laxer than the real server, so that tests do not pass for
the wrong reason: several statements in one request and sessions are refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import queue
import re
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import chdb
import lz4.block
import lz4.frame
from aiohttp import web

# Each is a session of the engine's own; so many questions are answered at once.
CONNECTIONS = 16
MAX_BODY_BYTES = 1 << 30
# `http_max_field_value_size` of the server.
MAX_FIELD_BYTES = 128 << 10

# Parameters of the URL that are not settings.
DATABASE, FORMAT, COMPRESSED, SESSION = "database", "default_format", "decompress", "session_id"
NOT_SETTINGS = {
    *(DATABASE, FORMAT, COMPRESSED, SESSION, "query", "query_id", "user", "password", "quota_key", "role"),
    *("compress", "wait_end_of_query", "buffer_size", "enable_http_compression", "client_protocol_version"),
    *("send_progress_in_http_headers", "http_zlib_compression_level"),
}

# What may stand around a semicolon without one statement ending there, and the semicolon itself.
TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`|--[^\n]*|/\*.*?\*/|;", re.S)
IS_INSERT = re.compile(r"\s*INSERT\b", re.I)
INSERT_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.I)
EXCEPTION = re.compile(r"Code: (\d+)\. DB::.*", re.S)

SYNTAX_ERROR, UNKNOWN_COMPRESSION_METHOD, NOT_IMPLEMENTED, UNKNOWN_EXCEPTION = 62, 89, 48, 1002
POCO_EXCEPTION = 1000
NOT_FOUND_CODES = {16, 46, 47, 50, 60, 63, 73, 81, 115}
BAD_REQUEST_CODES = {6, 26, 27, 36, 38, 41, 42, 43, 44, 53, SYNTAX_ERROR, 69, 70, 72, 117, 130, 456, 457}

METHOD_LZ4, METHOD_NONE = 0x82, 0x02


class Refused(Exception):
    """Said in the words of the server."""

    def __init__(self, code: int, name: str, text: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text}. ({name})")


@dataclass
class Request:
    """What was asked, wherever in the request it stood."""

    statement: str = ""
    rows: bytes = b""
    options: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)

    def settings(self) -> dict[str, str]:
        return {key: value for key, value in self.options.items() if key not in NOT_SETTINGS}


async def read_request(http: web.Request) -> Request:
    request = Request(options=dict(http.query))
    request.statement = request.options.get("query", "")
    if http.content_type == "multipart/form-data":
        async for part in await http.multipart():
            value = bytes(await part.read()).decode()
            if len(value) > MAX_FIELD_BYTES:
                raise Refused(POCO_EXCEPTION, "POCO_EXCEPTION", f"Field value too long: {len(value)}")
            if part.name == "query":
                request.statement += value
            elif part.name.startswith("param_"):
                request.parameters[part.name.removeprefix("param_")] = value
            else:
                request.options[part.name] = value
    else:
        body = await http.read()
        if request.options.get(COMPRESSED) == "1":
            body = b"".join(decompressed(body))
        if IS_INSERT.match(request.statement):
            request.rows = body
        else:
            request.statement += body.decode()
    for key in [key for key in request.options if key.startswith("param_")]:
        request.parameters[key.removeprefix("param_")] = request.options.pop(key)
    check(request)
    return request


def check(request: Request) -> None:
    if not request.statement.strip():
        raise Refused(SYNTAX_ERROR, "SYNTAX_ERROR", "Empty query")
    ends = [token.end() for token in TOKEN.finditer(request.statement) if token[0] == ";"]
    if ends and request.statement[ends[0] :].strip():
        raise Refused(SYNTAX_ERROR, "SYNTAX_ERROR", "Multi-statements are not allowed")
    if SESSION in request.options:
        raise Refused(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "Sessions are not supported by this front for tests")


def decompressed(body: bytes) -> Iterator[bytes]:
    """The contents of native blocks: a checksum of 16 bytes, a method, two lengths (the first counts from the method)."""
    start = 0
    while start < len(body):
        method, compressed, plain = struct.unpack_from("<BII", body, start + 16)
        content = body[start + 25 : start + 16 + compressed]
        if method == METHOD_LZ4:
            yield lz4.block.decompress(content, uncompressed_size=plain)
        elif method == METHOD_NONE:
            yield content
        else:
            raise Refused(UNKNOWN_COMPRESSION_METHOD, "UNKNOWN_COMPRESSION_METHOD", f"Unknown method {method:#x}")
        start += 16 + compressed


class Connection:
    """A session of the engine's, with the database and the settings of the last request."""

    def __init__(self, path: str) -> None:
        self.engine = chdb.connect(path)
        # On only where the engine is no server: it takes what is no statement for an expression.
        self.engine.query("SET implicit_select = 0")
        self._database = ""
        self._settings: dict[str, str] = {}

    def configure(self, request: Request) -> None:
        """Takes the database and the settings of this request, and no others. Most are those of the request before."""
        database, settings = request.options.get(DATABASE) or "default", request.settings()
        if database != self._database:
            self._database = ""
            self.engine.query(f"USE `{database}`")
            self._database = database
        for key in [key for key in self._settings if key not in settings]:
            self.engine.query(f"SET `{key}` = DEFAULT")
            del self._settings[key]
        for key, value in settings.items():
            if self._settings.get(key) != value:
                literal = value.replace("\\", "\\\\").replace("'", "\\'")
                self.engine.query(f"SET `{key}` = '{literal}'")
                self._settings[key] = value


class Engine:
    """The engine, opened once, with several connections to it."""

    def __init__(self, path: str) -> None:
        # The last one that was used first: it is most likely to be set as the next request wants it.
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._idle.put(Connection(path))

    def answer(self, request: Request) -> tuple[bytes, dict[str, int]]:
        """The answer in the format asked for, and what was read or written for it."""
        start = time.perf_counter_ns()
        connection = self._idle.get()
        try:
            connection.configure(request)
            if request.rows and IS_INSERT.match(request.statement):
                content, summary = b"", insert(connection.engine, request)
            else:
                content, summary = select(connection.engine, request)
        finally:
            self._idle.put(connection)
        return content, {**summary, "elapsed_ns": time.perf_counter_ns() - start}


def select(connection: chdb.Connection, request: Request) -> tuple[bytes, dict[str, int]]:
    output = request.options.get(FORMAT, "TabSeparated")
    result = connection.query(request.statement, output, params=request.parameters or None)
    return result.bytes() or b"", {"read_rows": result.rows_read(), "read_bytes": result.bytes_read()}


def insert(connection: chdb.Connection, request: Request) -> dict[str, int]:
    """Rows from a file in memory: the engine's own way of taking them from Python tells no error in writing them."""
    form = INSERT_FORMAT.search(request.statement)
    head = request.statement[: form.start()] if form else re.sub(r"\bVALUES\s*$", "", request.statement, flags=re.I)
    with os.fdopen(os.memfd_create("rows"), "wb") as file:
        file.write(request.rows)
        file.flush()
        path = f"/proc/self/fd/{file.fileno()}"
        done = connection.query(f"{head} FROM INFILE '{path}' FORMAT {form[1] if form else 'Values'}")
    return {"written_rows": done.rows_written(), "written_bytes": done.bytes_written()}


def response(http: web.Request, content: bytes, **more: object) -> web.Response:
    answer = web.Response(body=content, content_type="application/octet-stream", **more)
    accepts = "lz4" in http.headers.get("Accept-Encoding", "")
    if content and accepts and http.query.get("enable_http_compression", "1") != "0":
        answer.body = lz4.frame.compress(content)
        answer.headers["Content-Encoding"] = "lz4"
    return answer


def failure(http: web.Request, error: Exception) -> web.Response:
    said = EXCEPTION.search(str(error))
    code = int(said[1]) if said else UNKNOWN_EXCEPTION
    text = said[0] if said else f"Code: {code}. DB::Exception: {error}. (UNKNOWN_EXCEPTION)"
    status = 404 if code in NOT_FOUND_CODES else 400 if code in BAD_REQUEST_CODES else 500
    answer = response(http, f"{text.rstrip()} (version {chdb.engine_version})\n".encode(), status=status)
    answer.headers["X-ClickHouse-Exception-Code"] = str(code)
    return answer


def application(engine: Engine) -> web.Application:
    pool = ThreadPoolExecutor(CONNECTIONS)

    async def ping(_: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def handle(http: web.Request) -> web.Response:
        try:
            request = await read_request(http)
            content, summary = await asyncio.get_running_loop().run_in_executor(pool, engine.answer, request)
        # Whatever it is, a client is to be told in the words of the server.
        except Exception as error:
            return failure(http, error)
        answered = response(http, content)
        answered.headers["X-ClickHouse-Summary"] = json.dumps({key: str(value) for key, value in summary.items()})
        return answered

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_get("/ping", ping)
    app.router.add_post("/", handle)
    return app


def main() -> None:
    arguments = argparse.ArgumentParser(description="ClickHouse over HTTP, for tests")
    arguments.add_argument("--path", required=True)
    arguments.add_argument("--port", type=int, required=True)
    options = arguments.parse_args()
    web.run_app(application(Engine(options.path)), host="127.0.0.1", port=options.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
