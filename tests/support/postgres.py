"""A real PostgreSQL server for tests, and PgBouncer before it where that is asked for.

Ask for ``postgres_url`` (an empty database of the test's own), ``migrated_postgres_url`` (one with
our tables) or ``own_postgres`` (a server of the test's own, to be restarted), and give any of their
URLs to ``through_pgbouncer``. What needs an empty store hundreds of times asks for
``emptied_postgres_url``. A module that does names this plugin: ``pytest_plugins``. The server
comes from PyPI; with PORTALKEY_TEST_POSTGRES_URL set, that server is used in its place.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from psycopg.conninfo import conninfo_to_dict

from portalkey.vault import SQLStore
from support.postgres_server import (
    Server,
    empty,
    named,
    new_database,
    running_bouncer,
    running_server,
)


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """The server for all tests of this process, by a database that nobody writes to."""
    given = os.environ.get("PORTALKEY_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with running_server() as server:
        yield server.url


@pytest.fixture
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    """An empty database of the test's own."""
    with new_database(postgres_server_url) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server_url: str) -> Iterator[str]:
    """The name of a database with our tables in it, to copy."""
    with new_database(postgres_server_url) as url:
        SQLStore.open(url).close()
        yield str(conninfo_to_dict(url)["dbname"])


@pytest.fixture
def migrated_postgres_url(postgres_server_url: str, postgres_template: str) -> Iterator[str]:
    """A database of the test's own, with our empty tables; quicker than migrating."""
    with new_database(postgres_server_url, postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server_url: str, postgres_template: str) -> Iterator[str]:
    """A database with our tables that tests of this process use one after the other."""
    with new_database(postgres_server_url, postgres_template) as url:
        yield url


@pytest.fixture
def emptied_postgres_url(shared_postgres_url: str) -> str:
    """Our tables, with nothing in them: for tests that leave them as they are."""
    empty(shared_postgres_url)
    return shared_postgres_url


@pytest.fixture
def own_postgres() -> Iterator[Server]:
    """A server of the test's own."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def through_pgbouncer() -> Iterator[Callable[[str], str]]:
    """Leads a URL through PgBouncer in transaction mode: two server connections for everybody."""
    bouncers: dict[str, str] = {}
    with ExitStack() as stack:

        def lead(url: str) -> str:
            server = {"user": "postgres"} | conninfo_to_dict(url)
            database = server.pop("dbname")
            shown = " ".join(f"{name}={value}" for name, value in server.items())
            if shown not in bouncers:
                bouncers[shown] = stack.enter_context(running_bouncer(shown, url))
            return named(bouncers[shown], str(database))

        yield lead
