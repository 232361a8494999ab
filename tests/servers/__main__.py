"""Starts one server of each kind, tells their URLs in one line of JSON, and stops them when its standard input is closed.

    $ cd tests && python -m servers
    {"TRACESTEAD_TEST_POSTGRES_URL": "postgres://...", ...}

Where one of the variables is set, that URL is told as it is, and no such server is started.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from servers import ClickHouse, MariaDb, Postgres, Server

VARIABLES: dict[str, type[Server]] = {
    "TRACESTEAD_TEST_POSTGRES_URL": Postgres,
    "TRACESTEAD_TEST_MYSQL_URL": MariaDb,
    "TRACESTEAD_TEST_CLICKHOUSE_URL": ClickHouse,
}


def main() -> None:
    # As closed input does it: by leaving the block that stops the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    urls = {variable: os.environ[variable] for variable in VARIABLES if os.environ.get(variable)}
    with ExitStack() as running:
        missing = {variable: kind() for variable, kind in VARIABLES.items() if variable not in urls}
        # Not at once: apt-get has one lock.
        for server in missing.values():
            server.install()
            running.callback(server.remove)
        with ThreadPoolExecutor() as pool:
            for _ in pool.map(Server.start, missing.values()):
                pass
        urls |= {variable: server.url for variable, server in missing.items()}
        print(json.dumps(urls), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
