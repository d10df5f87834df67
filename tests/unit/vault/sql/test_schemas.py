"""Which schema of PostgreSQL our tables are in, and who is asked where that cannot be told."""

import os
import re
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import MetaData, create_engine

from portalkey.errors import BadSettings, StoreUnusable
from portalkey.model.counters import CounterKind, Tally
from portalkey.model.events import Event, EventName
from portalkey.testing.samples import connect, new_attempt
from portalkey.vault import SQLStore
from portalkey.vault.sql.copy import move, open_migrated
from portalkey.vault.sql.marks import GUARD, MARK
from portalkey.vault.sql.migrate import VERSION_TABLE
from portalkey.vault.sql.tables import metadata
from support.postgres_server import changed, execute

pytest_plugins = ("support.postgres",)

OURS = {VERSION_TABLE, MARK, GUARD, *metadata.tables}
GRANT = re.compile(r"GRANT CREATE ON DATABASE \S+ TO \w+")


@pytest.fixture
def stranger_url(postgres_url: str) -> Iterator[str]:
    """The empty database, for a user who may connect and nothing else."""
    name = f"stranger_{os.urandom(4).hex()}"
    execute(postgres_url, f"CREATE ROLE {name} LOGIN")
    yield changed(postgres_url, user=name)
    execute(postgres_url, f"DROP OWNED BY {name}")
    execute(postgres_url, f"DROP ROLE {name}")


def places(url: str) -> dict[str, set[str]]:
    """Tables and views of ours, by the schema that they are in."""
    query = (
        "SELECT nspname, array_agg(relname) FROM pg_class JOIN pg_namespace AS n "
        "ON n.oid = relnamespace WHERE relkind IN ('r', 'v') AND relname LIKE 'portalkey%' "
        "GROUP BY nspname"
    )
    with psycopg.connect(url) as connection:
        return {schema: set(names) for schema, names in connection.execute(query)}


def owners(url: str, schema: str = "") -> list[str]:
    """Who is connected, as the app sees it."""
    with closing(SQLStore.open(url, schema=schema)) as store:
        found = [store.connections(each, "app") for each in ("ada", "bob")]
        return [each.owner for connections in found for each in connections]


def settle(url: str, owner: str, schema: str = "") -> None:
    """An installation in which *owner* is connected."""
    with closing(SQLStore.open(url, schema=schema)) as store:
        connect(store, owner=owner)


def test_a_new_database_gets_a_schema_of_our_own(postgres_url: str) -> None:
    """Nothing of ours stands among the host's tables."""
    settle(postgres_url, "ada")

    assert places(postgres_url) == {"portalkey": OURS}
    assert owners(postgres_url) == ["ada"]


def test_a_user_who_may_make_no_schema_is_told_the_statement(
    stranger_url: str, postgres_url: str
) -> None:
    """The database's owner runs it as it stands, and the next start makes the tables."""
    with pytest.raises(BadSettings, match="or write PORTALKEY_DATABASE_SCHEMA=public") as told:
        SQLStore.open(stranger_url)
    (statement,) = GRANT.findall(str(told.value))
    assert places(postgres_url) == {}
    execute(postgres_url, statement)

    settle(stranger_url, "ada")
    assert places(postgres_url) == {"portalkey": OURS}


def test_a_named_schema_that_may_not_be_made_is_told_likewise(stranger_url: str) -> None:
    """The sentence names the schema that was asked for."""
    with pytest.raises(BadSettings, match=r"may not make the schema ours; .* GRANT CREATE"):
        SQLStore.open(stranger_url, schema="ours")


def test_a_user_may_be_given_the_schema_alone(stranger_url: str, postgres_url: str) -> None:
    """Where it is there already, no right on the database is asked for."""
    user = conninfo_to_dict(stranger_url)["user"]
    execute(postgres_url, f"CREATE SCHEMA portalkey AUTHORIZATION {user}")

    assert owners(stranger_url) == []


def test_a_schema_that_is_anothers_is_the_operators_matter(
    stranger_url: str, postgres_url: str
) -> None:
    """Where it is there and this user may make nothing in it, the sentence names the right."""
    execute(postgres_url, "CREATE SCHEMA portalkey")
    with pytest.raises(StoreUnusable, match="grant the user all rights on the schema"):
        SQLStore.open(stranger_url)


def test_the_public_schema_may_be_named(stranger_url: str, postgres_url: str) -> None:
    """The other way that the sentence offers."""
    user = conninfo_to_dict(stranger_url)["user"]
    execute(postgres_url, f"GRANT CREATE, USAGE ON SCHEMA public TO {user}")
    settle(stranger_url, "ada", "public")

    assert places(postgres_url) == {"public": OURS}


def test_an_installation_that_is_there_keeps_its_place(postgres_url: str) -> None:
    """An update of portalkey moves no tables, and begins no second store beside them."""
    settle(postgres_url, "ada", "public")

    assert owners(postgres_url) == ["ada"]
    assert places(postgres_url) == {"public": OURS}


def test_an_installation_on_the_users_own_path_keeps_its_place(
    stranger_url: str, postgres_url: str
) -> None:
    """Tables used to go where the user's search_path led."""
    user = conninfo_to_dict(stranger_url)["user"]
    execute(postgres_url, f"CREATE SCHEMA crm AUTHORIZATION {user}")
    execute(postgres_url, f"ALTER ROLE {user} SET search_path TO crm, public")
    settle(stranger_url, "ada", "crm")

    assert owners(stranger_url) == ["ada"]
    assert places(postgres_url) == {"crm": OURS}


def test_tables_that_vanished_from_public_are_not_made_elsewhere(postgres_url: str) -> None:
    """The mark that is left tells where they were."""
    settle(postgres_url, "ada", "public")
    execute(postgres_url, f"DROP VIEW {GUARD}")
    for table in (VERSION_TABLE, *metadata.tables):
        execute(postgres_url, f"DROP TABLE {table}")
    with pytest.raises(StoreUnusable, match=r"has lost .*portalkey_connections"):
        SQLStore.open(postgres_url)

    assert places(postgres_url) == {"public": {MARK}}


def test_two_installations_are_two_stores(postgres_url: str) -> None:
    """One that is named is not the other's, whichever of them begins."""
    settle(postgres_url, "ada", "public")
    settle(postgres_url, "bob", "staging")

    assert owners(postgres_url) == owners(postgres_url, "public") == ["ada"]
    assert owners(postgres_url, "staging") == ["bob"]
    assert places(postgres_url) == {"public": OURS, "staging": OURS}


def test_an_installation_elsewhere_is_not_taken_for_this_one(postgres_url: str) -> None:
    """It may be another app's, or this one's that lost its setting: a person says which."""
    settle(postgres_url, "ada", "staging")
    with pytest.raises(BadSettings, match=r"in staging already; .* as PORTALKEY_DATABASE_SC"):
        SQLStore.open(postgres_url)

    assert owners(postgres_url, "portalkey") == []
    assert owners(postgres_url) == []


def test_of_two_that_might_be_meant_none_is(postgres_url: str) -> None:
    """Whoever makes tables in both has to name the schema."""
    settle(postgres_url, "ada", "public")
    settle(postgres_url, "bob", "portalkey")
    with pytest.raises(BadSettings, match="tables in portalkey and public already"):
        SQLStore.open(postgres_url)


def test_what_this_user_may_not_see_is_not_meant(stranger_url: str, postgres_url: str) -> None:
    """Another user's installation stands in nobody else's way."""
    user = conninfo_to_dict(stranger_url)["user"]
    settle(postgres_url, "ada", "hidden")
    execute(postgres_url, f"CREATE SCHEMA portalkey AUTHORIZATION {user}")

    assert owners(stranger_url) == []


@pytest.mark.parametrize("path", ["''", "decoy"])
def test_no_statement_goes_by_the_search_path(postgres_url: str, path: str) -> None:
    """Every one names the schema: tables of the same names on the path are never touched."""
    database = conninfo_to_dict(postgres_url)["dbname"]
    execute(postgres_url, "CREATE SCHEMA decoy")
    execute(postgres_url, f"ALTER DATABASE {database} SET search_path TO {path}")
    for table in metadata.tables:
        execute(postgres_url, f"CREATE TABLE decoy.{table} (id text)")
    with closing(SQLStore.open(postgres_url)) as store:
        connect(store)
        assert store.attempt(new_attempt(store).id)
        store.record(Event(EventName.CONNECTED))
        store.count("app", [Tally(CounterKind.RENEWED, None, 1)])
        assert not store.purge(10, events_days=1)
        assert store.stats("app").connections
    with open_migrated(postgres_url) as here, open_migrated(postgres_url, "moved") as there:
        counts = move(here, there)

    assert counts["connections"].new == counts["events"].new == 1
    assert places(postgres_url) == {
        "portalkey": OURS,
        "moved": OURS,
        "decoy": set(metadata.tables),
    }


def test_one_store_by_two_names_of_its_schema(postgres_url: str) -> None:
    """A store is not moved onto itself, found or named."""
    with (
        open_migrated(postgres_url) as here,
        open_migrated(postgres_url, "portalkey") as there,
        pytest.raises(StoreUnusable, match="is the one that is to be moved"),
    ):
        move(here, there)


@pytest.mark.parametrize("schema", ["public", "portalkey", "crm"])
def test_a_hosts_autogenerate_drops_nothing_wherever_our_tables_are(
    postgres_url: str, schema: str
) -> None:
    """Whether or not it looks at every schema."""
    settle(postgres_url, "ada", schema)
    engine = create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        for everywhere in (False, True):
            options = {"include_schemas": everywhere}
            context = MigrationContext.configure(connection, opts=options)
            found = produce_migrations(context, MetaData()).upgrade_ops
            assert found is not None
            assert found.is_empty()
    engine.dispose()
