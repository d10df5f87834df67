"""SQL that each database wants in its own words: names of tables, and inserts beside a row.

A name has its schema, where a database has schemas: no statement goes by a session's
``search_path``, which is the host's, or PgBouncer's, to change.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect, Table
from sqlalchemy.sql.compiler import SQLCompiler

Schemas = Mapping[str | None, str]
"""As SQLAlchemy takes it: under None, the schema of each table that names none itself."""


def compile_statement(
    statement: ClauseElement, dialect: Dialect, schemas: Schemas | None
) -> SQLCompiler:
    """Compile *statement*, with the schema of each table in its text."""
    options: dict[str, Any] = {"schema_translate_map": schemas, "render_schema_translate": True}
    compiled = statement.compile(dialect=dialect, **options if schemas else {})
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - tells the type checker
    return compiled


def schema_of(tx: Connection) -> str | None:
    """Return the schema that *tx* has our tables in, if any."""
    schemas: Schemas = tx.get_execution_options().get("schema_translate_map") or {}
    return schemas.get(None)


def qualify(tx: Connection, table: str) -> str:
    """Return the name of a *table* of ours for the SQL of *tx*."""
    schema = schema_of(tx)
    return f"{tx.dialect.identifier_preparer.quote(schema)}.{table}" if schema else table


def begin_insert(dialect: str, table: Table) -> Any:  # noqa: ANN401 - each database has a type of its own
    """Begin the statement that inserts into *table*, which may say what conflicts lead to."""
    # The engine has loaded its own dialect; the other database's is slow to load, for nothing.
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
