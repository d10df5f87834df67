"""Check of a store, or of a backup of one, whichever kind it is; nothing in it is changed."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from portalkey.errors import PortalkeyError
from portalkey.model.findings import Finding, ok, problem
from portalkey.settings.settings import Settings
from portalkey.settings.warnings import store_file
from portalkey.vault.json_file.content import Content
from portalkey.vault.json_file.disk import ConfigFile

_RESTORE = "Mend what it names, or bring back a backup."


def lacks_tables(findings: Iterable[Finding]) -> bool:
    """Return True where *findings* say that a store was never used."""
    return any(each.name == "no_tables" for each in findings)


def check_store(settings: Settings) -> list[Finding]:
    """Check the store that *settings* name."""
    file = store_file(settings)
    if file is not None:
        return check_file(file)
    # Imported here: an app over a config file needs no database.
    from portalkey.vault.sql.check import check_tables, look_into  # noqa: PLC0415 - see above
    from portalkey.vault.sql.urls import open_database  # noqa: PLC0415 - see above

    try:
        schema, plaintext = settings.database_schema, settings.database_plaintext
        database = open_database(settings.database_url, schema=schema, plaintext=plaintext)
        with closing(database):
            return look_into(database, lambda tx: list(check_tables(tx, is_store=True)))
    except PortalkeyError as trouble:
        return [problem("database", str(trouble), "Do what it says, and check again.")]


def check_labels(settings: Settings) -> Finding:
    """Tell whether rows of the store bear a key that *settings* lack, as an old backup's may.

    The store was found whole before.
    """
    try:
        lacking = sorted(_find_labels(settings) - {key.name for key in settings.keys})
    except PortalkeyError as trouble:
        return problem("keys", str(trouble), "Do what it says, and check again.")
    if not lacking:
        return ok(
            "keys", "PORTALKEY_KEYS has every key that rows are sealed with, by their labels."
        )
    return problem(
        "keys",
        f"Rows are sealed with the key {', '.join(lacking)}, which PORTALKEY_KEYS lacks: nothing "
        "opens them.",
        "Put it back, last in PORTALKEY_KEYS, run `portalkey keys rotate` once the app has "
        "started, and take it out; where it is lost, `portalkey keys forget` says what to do.",
    )


def _find_labels(settings: Settings) -> set[str]:
    file, app = store_file(settings), settings.client_id
    if file is not None and _is_config_file(file):
        config = ConfigFile(file.resolve(), is_for_all=True, wait=0.0)
        rows = Content(config).parse(config.read()[1]).connections
        return {row.sealed.key_name for row in rows if row.client_id == app and row.sealed}
    from portalkey.vault.sql import check  # noqa: PLC0415 - as below
    from portalkey.vault.sql.urls import open_database  # noqa: PLC0415 - as below

    if file is not None:
        return check.labels_of_file(file, app)
    schema, plaintext = settings.database_schema, settings.database_plaintext
    database = open_database(settings.database_url, schema=schema, plaintext=plaintext)
    with closing(database):
        return check.look_into(database, lambda tx: check.labels_of(tx, app))


def check_file(path: Path) -> list[Finding]:
    """Check the store, or the backup of one, in the file at *path*."""
    if _is_config_file(path):
        return [_check_config_file(path)]
    from portalkey.vault.sql import check  # noqa: PLC0415 - as above

    return check.check_file(path)


def _is_config_file(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip()[:1] == b"{" or path.suffix == ".json"
    except OSError:
        return path.suffix == ".json"


def _check_config_file(path: Path) -> Finding:
    try:
        file = ConfigFile(path.resolve(), is_for_all=True, wait=0.0)
        snapshot = Content(file).parse(file.read()[1])
    except PortalkeyError as trouble:
        return problem("file", str(trouble), _RESTORE)
    number = sum(row.sealed is not None for row in snapshot.connections)
    return ok("file", f"The config file can be read. Connections: {number}.")
