"""A PostgreSQL that asks for a password, by SCRAM, as managed ones and Debian's do."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from portalkey.errors import StoreUnusable
from portalkey.testing.samples import connect
from portalkey.vault import SQLStore
from portalkey.vault.health import StoreCause
from support.postgres_server import changed, named, new_database, running_bouncer, running_server

PASSWORD = "canary p/ss%word"
OPEN = """
import sys
from portalkey.vault import SQLStore
SQLStore.open(sys.argv[1]).close()
print("let in")
"""


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    """A server at a port of this machine, whose one user has a password."""
    with running_server(PASSWORD) as server:
        yield server.url


@pytest.fixture
def url(server_url: str) -> Iterator[str]:
    """An empty database of the test's own there, with user and password."""
    with new_database(server_url) as url:
        yield url


def without_password(url: str) -> str:
    """The *url*, whose password has to come from elsewhere."""
    return changed(url, password="").replace("password=&", "").replace("&password=", "")


def open_with(url: str, **environ: str) -> str:
    """What a process of its own says that opens a store at *url* with more variables."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN, url],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_the_password_of_a_url_lets_in(url: str) -> None:
    """For transactions and for prepared statements alike."""
    store = SQLStore.open(url)
    connection = connect(store)

    (found,) = store.connections(connection.owner, "app")
    store.close()

    assert found.id == connection.id


def test_a_password_in_a_variable_lets_in(url: str) -> None:
    """It keeps it out of the list of processes."""
    assert open_with(without_password(url), PGPASSWORD=PASSWORD) == "let in"


def test_a_password_in_a_file_lets_in(url: str, tmp_path: Path) -> None:
    """The file is libpq's, by host, port, database and user."""
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:*:*:postgres:{PASSWORD}\n")
    file.chmod(0o600)

    assert open_with(without_password(url), PGPASSFILE=str(file)) == "let in"


@pytest.mark.parametrize("methods", ["scram-sha-256", "!password,!md5"])
def test_a_demand_that_the_server_meets_lets_in(url: str, methods: str) -> None:
    """Whether it stands in the URL or in libpq's variable."""
    SQLStore.open(changed(url, require_auth=methods)).close()

    assert open_with(url, PGREQUIREAUTH=methods) == "let in"


def test_a_wrong_password_says_who_is_not_let_in(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """User and port, and in the log, at its lowest level, the server's words."""
    wrong = changed(url, password="canary-wrong")
    port = conninfo_to_dict(url)["port"]
    with (
        caplog.at_level(logging.DEBUG, "portalkey"),
        pytest.raises(StoreUnusable, match=rf"\(port {port}\) lets nobody in as user p") as sad,
    ):
        SQLStore.open(wrong)

    assert sad.value.cause == StoreCause.REFUSED
    assert 'let nobody in: FATAL: password authentication failed for user "postg' in caplog.text
    assert "canary" not in f"{sad.value!r}{caplog.text}"


def test_a_server_whose_words_bear_the_password_is_not_logged(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As far as this side knows it; here the user is called like it."""
    with caplog.at_level(logging.DEBUG, "portalkey"), pytest.raises(StoreUnusable):
        SQLStore.open(changed(url, user=PASSWORD))

    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"require_auth": "md5"}, "look at require_auth and channel_binding"),
        ({"channel_binding": "require"}, "look at require_auth and channel_binding"),
        ({"require_auth": "canary"}, "look at require_auth and channel_binding"),
    ],
)
def test_a_refusal_of_this_side_does_not_blame_the_password(
    url: str, change: dict[str, str], sentence: str
) -> None:
    """None was sent; what refused is named."""
    with pytest.raises(StoreUnusable, match=sentence) as refusal:
        SQLStore.open(changed(url, **change))

    assert "user and password" not in str(refusal.value)
    assert "canary" not in str(refusal.value)


def test_a_password_that_nobody_gave_is_asked_for(url: str) -> None:
    """With the three places where it may stand."""
    said = open_with(without_password(url), PGPASSFILE="/dev/null")

    assert "wants a password of user postgres, and there is none" in said
    assert "PGPASSWORD, or into the file that PGPASSFILE names" in said


def test_pgbouncer_may_ask_for_a_password_too(url: str) -> None:
    """Of its own, by SCRAM, and it brings another one to the server."""
    server = conninfo_to_dict(url)
    database = str(server.pop("dbname"))
    shown = " ".join(f"{name}='{value}'" for name, value in server.items())
    with running_bouncer(shown, url, password="canary-bouncer") as bouncer:
        store = SQLStore.open(named(bouncer, database))
        assert store.now()
        store.close()
        wrong = changed(named(bouncer, database), password="other")
        with pytest.raises(StoreUnusable, match=r"\(port 6432\) lets nobody in as user anybody;"):
            SQLStore.open(wrong)
