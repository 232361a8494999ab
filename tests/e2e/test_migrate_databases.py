"""`tracestead migrate` goes through all databases that a server of this configuration would open, on whatever engines."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pymysql
import pytest
from conftest import NewDatabase
from tracestead import run_tracestead

# Exit codes of the command.
FAILED, TO_DO = 1, 4


def test_every_database_of_the_configuration(binary: Path, make_database: NewDatabase, tmp_path: Path) -> None:
    """With the catalogue in one that is beside the main one; nothing is there at first, not even schemas."""
    with ExitStack() as stack:
        made = {
            name: stack.enter_context(make_database(engine, tmp_path))
            for name, engine in (("main", "clickhouse"), ("pg", "postgres"), ("my", "mysql"), ("kept", "sqlite"))
        }
        config = [
            f'[database]\nurl = "{made["main"].url}"\nid = "main"\ncatalog = "{made["pg"].url}"',
            *(f'[databases.{name}]\nurl = "{made[name].url}"' for name in ("pg", "my", "kept")),
            "read_only = true\n",
        ]
        (tmp_path / "tracestead.toml").write_text("\n".join(config))

        dry = run_tracestead(binary, tmp_path, "migrate", "--dry-run")
        assert dry.returncode == TO_DO, dry.stdout + dry.stderr
        headings = [line for line in dry.stdout.splitlines() if line.startswith("--")]
        assert [heading.split(":")[0] for heading in headings] == [
            "-- main",
            "-- my",
            "-- pg",
            "-- the catalogue, in postgres",
        ]
        assert ":secret@" not in dry.stdout + dry.stderr
        for words in ("CREATE SCHEMA IF NOT EXISTS", "CREATE DATABASE IF NOT EXISTS"):
            assert dry.stdout.count(words) == 1, dry.stdout
        assert made["main"].tables() == [] and made["pg"].tables() == []
        with pytest.raises(pymysql.err.OperationalError, match="Unknown database"):
            made["my"].tables()

        done = run_tracestead(binary, tmp_path, "migrate", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        said = json.loads(done.stdout)
        assert [said["id"], *(database["id"] for database in said["databases"])] == ["main", "my", "pg"]
        for name in ("main", "my", "pg"):
            assert {"agno_traces", "agno_spans", "tracestead_migrations"} <= set(made[name].tables())
        has_keys = [name for name in ("main", "my", "pg") if "tracestead_keys" in made[name].tables()]
        assert has_keys == ["pg"]
        assert not (tmp_path / "traces.db").exists()

        again = run_tracestead(binary, tmp_path, "migrate", "--dry-run")
        assert (again.returncode, again.stdout) == (0, ""), again.stdout + again.stderr


def test_nothing_is_changed_if_one_cannot_be_looked_at(binary: Path, make_database: NewDatabase, tmp_path: Path) -> None:
    with make_database("sqlite", tmp_path) as database:
        (tmp_path / "broken.db").write_text("this is no database, whatever its name may say of it")
        (tmp_path / "tracestead.toml").write_text('[databases.broken]\nurl = "sqlite:broken.db"\n')
        done = run_tracestead(binary, tmp_path, "migrate", "--db", database.url)
        assert done.returncode == FAILED, done.stdout + done.stderr
        assert "cannot look at database `broken`" in done.stderr
        assert not (tmp_path / "traces.db").exists()
