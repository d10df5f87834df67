"""Opens the store that the settings name."""

from collections.abc import Callable

from portalkey._support.clock import no_offset
from portalkey._support.mounts import read_mounts
from portalkey.errors import BadSettings
from portalkey.settings.settings import Settings
from portalkey.settings.urls import NO_SCHEMA
from portalkey.settings.validators import config_file, is_config_file
from portalkey.settings.warnings import name_store
from portalkey.vault.copy_mark import put_mark, remove_mark
from portalkey.vault.key_checks import KeyChecks
from portalkey.vault.keyring import Keyring
from portalkey.vault.store import CALL_SECONDS, Store, single_wait
from portalkey.vault.vault import Vault


def open_store(
    database_url: str,
    schema: str = "",
    *,
    plaintext: bool = False,
    seconds: float = CALL_SECONDS,
    ahead: Callable[[], float] = no_offset,
    mounts: Callable[[], str] = read_mounts,
) -> Store:
    """Open the store that *database_url* names, made or brought up to date where that is needed.

    Args:
        database_url: As ``PORTALKEY_DATABASE_URL`` takes it.
        schema: The schema of PostgreSQL for the tables; by default the one that they are in, or
            ``portalkey``.
        plaintext: True where a PostgreSQL on another host may be spoken to without TLS.
        seconds: How many seconds one call takes at most, all its waits and tries together.
        ahead: Seconds added to the store's clock, asked for at every look at it.
        mounts: Tells what is mounted where, as Linux does in ``/proc/self/mountinfo``.

    Raises:
        BadSettings: The URL names nothing that can be used.
        StoreBusy: Another process takes too long; try again.
        StoreUnusable: The operator has to look at the database or the file.
    """
    # Imported here, either of them: an app has one store, and pays for that one's libraries only.
    if not is_config_file(database_url):
        from portalkey.vault.sql.store import SQLStore  # noqa: PLC0415 - see above

        return SQLStore.open(
            database_url,
            schema=schema,
            plaintext=plaintext,
            seconds=seconds,
            ahead=ahead,
            mounts=mounts,
        )
    if schema:
        raise BadSettings([NO_SCHEMA])
    return _open_file(database_url, seconds, ahead, mounts)


def open_vault(settings: Settings, *, are_keys_checked: bool = True) -> Vault:
    """Open the store that *settings* name, and check their keys by what is in it.

    Raises:
        BadSettings: A key is not the one that its label says, or one is missing.
        StoreBusy, StoreUnusable: As ``open_store`` does.
    """
    keyring = Keyring(settings.keys)
    store = open_store(
        settings.database_url,
        settings.database_schema,
        plaintext=settings.database_plaintext,
        seconds=settings.database_seconds,
    )
    vault = Vault(keyring, store, settings.client_id)
    vault.place = name_store(settings)
    try:
        if are_keys_checked:
            KeyChecks(vault).require()
        (put_mark if settings.is_copy else remove_mark)(store, settings.client_id)
    except BaseException:
        store.close()
        raise
    return vault


def _open_file(
    database_url: str, seconds: float, ahead: Callable[[], float], mounts: Callable[[], str]
) -> Store:
    try:
        path, is_for_all = config_file(database_url)
    except ValueError as problem:
        raise BadSettings([f"PORTALKEY_DATABASE_URL {problem}"]) from None
    from portalkey.vault.json_file.store import ConfigFileStore  # noqa: PLC0415 - as above

    return ConfigFileStore(
        path,
        is_for_all=is_for_all,
        ahead=ahead,
        wait=single_wait(seconds),
        seconds=seconds,
        mounts=mounts,
    )
