"""Checks of the store: can it be used, do the keys open it, and how is what is in it."""

from collections.abc import Iterator
from contextlib import closing

from portalkey.broker.health import check_content, check_sweep, describe_oldest
from portalkey.broker.journal_health import check_journal
from portalkey.errors import PortalkeyError
from portalkey.model.findings import Finding, has_problem, ok, problem, unknown, warning
from portalkey.settings.settings import Settings
from portalkey.settings.warnings import name_store, store_file
from portalkey.vault.check import check_store as check_whole
from portalkey.vault.check import lacks_tables
from portalkey.vault.inspection import inspect_store
from portalkey.vault.keyring import Keyring
from portalkey.vault.open import open_store
from portalkey.vault.vault import Vault

_AGAIN = "Do what the problem above says, and run this again."


def check_store(settings: Settings) -> Iterator[Finding]:
    """Yield what there is to say of the store; trouble of one check ends no other."""
    file = store_file(settings)
    if file is not None and not file.exists():
        yield warning(
            "store",
            f"There is no store yet at {file}; the app makes it as it starts.",
            "If there was one, look whether PORTALKEY_DATABASE_URL names the right file.",
        )
        return
    whole = check_whole(settings)
    yield from whole
    if has_problem(whole):
        yield unknown("store", "What is in the store was not looked at.", _AGAIN)
        return
    if lacks_tables(whole):  # looking further would make them
        return
    yield from _check_content(settings)


def _check_content(settings: Settings) -> Iterator[Finding]:
    try:
        store = open_store(
            settings.database_url,
            settings.database_schema,
            plaintext=settings.database_plaintext,
            seconds=settings.database_seconds,
        )
    except PortalkeyError as trouble:
        yield problem("store", str(trouble), "Do what it says; the app cannot start as it is.")
        return
    with closing(store):
        vault = Vault(Keyring(settings.keys), store, settings.client_id)
        vault.place = place = name_store(settings)
        try:
            yield ok("store", f"{place[:1].upper()}{place[1:]} can be read and written.")
            inspection = inspect_store(settings)
            yield from check_content(vault, inspection, settings.refresh_rate)
            yield describe_oldest(inspection)
            yield check_sweep(vault, inspection, store.now(), is_copy=settings.is_copy)
            yield check_journal(settings, store)
        except PortalkeyError as trouble:
            yield problem("store", str(trouble), "Do what it says, and run this again.")
