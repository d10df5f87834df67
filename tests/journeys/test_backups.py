"""``portalkey db backup`` and ``db check``, as an operator runs them."""

import json
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg.conninfo import conninfo_to_dict

from portalkey.testing.samples import connect
from portalkey.vault import SQLStore
from portalkey.vault.open import open_store
from support.commands import run
from support.postgres_server import AS_NOBODY, new_database, programs

pytest_plugins = ("support.postgres",)


def write_settings(tmp_path: Path, url: str, label: str = "a") -> str:
    """Settings of a store at *url*."""
    path = tmp_path / "app.env"
    path.write_text(
        f"HUBSPOT_CLIENT_ID=app\nHUBSPOT_CLIENT_SECRET=canary-secret\n"
        f"PORTALKEY_KEYS={label}:{Fernet.generate_key().decode()}\nPORTALKEY_DATABASE_URL={url}\n"
    )
    return str(path)


@pytest.fixture(params=["sqlite:///{}/portalkey.db", "file://{}/connections.json"])
def env_file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Settings of a store that is open, with one connection; in a database, and in a file."""
    url = request.param.format(tmp_path)
    with closing(open_store(url)) as store:
        connect(store)
        store.add_meta("key_check app a", "value")
        yield write_settings(tmp_path, url)


def test_a_backup_is_made_and_checked(env_file: str, tmp_path: Path) -> None:
    """Said in sentences, and to programs; the second one finds the first, and leaves it."""
    first, second = tmp_path / "first", tmp_path / "second"

    done = run("db", "backup", str(first), "--env-file", env_file)
    again = run("db", "backup", str(first), "--env-file", env_file)
    told = run("db", "backup", str(second), "--env-file", env_file, "--json")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Backed up to {first}: 1 connection, ")
    assert (again.returncode, again.stdout) == (1, "")
    assert "written over nothing" in again.stderr
    assert json.loads(told.stdout)["connections"] == 1
    for file in (first, second):
        checked = run("db", "check", str(file))
        assert checked.returncode == 0, checked.stdout
        assert file.stat().st_mode & 0o077 == 0
    assert run("db", "check", "--env-file", env_file).returncode == 0


def test_a_backup_older_than_a_retired_key(env_file: str, tmp_path: Path) -> None:
    """It is whole, and nothing opens it: the key that its rows bear is named."""
    url = Path(env_file).read_text().rpartition("PORTALKEY_DATABASE_URL=")[2].strip()
    found = run("db", "check", "--env-file", write_settings(tmp_path, url, label="b"))

    assert found.returncode == 1
    assert "Rows are sealed with the key a" in found.stdout


def test_a_check_that_finds_something_ends_with_1(tmp_path: Path) -> None:
    """A mark, a word, the sentence and what to do; likewise for programs."""
    (tmp_path / "empty.db").touch()

    said = run("db", "check", str(tmp_path / "empty.db"))
    told = run("db", "check", str(tmp_path / "empty.db"), "--json")

    assert (said.returncode, told.returncode) == (1, 1)
    assert said.stdout.startswith("  ✗ problem  The file")
    assert "→ Restore it from a backup" in said.stdout
    (finding,) = json.loads(told.stdout)["checks"]
    assert (finding["name"], finding["state"]) == ("file", "problem")


def run_program(command: str, folder: Path) -> None:
    """Run a program of PostgreSQL's own, of the server's version."""
    name, *arguments = shlex.split(command)
    tool = programs(folder) / name
    subprocess.run([str(tool), *arguments], check=True, **AS_NOBODY)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's programs may write to, which run as nobody."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.parametrize("schema", ["portalkey", "public"])
def test_postgresql_is_backed_up_by_its_own_program(
    postgres_server_url: str, folder: Path, schema: str
) -> None:
    """What the command prints works as it is, and what comes of it can be restored.

    It stands in a subshell, so that whoever pastes it keeps their umask.
    """
    with new_database(postgres_server_url) as url, new_database(postgres_server_url) as empty:
        with closing(SQLStore.open(url, schema=schema)) as store:
            connect(store)
            store.add_meta("key_check app a", "value")
        done = run("db", "backup", str(folder / "dump"), "--env-file", write_settings(folder, url))
        assert (done.returncode, done.stdout) == (1, "")
        assert "canary" not in done.stderr
        (command,) = [line for line in done.stderr.splitlines() if line.startswith("  (umask")]
        umask, dump = command.strip().removesuffix(")").split("; ")
        assert umask == "(umask 077"
        run_program(dump, folder)
        looked = run("db", "check", str(folder / "dump"))
        assert "can be checked once restored" in " ".join(looked.stdout.split())
        place = psycopg.conninfo.make_conninfo("", **conninfo_to_dict(empty))
        restore = ("pg_restore", f"--dbname={place}", "--single-transaction", f"{folder}/dump")
        run_program(shlex.join(restore), folder)

        checked = run("db", "check", "--env-file", write_settings(folder, empty))
        assert checked.returncode == 0, checked.stdout
        assert "Connections: 1" in checked.stdout
        with closing(SQLStore.open(empty)) as restored:
            assert len(restored.connections("ada", "app")) == 1


def test_rows_that_came_without_their_sequence_are_found_out(
    migrated_postgres_url: str, tmp_path: Path
) -> None:
    """Events would get numbers that are taken."""
    with psycopg.connect(migrated_postgres_url) as connection:
        connection.execute(
            "INSERT INTO portalkey.portalkey_events VALUES (7, 0, 'x', NULL, NULL, NULL, '{}')"
        )

    checked = run("db", "check", "--env-file", write_settings(tmp_path, migrated_postgres_url))

    assert checked.returncode == 1
    assert "the next is 1, and the highest there is 7" in checked.stdout.replace(
        "\n             ", " "
    )
