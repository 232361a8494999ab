"""Why `agno_db.py` helps Agno on MariaDB: what Agno 3.1.10 cannot do there, on tables of its own, without us.

When these fail, Agno or SQLAlchemy has learnt it, and the remedies can go. On a MySQL there is nothing to remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from agno.db.mysql import MySQLDb
from agno_db import with_scheme
from conftest import NewDatabase
from databases import MySqlDatabase
from test_agno_reads_ours import agno_span, agno_trace

TRACE = "a" * 32


@pytest.fixture
def database(make_database: NewDatabase, tmp_path: Path) -> Iterator[MySqlDatabase]:
    with make_database("mysql", tmp_path) as made:
        yield made


def plain_agno(database: MySqlDatabase) -> MySQLDb:
    """As the documentation has it."""
    return MySQLDb(db_url=with_scheme(database.url, "mysql+pymysql"), db_schema=database.schema)


def test_spans_need_the_process_that_made_the_table(database: MySqlDatabase) -> None:
    first = plain_agno(database)
    first.upsert_trace(agno_trace(TRACE))
    first.create_spans([agno_span(TRACE, "1" * 16)])
    assert isinstance(first.get_span("1" * 16).attributes, dict)

    second = plain_agno(database)
    second.create_spans([agno_span(TRACE, "2" * 16)])
    written = second.get_span("2" * 16) is not None
    assert written is not database.is_mariadb
    assert isinstance(second.get_span("1" * 16).attributes, str if database.is_mariadb else dict)
    first.close()
    second.close()


def test_a_trace_keeps_its_first_batch(database: MySqlDatabase) -> None:
    db = plain_agno(database)
    first = agno_trace(TRACE)
    db.upsert_trace(first)
    later = first.end_time + timedelta(seconds=1)
    db.upsert_trace(agno_trace(TRACE, end_time=later))
    assert db.get_trace(trace_id=TRACE).end_time == (first.end_time if database.is_mariadb else later)
    db.close()
