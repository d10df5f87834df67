"""The store that a URL names."""

import subprocess
import sys
from pathlib import Path

import pytest

from portalkey.errors import BadSettings
from portalkey.vault import SQLStore
from portalkey.vault.json_file.store import ConfigFileStore
from portalkey.vault.open import open_store


def test_the_url_says_which_store(tmp_path: Path) -> None:
    """A config file for file://, a database for everything else."""
    stores = [
        open_store(f"file://{tmp_path}/new/a%20b.json"),
        open_store(f"sqlite:///{tmp_path}/portalkey.db"),
    ]

    assert [type(each) for each in stores] == [ConfigFileStore, SQLStore]
    assert (tmp_path / "new" / "a b.json").exists()
    for each in stores:
        each.close()


LOADED = """
import sys
there = {*sys.modules}  # whoever counts lines has loaded SQLite already
from portalkey import Broker
from portalkey.vault.open import open_store
open_store(sys.argv[1]).now()
print({"sqlalchemy", "alembic", "sqlite3"} & ({*sys.modules} - there))
"""


@pytest.mark.parametrize(
    ("url", "loaded"),
    [("file://{}/connections.json", set()), ("sqlite:///{}/portalkey.db", {"sqlalchemy"})],
    ids=["file", "database"],
)
def test_a_config_file_loads_no_database(tmp_path: Path, url: str, loaded: set[str]) -> None:
    """A script over a config file starts without SQLAlchemy, which takes longer than the rest."""
    command = [sys.executable, "-c", LOADED, url.format(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert all(each in done.stdout for each in loaded)
    assert loaded or done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("url", "schema", "problem"),
    [
        ("file:///tmp/a.json", "apart", "PORTALKEY_DATABASE_SCHEMA is for PostgreSQL"),
        ("file://a.json", "", "PORTALKEY_DATABASE_URL names no file by its whole path"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, schema: str, problem: str) -> None:
    """As the settings refuse it, by whomever it is given."""
    with pytest.raises(BadSettings, match=problem):
        open_store(url, schema)
