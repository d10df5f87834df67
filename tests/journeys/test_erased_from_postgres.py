"""Whoever was erased is in no dump of PostgreSQL, and no longer in its tables once it vacuums."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot
from support.postgres_server import AS_NOBODY, programs

pytest_plugins = ("support.postgres",)

OWNER, DOMAIN = "ada-lovelace-4711", "nordlicht.example"
FILES = "SELECT pg_relation_filepath(oid) FROM pg_class WHERE relname LIKE 'portalkey\\_%'"


@pytest.fixture
def postgres_broker(
    settings: Settings, migrated_postgres_url: str, make_broker: Callable[[Settings], Broker]
) -> Broker:
    """A broker over a database of the test's own."""
    return make_broker(settings.model_copy(update={"database_url": migrated_postgres_url}))


def dump(url: str, tmp_path: Path) -> str:
    """All that PostgreSQL's own program writes of the database."""
    command = [str(programs(tmp_path) / "pg_dump"), f"--dbname={url}"]
    done = subprocess.run(command, check=True, capture_output=True, **AS_NOBODY)
    return str(done.stdout, "utf-8")


def test_no_dump_tells_of_whoever_was_erased(
    postgres_broker: Broker, migrated_postgres_url: str, hubspot: HubSpot, tmp_path: Path
) -> None:
    """Neither owner, e-mail, domain nor ids, though HubSpot is still owed; others' rows stay."""
    broker = postgres_broker
    connect(broker, hubspot, OWNER, 4410002)
    connect(broker, hubspot, "eve", 4410001)
    (row,) = broker.connections(OWNER)
    assert row.account.user_email
    traces = [OWNER, DOMAIN, row.account.user_email, row.id]
    before = dump(migrated_postgres_url, tmp_path)
    assert [trace for trace in traces if trace not in before] == []

    hubspot.stop()
    assert broker.erase(OWNER) == 1
    broker.close()

    after = dump(migrated_postgres_url, tmp_path)
    assert [trace for trace in traces if trace in after] == []
    assert broker.stats().outbox == 1
    assert "harbourpine.example" in after


def test_a_full_vacuum_takes_it_from_the_files_as_well(
    postgres_broker: Broker, migrated_postgres_url: str, hubspot: HubSpot
) -> None:
    """As the docs say; until then, and after a plain one, it lies in the files of the tables."""
    broker = postgres_broker
    for owner in ("eve", OWNER, "grace"):
        connect(broker, hubspot, owner, 4410002)
    broker.erase(OWNER)
    broker.close()
    with psycopg.connect(migrated_postgres_url, autocommit=True) as database:
        database.execute("VACUUM FULL")
        database.execute("CHECKPOINT")
        paths = [path for (path,) in database.execute(FILES) if path is not None]
        found = [
            path
            for path in paths
            for (content,) in database.execute("SELECT pg_read_binary_file(%s)", [path])
            if OWNER.encode() in content
        ]

    assert paths
    assert found == []
