"""Starts one server of each kind, tells their URLs in one line of JSON, and stops them when its standard input is closed.

    $ cd tests && python -m servers
    {"TRACESTEAD_TEST_POSTGRES_URL": "postgres://...", ...}

Where one of the variables is set, that URL is told as it is, and no such server is started. With `--durable` they wait for
the disk at each commit, as servers do whose data matters: for measuring.
"""

from __future__ import annotations

import json
import signal
import sys

from servers.shared import VARIABLES, SharedServers


def main() -> None:
    # As closed input does it: by leaving the block that stops the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with SharedServers(durable="--durable" in sys.argv[1:]) as shared:
        print(json.dumps({variable: shared.url(engine) for engine, variable in VARIABLES.items()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
