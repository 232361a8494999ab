"""A copy into each database is killed in the middle, again and again; the last one ends with all that is in its source."""

from __future__ import annotations

import random
import subprocess
import threading
from pathlib import Path

import pytest
from conftest import NewDatabase
from databases import ENGINES, Database
from test_database_killed import fresh_request
from tracestead import Tracestead, plain_environment, run_tracestead, wait_until

REQUESTS = 1500
KILLS = 3
KILLED = -9


def spans(database: Database) -> int:
    """How many are there; none before there is a table."""
    final = " FINAL" if database.engine == "clickhouse" else ""
    try:
        return int(database.sql(f"SELECT count(*) AS spans FROM agno_spans{final}")[0]["spans"])
    except Exception:  # Each driver has its own for a table that is not there yet.
        return 0


@pytest.mark.parametrize("engine", ENGINES)
def test_it_goes_on(binary: Path, make_database: NewDatabase, tmp_path: Path, engine: str) -> None:
    (tmp_path / "source").mkdir()
    with Tracestead(binary, tmp_path / "source") as source:
        fill(source)
        total = spans(source.database)
    with make_database(engine, tmp_path) as target:
        command = [str(binary), "copy", "--from", source.database.url, "--to", target.url]
        killed = 0
        for _ in range(KILLS):
            had = spans(target)
            copy = subprocess.Popen(
                command, cwd=tmp_path, env=plain_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            wait_until(lambda: copy.poll() is not None or spans(target) > had, "more spans", 60)
            copy.kill()
            killed += copy.wait() == KILLED
        assert killed >= 1, "it was done before it was killed"
        assert 0 < spans(target)
        done = run_tracestead(binary, tmp_path, *command[1:])
        assert done.returncode == 0, done.stdout + done.stderr
        assert spans(target) == total
        # Compared once more, by itself: every value of every row.
        verified = run_tracestead(binary, tmp_path, *command[1:], "--verify-only")
        assert verified.returncode == 0, verified.stdout + verified.stderr


def fill(source: Tracestead) -> None:
    def send(seed: int) -> None:
        numbers = random.Random(seed)
        for _ in range(REQUESTS // 8):
            assert source.post_otlp(fresh_request(numbers).SerializeToString()).status_code == 200

    threads = [threading.Thread(target=send, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
