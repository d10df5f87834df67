"""The tables in a file and the tables in the code are the same."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

import portalkey.vault.sql.migrate
from portalkey.errors import StoreUnusable
from portalkey.vault import SQLStore
from portalkey.vault.sql.migrate import HEAD, VERSION_TABLE, migrate, revision
from portalkey.vault.sql.tables import metadata


def differences(store: SQLStore) -> list[object]:
    """What Alembic would change to make the file like ``tables.py``."""

    def compare(tx: Connection) -> list[object]:
        options = {"version_table": VERSION_TABLE, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(tx, opts=options), metadata))

    return store._database.read(compare)


def test_migrations_and_tables_agree(store: SQLStore) -> None:
    """Columns, types, indexes and constraints."""
    assert differences(store) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE portalkey_outbox ADD COLUMN more TEXT",
        "DROP INDEX portalkey_outbox_by_due",
        "DROP TABLE portalkey_provider",
    ],
)
def test_a_difference_would_be_seen(store: SQLStore, change: str) -> None:
    """Negative control of the comparison."""
    store._database.write(lambda tx: tx.execute(text(change)))

    assert differences(store)


def test_the_newest_revision_is_named() -> None:
    """So that a start need not load Alembic to see that nothing is to be done."""
    config = Config()
    config.set_main_option(
        "script_location", str(Path(portalkey.vault.sql.migrate.__file__).with_name("migrations"))
    )

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrating_again_changes_nothing(store: SQLStore) -> None:
    """Neither the tables nor the version."""
    migrate(store._database)

    assert differences(store) == []
    assert store._database.read(revision) == HEAD


def test_a_newer_store_is_refused_and_left_alone(store: SQLStore, path: Path) -> None:
    """An older portalkey does not know what the newer one keeps there."""
    newer = f"UPDATE {VERSION_TABLE} SET version_num = '9999'"  # noqa: S608 - our own name
    store._database.write(lambda tx: tx.execute(text(newer)))
    with pytest.raises(StoreUnusable, match=r"portalkey.db was made by a newer portalkey"):
        SQLStore.open(f"sqlite:///{path}")

    assert store._database.read(revision) == "9999"


def test_a_migration_that_fails_leaves_nothing(path: Path) -> None:
    """Tables made so far are gone with the transaction, and the next start can try again."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE portalkey_provider (mine TEXT)")
    connection.close()
    with pytest.raises(StoreUnusable):
        SQLStore.open(f"sqlite:///{path}")

    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert tables == [("portalkey_provider",)]


def test_a_start_that_migrates_nothing_loads_no_alembic(store: SQLStore, path: Path) -> None:
    """It would cost every start of every process."""
    code = (
        "import sys; from portalkey.vault import SQLStore; "
        "SQLStore.open(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", code, f"sqlite:///{path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
