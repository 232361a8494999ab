"""The servers that many tests share: named by the environment, or started by whoever asks first."""

from __future__ import annotations

import os
from contextlib import ExitStack

from servers.clickhouse import ClickHouse
from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.process import Server

# Engines by the scheme of their URLs.
VARIABLES = {
    "postgres": "TRACESTEAD_TEST_POSTGRES_URL",
    "mysql": "TRACESTEAD_TEST_MYSQL_URL",
    "clickhouse": "TRACESTEAD_TEST_CLICKHOUSE_URL",
}
KINDS: dict[str, type[Server]] = {"postgres": Postgres, "mysql": MariaDb, "clickhouse": ClickHouse}


class SharedServers:
    """At most one server of each kind; those that were started here end with the block."""

    def __init__(self, durable: bool = False) -> None:
        self._durable = durable
        self._urls: dict[str, str] = {}
        self._running = ExitStack()

    def __enter__(self) -> SharedServers:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def url(self, engine: str) -> str:
        if engine not in self._urls:
            self._urls[engine] = os.environ.get(VARIABLES[engine]) or self._start(engine)
        return self._urls[engine]

    def _start(self, engine: str) -> str:
        return self._running.enter_context(KINDS[engine](self._durable)).url
