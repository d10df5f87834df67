"""A log that readers keep long is written back, and nobody who writes is the worse for it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from portalkey.vault.sql.half_copies import log_of
from portalkey.vault.sql.long_log import APART, LONG, LOOK_EVERY, LongLog
from portalkey.vault.sql.sqlite import SQLite

_PART = "x" * (LONG // LOOK_EVERY + 10_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file."""
    return tmp_path / "portalkey.db"


@pytest.fixture
def file(path: Path) -> Iterator[SQLite]:
    """A file with a table of ours."""
    with closing(SQLite(path)) as file:
        file.write_fast(lambda driver: driver.execute("CREATE TABLE portalkey_parts (part TEXT)"))
        yield file


@pytest.fixture
def reader(file: SQLite, path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody who reads what was there at the beginning, and will do so for long."""
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM portalkey_parts").fetchall()
        yield reader


def add(driver: Any) -> None:
    """One write more."""
    driver.execute("INSERT INTO portalkey_parts VALUES (?)", [_PART])


def size(path: Path) -> int:
    """The bytes of the log."""
    return log_of(path).stat().st_size


def test_a_log_that_readers_kept_long_is_emptied(
    file: SQLite, path: Path, reader: sqlite3.Connection
) -> None:
    """As soon as they let it, by whoever writes; by itself it would stay as long as it is."""
    for _ in range(LOOK_EVERY - 1):
        file.write_fast(add)
    assert size(path) > LONG * 9 // 10
    reader.execute("COMMIT")
    file.write_fast(add)

    assert size(path) < LONG // 10


def test_a_process_looks_at_its_first_write(
    file: SQLite, path: Path, reader: sqlite3.Connection
) -> None:
    """Many that live for a moment would leave it long, each for the next."""
    for _ in range(LOOK_EVERY - 1):
        file.write_fast(add)
    reader.execute("COMMIT")
    with closing(SQLite(path)) as another:
        another.write(lambda tx: tx.exec_driver_sql("INSERT INTO portalkey_parts VALUES ('')"))

    assert size(path) < LONG // 10


def test_one_who_reads_for_long_is_left_alone(
    file: SQLite, path: Path, reader: sqlite3.Connection
) -> None:
    """Writes go on, what is read stays as it was, and it is tried less and less often."""
    now, tries = [0.0], list[float]()

    def connect(_: float) -> sqlite3.Connection:
        tries.append(now[0])
        return sqlite3.connect(path, isolation_level=None, timeout=0)

    log = LongLog(path, connect, lambda: now[0])
    for _ in range(LOOK_EVERY + 20):
        file.write_fast(add)
    for now[0] in (0.0, APART / 2, APART, 2 * APART, 3 * APART):
        log.shorten()
    assert tries == [0.0, APART, 3 * APART]
    assert size(path) > LONG
    assert not reader.execute("SELECT * FROM portalkey_parts").fetchall()
    reader.execute("COMMIT")
    now[0] = 7 * APART
    log.shorten()

    assert size(path) == 0


def test_a_short_log_is_nobodys_matter(file: SQLite, path: Path) -> None:
    """Nor one that is not there: nothing is opened for it."""

    def connect(_: float) -> sqlite3.Connection:
        raise AssertionError

    file.write_fast(add)
    LongLog(path, connect).shorten()
    LongLog(path.with_name("none.db"), connect).shorten()


def test_another_programs_log_is_left_to_it(path: Path) -> None:
    """How its file is kept is that program's to say."""
    with closing(sqlite3.connect(path, isolation_level=None)) as host:
        host.execute("PRAGMA journal_mode=WAL")
        host.execute("CREATE TABLE invoices (number)")
        host.execute("CREATE TABLE portalkey_parts (part TEXT)")
        with closing(SQLite(path)) as file:
            host.execute("BEGIN")
            host.execute("SELECT * FROM invoices").fetchall()
            for _ in range(LOOK_EVERY - 1):
                file.write_fast(add)
            host.execute("COMMIT")
            file.write_fast(add)

            assert size(path) > LONG
