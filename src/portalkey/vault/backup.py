"""Backup of the store that the settings name, in a file of its own."""

from collections.abc import Callable
from pathlib import Path

from portalkey.settings.settings import Settings
from portalkey.settings.validators import config_file, is_config_file
from portalkey.settings.warnings import store_file
from portalkey.vault.json_file.backup import back_up_file

Report = Callable[[int, int], object]
"""Takes how much is copied, and how much there is."""


def back_up(settings: Settings, target: Path, report: Report = lambda *_: None) -> int | None:
    """Copy the store into a new file *target*; return the number of its connections.

    None for PostgreSQL, which ``dump_command`` is for.

    Raises:
        StoreBusy: Somebody else keeps the store to himself.
        StoreUnusable: The store cannot be read, or the backup cannot be written.
    """
    file = store_file(settings)
    if file is None:
        return None
    if is_config_file(settings.database_url):
        return back_up_file(file, target, is_for_all=config_file(settings.database_url)[1])
    # Imported here: an app over a config file needs no database.
    from portalkey.vault.sql.backup import back_up as back_up_database  # noqa: PLC0415 - see above

    return back_up_database(file, target, report)


def dump_command(settings: Settings, target: Path) -> str:
    """Return the command that backs up PostgreSQL's tables, for people to run."""
    from portalkey.vault.sql import dump  # noqa: PLC0415 - as above

    return dump.dump_command(
        settings.database_url,
        target,
        schema=settings.database_schema,
        plaintext=settings.database_plaintext,
    )
