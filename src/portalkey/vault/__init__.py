"""Keyring, stores, and the vault that holds both: grants go in open and lie there sealed."""

from typing import TYPE_CHECKING

from portalkey._support.lazy import load

if TYPE_CHECKING:
    from portalkey.vault.keyring import Keyring
    from portalkey.vault.memory import MemoryStore
    from portalkey.vault.sql.store import SQLStore
    from portalkey.vault.store import OwedRevocation, Store
    from portalkey.vault.vault import Vault

__all__ = ["Keyring", "MemoryStore", "OwedRevocation", "SQLStore", "Store", "Vault"]

# Loaded on first use: with a store come its database's libraries, and a host's Alembic, which loads
# the guard below this package, needs none of it.
_HOMES = {
    "Keyring": "keyring",
    "MemoryStore": "memory",
    "OwedRevocation": "store",
    "SQLStore": "sql.store",
    "Store": "store",
    "Vault": "vault",
}

if not TYPE_CHECKING:  # whoever checks types knows the names, and no others

    def __getattr__(name: str) -> object:
        globals()[name] = value = load(__name__, _HOMES, name)
        return value
