"""ClickHouse: its real engine as a Python library (chdb), behind the HTTP front of `clickhouse_http.py`.

There is no server to be had from the registries that tests may use. What cannot be tested so: replication, Distributed
tables, Keeper, users and passwords. `ON CLUSTER` is parsed only.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from pathlib import Path

from servers.process import Server

FRONT = Path(__file__).with_name("clickhouse_http.py")


class ClickHouse(Server):
    name = "clickhouse"

    @property
    def url(self) -> str:
        return f"clickhouse://127.0.0.1:{self.port}/default"

    def install(self) -> None:
        """It came with the requirements of these tests."""

    def _create(self) -> None:
        """The engine makes its files when it first opens the directory."""

    def _command(self) -> list[str]:
        return [sys.executable, str(FRONT), "--path", str(self.directory / "data"), "--port", str(self.port)]

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=5) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False
