"""Keyring, stores, and the vault that holds both: grants go in open and lie there sealed."""

from importlib import import_module
from typing import TYPE_CHECKING

from portalkey.vault.keyring import Keyring
from portalkey.vault.store import OwedRevocation, Store
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.vault.memory import MemoryStore
    from portalkey.vault.sql.store import SQLStore

__all__ = ["Keyring", "MemoryStore", "OwedRevocation", "SQLStore", "Store", "Vault"]

_HOMES = {"MemoryStore": "memory", "SQLStore": "sql.store"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
