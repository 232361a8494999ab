"""Agno's own database classes, on any engine, the asynchronous ones as well.

Agno 3.1.10 on MariaDB needs two remedies, on tables of its own as much as on ours (MySQL needs neither):

- MariaDB has no type JSON: what was created as JSON is LONGTEXT with a check, and SQLAlchemy says so to who asks. A process
  that finds `agno_spans` in the database therefore cannot write spans ("dict can not be used as parameter"), and reads
  attributes as text. Only the process that created the table knows better. Here it is told what the column is.
- `upsert_trace` has MariaDB compute with times that have an offset, which strict mode refuses (1292). Here it is off.

`test_agno_on_mariadb.py` shows both faults without us, so that we notice when they are gone.
"""

from __future__ import annotations

import asyncio
import inspect
import urllib.parse
from dataclasses import dataclass
from typing import Any

from agno.db.mysql import AsyncMySQLDb, MySQLDb
from agno.db.postgres import AsyncPostgresDb, PostgresDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from databases import Database, MySqlDatabase, PostgresDatabase, SqliteDatabase
from sqlalchemy import JSON, event


@dataclass(frozen=True)
class AgnoClass:
    """One of Agno's classes that keep traces."""

    name: str
    engine: str
    asynchronous: bool

    def __str__(self) -> str:
        return self.name

    def open(self, database: Database) -> AgnoDb:
        assert database.engine == self.engine
        return AgnoDb(open_agno(agno_url(database), agno_schema(database), self.asynchronous))


AGNO_CLASSES = [
    AgnoClass("SqliteDb", "sqlite", False),
    AgnoClass("AsyncSqliteDb", "sqlite", True),
    AgnoClass("PostgresDb", "postgres", False),
    AgnoClass("AsyncPostgresDb", "postgres", True),
    AgnoClass("MySQLDb", "mysql", False),
    AgnoClass("AsyncMySQLDb", "mysql", True),
]


class AgnoDb:
    """An instance of one of them, with every method awaited where it has to be."""

    def __init__(self, db: Any) -> None:
        self.db = db
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> AgnoDb:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.db, name)

        def call(*arguments: Any, **named: Any) -> Any:
            answer = method(*arguments, **named)
            return self._loop.run_until_complete(answer) if inspect.isawaitable(answer) else answer

        return call

    def close(self) -> None:
        closed = self.db.close()
        if inspect.isawaitable(closed):
            self._loop.run_until_complete(closed)
        self._loop.close()


def agno_of(database: Database) -> AgnoDb:
    """The class that users of this engine have most often."""
    (plain,) = (kind for kind in AGNO_CLASSES if kind.engine == database.engine and not kind.asynchronous)
    return plain.open(database)


def agno_url(database: Database) -> str:
    """How Agno is told of it: SQLAlchemy's way."""
    if isinstance(database, SqliteDatabase):
        return f"sqlite:///{database.path}"
    if isinstance(database, PostgresDatabase):
        return with_scheme(database.url, "postgresql+psycopg")
    assert isinstance(database, MySqlDatabase)
    if database.is_mariadb:
        return f"{with_scheme(database.url, 'mysql+pymysql')}?init_command={urllib.parse.quote(NOT_STRICT)}"
    return with_scheme(database.url, "mysql+pymysql")


def agno_schema(database: Database) -> str | None:
    return database.schema if isinstance(database, MySqlDatabase) else None


NOT_STRICT = "SET sql_mode = ''"


def with_scheme(url: str, scheme: str) -> str:
    return urllib.parse.urlsplit(url)._replace(scheme=scheme, query="").geturl()


def open_agno(url: str, schema: str | None = None, asynchronous: bool = False) -> Any:
    """An instance of Agno's class for a URL of SQLAlchemy's."""
    if url.startswith("sqlite"):
        if asynchronous:
            return AsyncSqliteDb(db_url=url.replace("sqlite:", "sqlite+aiosqlite:"))
        return SqliteDb(db_url=url)
    if url.startswith("postgresql"):
        return (AsyncPostgresDb if asynchronous else PostgresDb)(db_url=url, db_schema=schema)
    if asynchronous:
        db = AsyncMySQLDb(db_url=url.replace("mysql+pymysql", "mysql+asyncmy"), db_schema=schema)
    else:
        db = MySQLDb(db_url=url, db_schema=schema)
    event.listen(db.metadata, "column_reflect", _attributes_are_json)
    return db


def _attributes_are_json(inspector: Any, table: Any, column: dict) -> None:
    if column["name"] == "attributes":
        column["type"] = JSON()
