"""Sealed in, open out."""

from portalkey.vault.keyring import Keyring
from portalkey.vault.memory import MemoryStore
from portalkey.vault.sql import SQLStore
from portalkey.vault.store import OwedRevocation, Store
from portalkey.vault.vault import Vault

__all__ = ["Keyring", "MemoryStore", "OwedRevocation", "SQLStore", "Store", "Vault"]
