"""Sizes and ages of what is in a store, whichever kind it is; nothing is written."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path

from portalkey.model.sweep import last_word
from portalkey.settings.settings import Settings
from portalkey.settings.validators import is_config_file
from portalkey.settings.warnings import store_file
from portalkey.vault.json_file.content import Content
from portalkey.vault.json_file.disk import ConfigFile


@dataclass(frozen=True, slots=True)
class Inspection:
    """Sizes and ages of what is in a store.

    ``rows`` are counts by table, ``size`` is in bytes, ``oldest_grant`` is when the live token that
    was renewed longest ago was asked for, in seconds since 1970; ``oldest_word`` is when HubSpot
    last honoured the live connection of which that is longest ago. ``breaker_reason`` is the code
    that opened the breaker, while it is open.
    """

    rows: Mapping[str, int]
    size: int
    oldest_grant: float | None
    breaker_reason: str | None
    oldest_word: float | None = None


def inspect_store(settings: Settings, *, is_quick: bool = False) -> Inspection:
    """Return sizes and ages of what is in the store that *settings* name.

    One that *is_quick* leaves out what takes a look at every row: the oldest grant and word.

    Raises:
        StoreBusy, StoreUnusable: It cannot be read.
    """
    file = store_file(settings)
    if file is not None and is_config_file(settings.database_url):
        return _inspect_file(file, settings.client_id)
    # Imported here: an app over a config file needs no database.
    from portalkey.vault.sql.inspection import inspect_database  # noqa: PLC0415 - see above
    from portalkey.vault.sql.urls import open_database  # noqa: PLC0415 - see above

    schema, plaintext = settings.database_schema, settings.database_plaintext
    database = open_database(settings.database_url, schema=schema, plaintext=plaintext)
    with closing(database):
        return inspect_database(database, settings.client_id, is_quick=is_quick)


def _inspect_file(path: Path, client_id: str) -> Inspection:
    file = ConfigFile(path, is_for_all=True, wait=0.0)
    _, content = file.read()
    snapshot = Content(file).parse(content)
    ours = [each for each in snapshot.connections if each.client_id == client_id]
    live = [each for each in ours if each.is_authenticated]
    granted = [each.granted_at for each in live if each.granted_at]
    words = [last_word(each) for each in live]
    (reason,) = [
        row.state.reason
        for row in snapshot.provider
        if row.client_id == client_id and row.state.is_open
    ] or [None]
    return Inspection(
        rows={each.name: len(getattr(snapshot, each.name)) for each in fields(snapshot)},
        size=len(content),
        oldest_grant=min(granted).timestamp() if granted else None,
        breaker_reason=reason,
        oldest_word=min(words).timestamp() if words else None,
    )
