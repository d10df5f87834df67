"""Another program's database is read, and that is all."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from portalkey.errors import PortalkeyError, SourceUnusable
from portalkey.vault.sql.foreign import Foreign, read
from support.postgres_server import changed, execute

pytest_plugins = ("support.postgres",)

Make = Callable[..., str]
MAKE = "CREATE TABLE tokens (id INTEGER PRIMARY KEY, token TEXT, owner CHAR(32))"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with a table of two rows."""
    rows = "INSERT INTO tokens VALUES (2, 'b', 'bob'), (1, 'a', 'ada')"
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "old.db")) as database, database:
            database.execute(MAKE)
            database.execute(rows)
        return f"sqlite:///{tmp_path / 'old.db'}"
    found: str = request.getfixturevalue("postgres_url")
    execute(found, MAKE)
    execute(found, rows)
    return found


def test_rows_are_read_in_their_order(url: str) -> None:
    """By the first column, and only those that are meant."""
    names = ("id", "token")

    assert [row["token"] for row in read(url, lambda old: old.rows("tokens", names))] == ["a", "b"]
    assert read(url, lambda old: old.rows("tokens", names, owner="bob")) == [
        {"id": 2, "token": "b"}
    ]


def test_nothing_can_be_written(url: str) -> None:
    """The database itself refuses, whatever is tried."""

    def write(old: Foreign) -> Any:
        return old._tx.execute(text("DELETE FROM tokens"))

    with pytest.raises(PortalkeyError):
        read(url, write)

    assert len(read(url, lambda old: old.rows("tokens", ("id",)))) == 2


def test_a_table_by_its_schema(postgres_url: str) -> None:
    """A dot stands between schema and table."""
    execute(postgres_url, "CREATE SCHEMA crm")
    execute(postgres_url, "CREATE TABLE crm.tokens AS SELECT 7 AS id")

    assert read(postgres_url, lambda old: old.rows("crm.tokens", ("id",))) == [{"id": 7}]


@pytest.mark.parametrize(
    ("table", "names", "words"),
    [
        ("nothing", ("id",), "The database has no table nothing; name the right one."),
        ("tokens", ("id", "x", "y"), "The table tokens has no column x, y; name the right table."),
        ('"; DROP', ("id",), "The database has no table"),
    ],
)
def test_what_is_not_there(url: str, table: str, names: tuple[str, ...], words: str) -> None:
    """It is named."""
    with pytest.raises(SourceUnusable, match=words):
        read(url, lambda old: old.rows(table, names))


def test_a_table_that_this_user_may_not_read(postgres_url: str) -> None:
    """The sentence says what to grant."""
    execute(postgres_url, MAKE)
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute("DROP ROLE IF EXISTS reader_of_nothing")
        database.execute("CREATE ROLE reader_of_nothing LOGIN")
    reader = changed(postgres_url, user="reader_of_nothing")

    with pytest.raises(
        SourceUnusable, match="tokens cannot be read by this user; grant SELECT on it"
    ):
        read(reader, lambda old: old.rows("tokens", ("id",)))


def test_trouble_in_the_middle(url: str) -> None:
    """What the database says of a statement is not repeated."""

    def stumble(old: Foreign) -> Any:
        return old.rows("tokens", ("id",), id="canary")  # a word where PostgreSQL wants a number

    if url.startswith("sqlite"):
        assert read(url, stumble) == []
        return
    with pytest.raises(SourceUnusable, match="user; look whether it is the right one"):
        read(url, stumble)


def test_a_file_that_is_being_written(tmp_path: Path) -> None:
    """It is not waited for for ever."""
    with closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as writer:
        writer.execute(MAKE)
        writer.execute("BEGIN EXCLUSIVE")

        with pytest.raises(SourceUnusable, match="is being written for long; try again"):
            read(f"sqlite:///{tmp_path / 'old.db'}", lambda old: old.columns("tokens"), wait=0.01)
