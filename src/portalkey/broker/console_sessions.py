"""Sessions of operators at the standalone app's console: in the store, so that each can be ended.

The browser has a random token; the store has its hash, and until when it holds. All processes know
of a session's end at once.
"""

import hashlib
import json
import secrets
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from portalkey.vault.vault import Vault

_PREFIX = "console_session "


class ConsoleSessions:
    """Begins, finds and ends sessions; raises ``StoreBusy`` and ``StoreUnusable`` like a store."""

    def __init__(self, vault: Vault) -> None:
        self._store, self._app = vault.store, vault.client_id

    def begin(self, operator: str, way: str, *, hours: float) -> SecretStr:
        """Begin a session of *operator* that lasts for so many *hours*, and return its token.

        *way* says how they came in: a session holds only for as long as that is the same.
        """
        self._sweep()
        token = secrets.token_urlsafe(32)
        until = self._store.now() + timedelta(hours=hours)
        facts = {"operator": operator, "way": way, "until": until.timestamp()}
        self._store.put_meta(self._name(token), json.dumps(facts))
        return SecretStr(token)

    def find(self, token: str, way: str) -> str | None:
        """Return whose session *token* is; None where it is nobody's, over, or of another *way*."""
        value = self._store.meta(self._name(token))
        if value is None:
            return None
        facts = _read(value)
        is_over = self._store.now().timestamp() >= facts["until"]
        return None if is_over or facts["way"] != way else str(facts["operator"])

    def end(self, token: str) -> None:
        """End the session of *token*, if there is one."""
        self._store.remove_meta(self._name(token))

    def _sweep(self) -> None:
        now = self._store.now().timestamp()
        for name, value in self._store.all_meta(self._prefix).items():
            if _read(value)["until"] <= now:
                self._store.remove_meta(name)

    @property
    def _prefix(self) -> str:
        return f"{_PREFIX}{self._app} "

    def _name(self, token: str) -> str:
        return f"{self._prefix}{hashlib.sha256(token.encode(errors='replace')).hexdigest()}"


def _read(value: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(value)
    return facts
