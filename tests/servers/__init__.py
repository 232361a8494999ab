"""Real database servers for tests, each in a fresh directory and on a free port, so that runs do not collide.

Used from Python (`with Postgres() as server: server.url`), and by everything else through `python -m servers`, which starts
one of each and tells their URLs. A program that is missing is installed; what cannot be started is a failure, never a skip.
"""

from __future__ import annotations

from servers.clickhouse import ClickHouse
from servers.mariadb import MariaDb
from servers.pgbouncer import PgBouncer
from servers.postgres import Postgres
from servers.process import Server, ServerError

__all__ = ["ClickHouse", "MariaDb", "PgBouncer", "Postgres", "Server", "ServerError"]
