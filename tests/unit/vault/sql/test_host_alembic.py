"""A host's own Alembic in the database that it shares with us: our tables and its run stay."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import flask_migrate
import pytest
from alembic import command
from alembic.autogenerate import produce_migrations
from alembic.config import Config
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, Integer, MetaData, Table, Text, create_engine, inspect, text
from sqlalchemy.exc import DatabaseError

from portalkey.errors import StoreUnusable
from portalkey.testing.samples import connect
from portalkey.vault import SQLStore
from portalkey.vault.sql import alembic_guard
from portalkey.vault.sql.marks import GUARD
from portalkey.vault.sql.migrate import VERSION_TABLE
from portalkey.vault.sql.tables import metadata

pytest_plugins = ("support.postgres",)

OURS = {VERSION_TABLE, *metadata.tables}

ENV = """
from alembic import context
from sqlalchemy import Column, Integer, MetaData, NullPool, Table, create_engine
from portalkey.vault import SQLStore

url, ours = context.config.get_main_option("sqlalchemy.url"), context.config.get_main_option("ours")
{before}
metadata = MetaData()
Table("notes", metadata, Column("id", Integer, primary_key=True))
with create_engine(url, poolclass=NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, include_schemas={schemas})
    with context.begin_transaction():
        context.run_migrations()
{after}
print(context.config.get_main_option("sqlalchemy.url") == url)
"""
OPEN = "SQLStore.open(ours).close()"


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """Lets loggers speak again: the ``env.py`` of a host silences all that there are."""
    before = [
        (each, each.disabled)
        for each in logging.root.manager.loggerDict.values()
        if isinstance(each, logging.Logger)
    ]
    yield
    for each, disabled in before:
        each.disabled = disabled


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def urls(request: pytest.FixtureRequest, path: Path) -> tuple[str, str]:
    """A new database, as a host names it and as we do."""
    if request.param == "SQLite":
        return f"sqlite:///{path}", f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_url")
    return url.replace("postgresql://", "postgresql+psycopg://", 1), url


@pytest.fixture
def host(urls: tuple[str, str], tmp_path: Path) -> Callable[..., Config]:
    """Makes the Alembic of a host: its configuration, and an ``env.py``."""

    def make(before: str = "", after: str = "", *, schemas: bool = False) -> Config:
        config = Config(str(tmp_path / "alembic.ini"))
        config.set_main_option("script_location", str(tmp_path / "alembic"))
        config.set_main_option("sqlalchemy.url", urls[0].replace("%", "%%"))
        config.set_main_option("ours", urls[1].replace("%", "%%"))
        if not (tmp_path / "alembic").exists():
            command.init(config, str(tmp_path / "alembic"))
        env = ENV.format(before=before, after=after, schemas=schemas)
        (tmp_path / "alembic" / "env.py").write_text(env)
        return config

    return make


@pytest.fixture
def tables(urls: tuple[str, str]) -> Iterator[Callable[[], set[str]]]:
    """The tables that there are, whoever's."""
    engine = create_engine(urls[0])
    own = schema(urls[0])

    def names() -> set[str]:
        found = inspect(engine)
        return {*found.get_table_names(), *(found.get_table_names(own) if own else ())}

    yield names
    engine.dispose()


def schema(url: str) -> str | None:
    """Where our tables are."""
    return None if url.startswith("sqlite") else "portalkey"


def name_of(url: str, table: str) -> str:
    """The name of a table of ours in SQL."""
    return f"{schema(url)}.{table}" if schema(url) else table


def open_with_connection(url: str) -> SQLStore:
    """A store in which Ada is connected."""
    store = SQLStore.open(url)
    connect(store, owner="ada")
    return store


def still_connected(url: str) -> bool:
    """Whether Ada still is."""
    store = SQLStore.open(url)
    try:
        return len(store.connections("ada", "app")) == 1
    finally:
        store.close()


@pytest.mark.filterwarnings("ignore:'get_engine' is deprecated")  # in the env.py that it makes
def test_flask_migrate_keeps_off_our_tables(
    urls: tuple[str, str], tables: Callable[[], set[str]], tmp_path: Path
) -> None:
    """``flask db migrate`` and ``upgrade`` make the host's tables, and want nothing more."""
    open_with_connection(urls[1]).close()
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = urls[0]
    database = SQLAlchemy(app)
    Table("notes", database.metadata, Column("id", Integer, primary_key=True))
    folder = str(tmp_path / "migrations")
    Migrate(app, database, folder)
    with app.app_context():
        for step in (flask_migrate.init, flask_migrate.migrate, flask_migrate.upgrade):
            step(folder)
        database.engine.dispose()

    assert tables() >= {"notes", *OURS}
    assert changes(urls[0], database.metadata) == []
    assert still_connected(urls[1])


@pytest.mark.parametrize("schemas", [False, True])
def test_an_alembic_run_keeps_off_our_tables(
    host: Callable[..., Config],
    urls: tuple[str, str],
    tables: Callable[[], set[str]],
    *,
    schemas: bool,
) -> None:
    """Autogenerate writes nothing of ours into a host's migration, whatever schemas it looks at."""
    open_with_connection(urls[1]).close()
    config = host(schemas=schemas)
    command.revision(config, autogenerate=True)
    command.upgrade(config, "head")

    assert tables() >= {"notes", *OURS}
    assert still_connected(urls[1])


def changes(url: str, named: MetaData, **options: object) -> list[str]:
    """The tables that a host's autogenerate would change whose models are *named*."""
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        found = produce_migrations(context, named).upgrade_ops
        assert found is not None
        names = [getattr(change, "table_name", "") for change in found.ops]
    engine.dispose()
    return names


def test_without_the_guard_every_table_would_go(urls: tuple[str, str]) -> None:
    """The control, with the plugin left out."""
    SQLStore.open(urls[1]).close()
    without = ["alembic.autogenerate.*", "~alembic.autogenerate.portalkey"]

    everywhere = {"include_schemas": True}
    assert set(changes(urls[0], MetaData(), autogenerate_plugins=without, **everywhere)) >= OURS
    assert changes(urls[0], MetaData(), **everywhere) == []
    # In a schema of their own they are not looked at, for most hosts.
    seen = set(changes(urls[0], MetaData(), autogenerate_plugins=without))
    assert seen & OURS == (set() if schema(urls[0]) else OURS)


def test_a_table_that_the_host_calls_like_ours_is_its_own(urls: tuple[str, str]) -> None:
    """What its models name is the host's to change, whatever it is called."""
    engine = create_engine(urls[0])
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE portalkey_colours (id INTEGER NOT NULL PRIMARY KEY)"))
    engine.dispose()
    named = MetaData()
    columns = (Column("id", Integer, primary_key=True), Column("name", Text))
    Table("portalkey_colours", named, *columns)

    assert changes(urls[0], named) == ["portalkey_colours"]


@pytest.mark.parametrize(("before", "after"), [(OPEN, ""), ("", OPEN)])
def test_a_host_whose_env_makes_the_app_migrates_at_the_first_try(
    host: Callable[..., Config],
    tables: Callable[[], set[str]],
    capsys: pytest.CaptureFixture[str],
    before: str,
    after: str,
) -> None:
    """Our migration leaves the host's run as it was, before its own migrations or after them."""
    config = host(before, after)
    command.revision(config, autogenerate=True)
    command.upgrade(config, "head")

    assert capsys.readouterr().out.split().count("True") == 2
    assert tables() >= {"notes", *OURS}


def test_a_host_whose_migration_makes_the_app_goes_on_with_it(
    host: Callable[..., Config], urls: tuple[str, str], tmp_path: Path, path: Path
) -> None:
    """The operations of the migration that ours interrupts are the host's again after it."""
    # PostgreSQL lets both write; in SQLite the host's transaction has a file to itself.
    is_shared = urls[0] != urls[1]
    ours = urls[1] if is_shared else f"sqlite:///{path.with_name('ours.db')}"
    config = host()
    script = command.revision(config)
    assert not isinstance(script, list)
    assert script
    body = f"""
from alembic import op
from portalkey.vault import SQLStore
revision, down_revision = "{script.revision}", None
def upgrade():
    SQLStore.open({ours!r}).close()
    op.execute("CREATE TABLE made_after (id INTEGER)")
"""
    Path(script.path).write_text(body)
    command.upgrade(config, "head")

    engine = create_engine(urls[0])
    assert inspect(engine).has_table("made_after")
    engine.dispose()


def test_a_migration_written_before_cannot_drop_our_tables(postgres_url: str) -> None:
    """PostgreSQL refuses it, and the host's whole transaction is rolled back."""
    open_with_connection(postgres_url).close()
    engine = create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://", 1))
    for table in sorted(OURS):
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE notes (id INTEGER)"))
            with pytest.raises(DatabaseError, match="depend"):
                connection.execute(text(f"DROP TABLE portalkey.{table}"))
    assert not inspect(engine).has_table("notes")
    engine.dispose()

    assert still_connected(postgres_url)


@pytest.mark.parametrize("dropped", [OURS, {"portalkey_connections"}, {VERSION_TABLE}])
def test_tables_that_vanished_are_not_made_anew(urls: tuple[str, str], dropped: set[str]) -> None:
    """An empty store in place of the customers' connections would be taken for all is well."""
    open_with_connection(urls[1]).close()
    engine = create_engine(urls[0])
    with engine.begin() as connection:
        connection.execute(text(f"DROP VIEW IF EXISTS {name_of(urls[0], GUARD)}"))
        for table in dropped:
            connection.execute(text(f"DROP TABLE {name_of(urls[0], table)}"))
    with pytest.raises(StoreUnusable, match=r"has lost .*portalkey_.* Restore them from a backup"):
        SQLStore.open(urls[1])

    assert not set(inspect(engine).get_table_names(schema(urls[0]))) & dropped
    engine.dispose()


def test_alembic_of_each_kind_can_load_the_guard() -> None:
    """Before 1.20 it goes through what the entry point names, from then on it wants a module."""
    plugin = alembic_guard.plugin

    assert isinstance(plugin, ModuleType)
    assert list(plugin) == [plugin]
    assert callable(plugin.setup)
