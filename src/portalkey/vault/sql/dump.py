"""The command that backs up our tables on PostgreSQL: its own ``pg_dump``, which is run by hand."""

import shlex
from pathlib import Path

from portalkey.errors import StoreBusy, StoreUnusable
from portalkey.vault.sql.check import look_into
from portalkey.vault.sql.dialects import schema_of
from portalkey.vault.sql.urls import open_database

OWN = "portalkey"


def dump_command(url: str, target: Path, *, schema: str = "", plaintext: bool = False) -> str:
    """Return the command that writes the tables in the database at *url* to *target*.

    What it writes is for its owner alone, and the shell that it is typed into keeps its umask. The
    command bears no password, which pg_dump takes from PGPASSWORD or PGPASSFILE. The schema is
    looked up where *schema* names none and the database can be reached.

    Raises:
        BadSettings: The URL names no database that can be used.
    """
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - an extra

    from portalkey.vault.sql.postgres_url import SECRETS, read_url  # noqa: PLC0415 - as above

    schema = _find_schema(url, schema, plaintext=plaintext)
    parameters = read_url(url, plaintext=plaintext)
    known = {name: value for name, value in parameters.items() if name not in SECRETS}
    place = make_conninfo("", **known)
    # Where other programs have tables too, those are theirs to back up.
    which = f"--schema={schema}" if schema == OWN else f"--table={schema}.portalkey_*"
    words = ("pg_dump", f"--dbname={place}", which, "--format=custom", f"--file={target}")
    return f"(umask 077; {shlex.join(words)})"


def _find_schema(url: str, schema: str, *, plaintext: bool) -> str:
    database = open_database(url, schema=schema, plaintext=plaintext)
    try:
        return look_into(database, schema_of) or OWN
    except (StoreBusy, StoreUnusable):
        return schema or OWN
    finally:
        database.close()
