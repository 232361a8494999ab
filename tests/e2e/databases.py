"""An empty database for a test, on each engine, and the same questions to all of them.

What stands in a database of ours is looked at with that engine's own Python client, never through ours.
"""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.parse
import urllib.request
import uuid
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import psycopg.rows
import psycopg.sql
import pymysql
import pymysql.cursors
from servers.shared import SharedServers

RELATIONAL = ("sqlite", "postgres", "mysql")
ENGINES = (*RELATIONAL, "clickhouse")

# Where Agno keeps its tables unless told otherwise.
DEFAULT_SCHEMA = "ai"


class Database(ABC):
    """A database of its own; as a context manager it is removed at the end."""

    engine: str

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    @abstractmethod
    def url(self) -> str:
        """How tracestead is told of it."""

    @abstractmethod
    def sql(self, query: str, *parameters: Any) -> list[dict]:
        """Asks it, as any SQL client may while a server runs. Parameters stand for question marks, tables are named alone."""

    @abstractmethod
    def run(self, statement: str) -> None:
        """Changes something in it, as others may who use it; tables are named alone."""

    @abstractmethod
    def tables(self) -> list[str]:
        """The tables, in order."""

    @abstractmethod
    def definitions(self) -> Any:
        """All that is defined in it, in a form that can be compared."""

    def remove(self) -> None:
        """Removes it, whoever is still connected."""

    def complaints(self) -> list[Any]:
        """What in it contradicts itself."""
        query = "SELECT span_id FROM agno_spans WHERE trace_id NOT IN (SELECT trace_id FROM agno_traces)"
        return self.sql(query)

    def dump(self) -> dict[str, Any]:
        """Everything: what is defined, and each row of each table."""
        rows = {table: self.sql(f"SELECT * FROM {self.quoted(table)}") for table in self.tables()}
        ordered = {table: sorted(rows[table], key=lambda row: repr(list(row.values()))) for table in rows}
        return {"definitions": self.definitions(), "rows": ordered}

    def quoted(self, name: str) -> str:
        return f'"{name}"'


class SqliteDatabase(Database):
    engine = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def url(self) -> str:
        return f"sqlite:{self.path}"

    def sql(self, query: str, *parameters: Any) -> list[dict]:
        return query_sqlite(self.path, query, *parameters)

    def run(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path, timeout=10, isolation_level=None)) as connection:
            connection.execute(statement)

    def tables(self) -> list[str]:
        query = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        return [row["name"] for row in self.sql(query)]

    def definitions(self) -> Any:
        return self.sql("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")

    def complaints(self) -> list[Any]:
        said = self.sql("PRAGMA integrity_check") + self.sql("PRAGMA foreign_key_check")
        return super().complaints() + [row for row in said if row != {"integrity_check": "ok"}]


class PostgresDatabase(Database):
    """A database of a server, in which the tables are in the schema `ai`."""

    engine = "postgres"

    def __init__(self, server_url: str, name: str | None = None) -> None:
        self._server_url = server_url
        self.name = name or fresh_name()
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(self.name)))

    @property
    def url(self) -> str:
        return with_path(self._server_url, self.name)

    def sql(self, query: str, *parameters: Any) -> list[dict]:
        with self._connect() as connection:
            return connection.execute(with_percent_signs(query), parameters).fetchall()

    def run(self, statement: str) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def tables(self) -> list[str]:
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name"
        return [row["table_name"] for row in self.sql(query, DEFAULT_SCHEMA)]

    def definitions(self) -> Any:
        foreign = "table_schema NOT IN ('pg_catalog', 'information_schema')"
        return {
            "schemas": self.sql("SELECT nspname FROM pg_namespace ORDER BY nspname"),
            "columns": self.sql(
                "SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default "
                f"FROM information_schema.columns WHERE {foreign} "
                "ORDER BY table_schema, table_name, ordinal_position"
            ),
            "indexes": self.sql(
                "SELECT schemaname, indexname, indexdef FROM pg_indexes "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY schemaname, indexname"
            ),
            "constraints": self.sql(
                "SELECT conrelid::regclass::text AS relation, conname, pg_get_constraintdef(oid) AS definition "
                "FROM pg_constraint WHERE connamespace = ?::regnamespace ORDER BY relation, conname",
                DEFAULT_SCHEMA,
            ),
        }

    def remove(self) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            statement = psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(psycopg.sql.Identifier(self.name)))

    def _connect(self) -> psycopg.Connection[dict[str, Any]]:
        options = f"-c search_path={DEFAULT_SCHEMA}"
        return psycopg.connect(self.url, row_factory=psycopg.rows.dict_row, options=options)


class MySqlDatabase(Database):
    """A schema of a MySQL or MariaDB, which is a database there. Who first needs it makes it, as Agno does."""

    engine = "mysql"

    def __init__(self, server_url: str, schema: str | None = None) -> None:
        self._server_url = server_url
        self.schema = schema or fresh_name()

    @property
    def url(self) -> str:
        if self.schema == DEFAULT_SCHEMA:
            return self._server_url
        return f"{self._server_url}{'&' if '?' in self._server_url else '?'}schema={self.schema}"

    @property
    def is_mariadb(self) -> bool:
        with self._connect(None) as connection:
            return "MariaDB" in connection.get_server_info()

    def sql(self, query: str, *parameters: Any) -> list[dict]:
        with self._connect(self.schema) as connection, connection.cursor() as cursor:
            cursor.execute(with_percent_signs(query) if parameters else query, parameters or None)
            return list(cursor.fetchall())

    def run(self, statement: str) -> None:
        self.sql(statement)

    def tables(self) -> list[str]:
        return sorted(name for row in self.sql("SHOW TABLES") for name in row.values())

    def definitions(self) -> Any:
        made = [self.sql(f"SHOW CREATE TABLE {self.quoted(table)}") for table in self.tables()]
        with self._connect(None) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW DATABASES")
            # Those of other tests come and go.
            databases = [row for row in cursor.fetchall() if not NAME.fullmatch(row["Database"])]
        # The counter of an auto-increment, and nothing else, changes on its own.
        return [databases, re.sub(r" AUTO_INCREMENT=\d+", "", repr(made))]

    def remove(self) -> None:
        with self._connect(None) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {self.quoted(self.schema)}")

    def quoted(self, name: str) -> str:
        return f"`{name}`"

    def _connect(self, database: str | None) -> pymysql.Connection:
        url = urllib.parse.urlsplit(self._server_url)
        return pymysql.connect(
            host=url.hostname,
            port=url.port or 3306,
            user=urllib.parse.unquote(url.username or ""),
            password=urllib.parse.unquote(url.password or ""),
            database=database,
            charset="utf8mb4",
            autocommit=True,
            cursorclass=pymysql.cursors.DictCursor,
        )


class ClickHouseDatabase(Database):
    engine = "clickhouse"

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self.name = fresh_name()
        self._post(f"CREATE DATABASE {self.name} ENGINE = Atomic", database="default")

    @property
    def url(self) -> str:
        return with_path(self._server_url, self.name)

    def sql(self, query: str, *parameters: Any) -> list[dict]:
        if parameters:
            raise NotImplementedError("parameters have types in ClickHouse; write them into the question")
        answer = self._post(query, database=self.name, default_format="JSONEachRow")
        return [json.loads(line) for line in answer.splitlines()]

    def run(self, statement: str) -> None:
        self._post(statement, database=self.name)

    def tables(self) -> list[str]:
        return [row["name"] for row in self.sql("SHOW TABLES")]

    def definitions(self) -> Any:
        return [self.sql(f"SHOW CREATE TABLE {self.quoted(table)}") for table in self.tables()]

    def remove(self) -> None:
        self._post(f"DROP DATABASE IF EXISTS {self.name} SYNC", database="default")

    def quoted(self, name: str) -> str:
        return f"`{name}`"

    def _post(self, query: str, **parameters: str) -> str:
        url = urllib.parse.urlsplit(self._server_url)
        address = f"http://{url.hostname}:{url.port or 8123}/?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, data=query.encode(), timeout=30) as response:
            return response.read().decode()


def new_database(engine: str, directory: Path, servers: SharedServers) -> Database:
    """An empty database on a server that is shared; SQLite's is a file in the directory."""
    if engine == "sqlite":
        return SqliteDatabase(directory / "traces.db")
    if engine == "postgres":
        return PostgresDatabase(servers.url("postgres"))
    if engine == "mysql":
        return MySqlDatabase(servers.url("mysql"))
    return ClickHouseDatabase(servers.url("clickhouse"))


def query_sqlite(database: Path, query: str, *parameters: Any) -> list[dict]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query, parameters)]
    finally:
        connection.close()


def parsed(value: Any) -> Any:
    """A value of a JSON column, which only some clients parse."""
    return json.loads(value) if isinstance(value, (str, bytes)) else value


NAME = re.compile(r"e2e_[0-9a-f]{32}")


def fresh_name() -> str:
    return f"e2e_{uuid.uuid4().hex}"


def with_path(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urllib.parse.urlsplit(url)._replace(path=f"/{name}").geturl()


def with_percent_signs(query: str) -> str:
    """The question in the manner of Python's clients."""
    return query.replace("%", "%%").replace("?", "%s")
