"""PostgreSQL: Debian's, or the one on the path."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import psycopg

from servers.packages import installed
from servers.process import Server

USER, PASSWORD, DATABASE = "tracestead", "secret", "postgres"


class Postgres(Server):
    name = "postgres"
    account = "postgres"
    stop_signal = signal.SIGINT

    @property
    def url(self) -> str:
        return url_at(self.port)

    def install(self) -> None:
        self._programs = installed(find_programs, "postgresql")

    def _create(self) -> None:
        password = self.directory / "password"
        password.write_text(PASSWORD)
        # With a real password, so that one that gets lost or garbled on the way is noticed.
        self._run(
            [
                str(self._programs / "initdb"),
                f"--pgdata={self._data}",
                f"--username={USER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]
        )

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "300",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self._data), *options]

    def _answers(self) -> bool:
        return answers(self.url)

    def _may_start_later(self) -> bool:
        # The processes of its connections outlive one that was killed by a moment.
        return "pre-existing shared memory block" in self.log()

    @property
    def _data(self) -> Path:
        return self.directory / "data"


def url_at(port: int) -> str:
    return f"postgres://{USER}:{PASSWORD}@127.0.0.1:{port}/{DATABASE}"


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def find_programs() -> Path | None:
    """The folder with `initdb` and `postgres`. Debian has them in one for each version, none of which is on the path."""
    if program := shutil.which("initdb"):
        return Path(program).resolve().parent
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name), default=None)
