"""The schema of PostgreSQL that our tables are in: the one that is named, found, or our own.

Tables that are there already stay where they are. A schema that another installation may have is
never taken for this one's: whoever runs both says which is whose.
"""

from sqlalchemy import Connection, text

from portalkey.errors import BadSettings
from portalkey.vault.sql.marks import MARK
from portalkey.vault.sql.migrate import VERSION_TABLE

OWN = "portalkey"
"""The schema of our tables, unless they are in another one already."""

# Those on the user's own path are where tables went before there was a schema of our own.
_WITH_TABLES = text(
    "SELECT DISTINCT nspname, nspname = :own OR nspname = ANY (current_schemas(false)) "
    "FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace AS n ON n.oid = relnamespace "
    "WHERE relname IN (:version, :mark) AND nspname NOT LIKE 'pg\\_%' "
    "AND has_schema_privilege(n.oid, 'USAGE') ORDER BY nspname"
)
_IS_THERE = text("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = :schema")
_MAY_MAKE = text(
    "SELECT has_database_privilege(current_database(), 'CREATE'), "
    "quote_ident(current_database()), quote_ident(current_user)"
)
_SEVERAL = (
    "PORTALKEY_DATABASE_URL names a database with portalkey's tables in {schemas} already; name "
    "the schema that is meant, as PORTALKEY_DATABASE_SCHEMA={first}, or write "
    "PORTALKEY_DATABASE_SCHEMA with another name for tables of this app's own"
)
_NOT_ALLOWED = (
    "PORTALKEY_DATABASE_URL names a user who may not make the schema {schema}; let the database's "
    "owner run GRANT CREATE ON DATABASE {database} TO {user}; or write "
    "PORTALKEY_DATABASE_SCHEMA=public, or the name of another schema in which this user may make "
    "tables"
)


def find_schema(tx: Connection, named: str) -> str:
    """Return the schema that our tables are in, or are to be made in.

    Args:
        tx: A transaction of PostgreSQL's.
        named: The schema that the settings name; empty where they leave it to us.

    Raises:
        BadSettings: Tables of ours are in schemas of which it cannot be told which is meant.
    """
    if named:
        return named
    values = {"own": OWN, "version": VERSION_TABLE, "mark": MARK}
    places: list[tuple[str, bool]] = [
        (name, near) for name, near in tx.execute(_WITH_TABLES, values)
    ]
    near = [name for name, is_near in places if is_near]
    if len(near) == 1:
        return near[0]
    if places:
        schemas = " and ".join(name for name, _ in places)
        raise BadSettings([_SEVERAL.format(schemas=schemas, first=(near or [places[0][0]])[0])])
    return OWN


def make_schema(tx: Connection, schema: str) -> None:
    """Make the *schema* where it is missing.

    Raises:
        BadSettings: This user may not; the message has the statement that changes it.
    """
    # Asked first, as IF NOT EXISTS takes the right to make one even where it is there.
    if tx.execute(_IS_THERE, {"schema": schema}).first() is not None:
        return
    is_allowed, database, user = tx.execute(_MAY_MAKE).one()
    if not is_allowed:
        raise BadSettings([_NOT_ALLOWED.format(schema=schema, database=database, user=user)])
    tx.execute(text(f"CREATE SCHEMA {quote_name(schema)}"))


def quote_name(name: str) -> str:
    """Return *name* as SQL has it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
