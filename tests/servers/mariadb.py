"""MariaDB: Debian's, or the one on the path."""

from __future__ import annotations

import shutil
from pathlib import Path

import pymysql

from servers.packages import installed
from servers.process import Server

USER, PASSWORD, DATABASE = "tracestead", "secret", "tracestead"

# Read at every start, before the first connection is accepted.
INIT = f"""\
CREATE DATABASE IF NOT EXISTS {DATABASE};
CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%';
"""


class MariaDb(Server):
    name = "mariadb"
    account = "mysql"

    @property
    def url(self) -> str:
        return f"mysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{DATABASE}"

    def install(self) -> None:
        self._server = installed(lambda: find_program("mariadbd"), "mariadb-server")
        self._installer = installed(lambda: find_program("mariadb-install-db"), "mariadb-server")

    def _create(self) -> None:
        (self.directory / "init.sql").write_text(INIT)
        command = [
            str(self._installer),
            "--no-defaults",
            f"--datadir={self._data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]
        # Without it, it looks for the account that Debian made, which an ordinary user cannot become.
        if user := self._user():
            command.append(f"--user={user}")
        self._run(command)

    def _command(self) -> list[str]:
        flush = 1 if self.durable else 0
        return [
            str(self._server),
            "--no-defaults",
            f"--datadir={self._data}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--socket={self.directory / 's.sock'}",
            f"--pid-file={self.directory / 'pid'}",
            f"--init-file={self.directory / 'init.sql'}",
            f"--innodb-flush-log-at-trx-commit={flush}",
            "--max-connections=300",
            # As Debian's own configuration has it; what is compiled in is latin1, which cannot hold every prompt.
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci",
            # Nobody's name is looked up.
            "--skip-name-resolve",
        ]

    def _answers(self) -> bool:
        try:
            pymysql.connect(
                host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, connect_timeout=5
            ).close()
        except pymysql.err.OperationalError:
            return False
        return True

    @property
    def _data(self) -> Path:
        return self.directory / "data"


def find_program(name: str) -> Path | None:
    # An ordinary user's path has no `sbin`.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    return Path(found) if found else None
