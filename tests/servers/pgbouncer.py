"""PgBouncer before a PostgreSQL, as strict as it gets: transactions of one client go to whichever connection is free.

Debian's (1.18) does not know prepared statements by their names, which later ones do if they are told to.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

from servers.packages import installed
from servers.postgres import PASSWORD, USER, answers, url_at
from servers.process import Server

# Fewer connections than any server of ours opens, so that they are really shared.
POOL_SIZE = 3


class PgBouncer(Server):
    name = "pgbouncer"
    account = "postgres"

    def __init__(self, behind: str) -> None:
        super().__init__()
        self._behind = urlsplit(behind)

    @property
    def url(self) -> str:
        return url_at(self.port)

    def install(self) -> None:
        self._program = installed(find_program, "pgbouncer")

    def _create(self) -> None:
        (self.directory / "users").write_text(f'"{USER}" "{PASSWORD}"\n')

    def _command(self) -> list[str]:
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": self.directory / "users",
            "pool_mode": "transaction",
            "default_pool_size": POOL_SIZE,
            "max_client_conn": 200,
        }
        lines = [f"{key} = {value}" for key, value in settings.items()]
        behind = f"* = host={self._behind.hostname} port={self._behind.port}"
        text = "\n".join(["[databases]", behind, "[pgbouncer]", *lines, ""])
        (self.directory / "pgbouncer.ini").write_text(text)
        return [str(self._program), str(self.directory / "pgbouncer.ini")]

    def _answers(self) -> bool:
        return answers(self.url)


def find_program() -> Path | None:
    """Debian has it where only root's path leads."""
    found = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin") or shutil.which("pgbouncer")
    return Path(found) if found else None
