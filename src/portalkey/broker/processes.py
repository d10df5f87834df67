"""Labels of the keys that each live process has, as it writes them into the store.

At its start and once a minute while it is in use. Whoever rotates keys reads there who lacks one.
A forked child has the keys of its parent, which has written them: it writes its own within a minute
of work, and not at its start, as a child may live for one job only.
"""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from portalkey.broker.lease_owner import LeaseOwner
from portalkey.errors import PortalkeyError
from portalkey.vault.vault import Vault

SILENT = 3600.0
"""Seconds; whoever has said nothing for so long is taken to be gone, where it cannot be told: one
without any work is silent, too. Of this machine's it is known which live."""


def _name(label: str, pid: int, host: str) -> str:
    return f"{label} (process {pid} on {host})"


@dataclass(frozen=True, slots=True)
class Process:
    """One process: how it is called, and the labels of its keys, the one that seals first.

    ``heard`` is how many seconds ago it wrote this. ``has_sessions`` says that it keeps connections
    in visitors' sessions, where nobody counts them. ``is_rotating`` is a rotation under way.
    """

    label: str
    host: str
    pid: int
    keys: tuple[str, ...]
    heard: float
    has_sessions: bool = False
    is_rotating: bool = False

    @property
    def name(self) -> str:
        """Words by which an operator finds it."""
        return _name(self.label, self.pid, self.host)


class Processes:
    """The processes of one app that share a store, this one among them."""

    def __init__(self, vault: Vault, owner: LeaseOwner, label: str) -> None:
        self._vault, self._owner, self._label = vault, owner, label
        self._names: dict[int, str] = {}

    @property
    def own_name(self) -> str:
        """Words by which an operator finds this process."""
        return _name(self._label, os.getpid(), _host())

    def announce(self, *, is_rotating: bool = False) -> None:
        """Write which keys this process has.

        Raises:
            StoreBusy, StoreUnusable: Nothing was written.
        """
        store = self._vault.store
        facts = {
            "label": self._label,
            "host": _host(),
            "pid": os.getpid(),
            "keys": self._vault.keyring.key_names,
            "at": store.now().timestamp(),
            "has_sessions": store.is_personal,
            "is_rotating": is_rotating,
        }
        # By process: a forked child is another one, and leaves what its parent wrote.
        name = self._names.setdefault(os.getpid(), f"{self._prefix}{self._owner.name}")
        store.put_meta(name, json.dumps(facts))

    def withdraw(self) -> None:
        """Forget this process, as it ends; never raises."""
        name = self._names.pop(os.getpid(), None)
        if name is not None:
            with suppress(PortalkeyError):
                self._vault.store.remove_meta(name)

    def find(self) -> Sequence[Process]:
        """Return those that live, as far as is known."""
        found = (process for name, process in self._all() if self._lives(name, process))
        return sorted(found, key=lambda each: (each.label, each.host, each.pid))

    def sweep(self) -> None:
        """Forget those that do not live."""
        for name, process in self._all():
            if not self._lives(name, process):
                self._vault.store.remove_meta(name)

    def _lives(self, name: str, process: Process) -> bool:
        owner = name.removeprefix(self._prefix)
        if self._owner.is_dead(owner):
            return False
        return process.heard < SILENT or self._owner.is_alive(owner)

    def _all(self) -> Iterator[tuple[str, Process]]:
        store = self._vault.store
        values, now = store.all_meta(self._prefix), store.now().timestamp()
        for name, value in values.items():
            yield name, _read(value, now)

    @property
    def _prefix(self) -> str:
        return f"process {self._vault.client_id} "


def _host() -> str:
    return platform.node() or "unknown"


def _read(value: str, now: float) -> Process:
    facts: dict[str, Any] = json.loads(value)
    heard = max(0.0, now - facts.pop("at"))
    return Process(keys=tuple(facts.pop("keys")), heard=heard, **facts)
