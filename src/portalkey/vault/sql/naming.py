"""Names of our tables in SQL, with the schema that they are in where a database has schemas.

No statement goes by a session's ``search_path``: that is the host's, or PgBouncer's, to change.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect
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
