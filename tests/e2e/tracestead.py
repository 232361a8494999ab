"""The real binary as a subject of tests: start it, ask it, look into its database, stop it."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx
from databases import Database, SqliteDatabase

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"

START_SECONDS = 20
DRAIN_SECONDS = 20
COMMAND_SECONDS = 60
FACES = ("page and REST", "OTLP/HTTP", "OTLP/gRPC")
FREE_PORTS = [word for option in ("--listen", "--otlp-http", "--otlp-grpc") for word in (option, "127.0.0.1:0")]
READY_LINE = re.compile(r"^listening on (http://\S+) \((.+)\)$")

# Nobody here speaks TLS, and httpx would read all certificates of the system for each request (30 ms).
PLAIN_HTTP: dict[str, Any] = {"timeout": 30, "verify": False}

T = TypeVar("T")


def wait_until(probe: Callable[[], T], what: str, seconds: float = 3.0) -> T:
    """Returns the first truthy answer of the probe; an error within it that comes of an answer counts as "not yet"."""
    deadline = time.monotonic() + seconds
    last: Any = None
    while True:
        try:
            last = probe()
            if last:
                return last
        except (AssertionError, ValueError, LookupError) as not_yet:
            last = not_yet
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {seconds} s; last seen: {last}")
        time.sleep(0.02)


class Tracestead:
    """A running `tracestead serve` on ports of its own; use it as a context manager."""

    def __init__(
        self,
        binary: Path,
        directory: Path,
        database: Database | None = None,
        flags: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.binary = binary
        self.directory = directory
        self.database = database or SqliteDatabase(directory / "traces.db")
        self.flags = flags
        self.environment = {**plain_environment(), **(environment or {})}
        self.addresses: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Tracestead:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()

    @property
    def page(self) -> str:
        return self.addresses["page and REST"]

    @property
    def otlp_http(self) -> str:
        return self.addresses["OTLP/HTTP"]

    @property
    def otlp_grpc(self) -> str:
        return self.addresses["OTLP/gRPC"]

    def start(self) -> None:
        command = [str(self.binary), "serve", "--db", self.database.url, *self.flags]
        command += FREE_PORTS
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=self.directory, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.addresses = {}
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_forward_lines, args=(self._process.stdout, lines), daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while set(self.addresses) != set(FACES):
            try:
                line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.kill()
                raise AssertionError(f"the server did not get ready; it printed {self.addresses}\n{self.log()}")
            if ready := READY_LINE.match(line.strip()):
                self.addresses[ready[2]] = ready[1]

    def stop(self) -> None:
        """Ends it as an operator does, and insists on a clean end."""
        process, self._process = self._process, None
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"SIGTERM did not end the server in {DRAIN_SECONDS} s\n{self.log()}") from None
        assert code == 0, f"the server ended with {code}\n{self.log()}"
        assert "panicked" not in self.log(), self.log()

    def kill(self) -> None:
        """Ends it without any warning, like a power cut."""
        process, self._process = self._process, None
        process.kill()
        process.wait()

    def log(self) -> str:
        return self.whole_log()[-8000:]

    def whole_log(self) -> str:
        return self._log.read_text()

    @property
    def _log(self) -> Path:
        return self.directory / "tracestead.log"

    def get(self, path: str, **params: Any) -> Any:
        response = httpx.get(self.page + path, params=params, **PLAIN_HTTP)
        assert response.status_code == 200, f"GET {response.url}: {response.status_code} {response.text}"
        return response.json()

    def search(self, filter: dict | None = None, **body: Any) -> Any:
        response = httpx.post(f"{self.page}/traces/search", json={"filter": filter, **body}, **PLAIN_HTTP)
        assert response.status_code == 200, f"search {filter}: {response.status_code} {response.text}"
        return response.json()

    def post_otlp(self, body: bytes, content_type: str = "application/x-protobuf", **headers: str) -> httpx.Response:
        return httpx.post(
            f"{self.otlp_http}/v1/traces",
            content=body,
            headers={"Content-Type": content_type, **headers},
            **PLAIN_HTTP,
        )

    def ingest_fixture(self, fixture: Path) -> None:
        """Sends a captured export request (`.otlp.pb` or `.otlp.json`) and insists that all of it was taken."""
        content_type = "application/json" if fixture.suffix == ".json" else "application/x-protobuf"
        response = self.post_otlp(fixture.read_bytes(), content_type)
        assert response.status_code == 200, f"{fixture.name}: {response.status_code} {response.text}"

    def sql(self, query: str, *parameters: Any) -> list[dict]:
        """Asks the database itself, as any SQL client may while the server runs."""
        return self.database.sql(query, *parameters)


def run_tracestead(binary: Path, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command that ends on its own."""
    return subprocess.run(
        [str(binary), *arguments],
        cwd=directory,
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )


def plain_environment() -> dict[str, str]:
    """Settings of whoever runs the tests must not reach the program."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("TRACESTEAD_", "OTEL_"))}


def _forward_lines(stream: Any, lines: queue.Queue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)
