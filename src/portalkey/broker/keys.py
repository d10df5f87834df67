"""The operator's acts on keys: see what each still seals, rotate, retire, give up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portalkey.broker.audit import Audit, operator_facts
from portalkey.broker.lost_key import LostKey
from portalkey.broker.processes import Process, Processes
from portalkey.errors import BadSettings
from portalkey.model.events import EventName, Fact
from portalkey.vault.key_checks import KeyChecks
from portalkey.vault.key_labels import new_label
from portalkey.vault.rotate import Report, Rotated, Rotation
from portalkey.vault.store import SealCount
from portalkey.vault.vault import Vault

SHOWN = 5
"""So many rows are named where some are in the way."""

_NOTHING_SEALED = "Nothing was sealed anew, as some would not open then:"
_LACKS = (
    "PORTALKEY_KEYS of {process} lacks the key {key}: what is sealed with it would not open there. "
    "Add it there, and restart. A process that is gone is forgotten after an hour without a word, "
    "or go on with --force."
)
_OTHER_ROTATION = (
    "{process} is rotating to the key {other}, and this would rotate back to {key}; put one and "
    "the same key first in PORTALKEY_KEYS everywhere, and rotate then."
)


class KeyRole(StrEnum):
    """The use of a key to this process."""

    SEALS = "seals"
    OPENS = "opens"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One label: what its key does here, and how many rows bear it."""

    label: str
    role: KeyRole
    count: SealCount


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """Every key, and every process that lives."""

    keys: Sequence[KeyUse]
    processes: Sequence[Process]

    @property
    def first(self) -> str:
        """The label of the key that seals here."""
        return self.keys[0].label

    def find_lacking(self, process: Process) -> Sequence[str]:
        """Return the labels of keys that are here and not in *process*."""
        ring = [each.label for each in self.keys if each.role is not KeyRole.MISSING]
        return [each for each in ring if each not in process.keys]


@dataclass(frozen=True, slots=True)
class Retirement:
    """All that stands against taking a key away; nothing, where it ``may_go``.

    ``rows`` are some of those that bear it, and ``sealing`` the processes that seal with it.
    """

    label: str
    is_known: bool
    is_first: bool
    count: SealCount
    rows: Sequence[str]
    sealing: Sequence[Process]
    has_sessions: bool

    @property
    def may_go(self) -> bool:
        """True where nothing needs the key any more."""
        return self.is_known and not (self.is_first or self.count.rows or self.sealing)


class Keys:
    """The keys of one app, by what is in its store."""

    def __init__(self, vault: Vault, audit: Audit, processes: Processes) -> None:
        self._vault, self._audit, self._processes = vault, audit, processes
        self._store, self._app = vault.store, vault.client_id
        self._ring = vault.keyring.key_names
        self._checks = KeyChecks(vault)

    def status(self) -> KeyStatus:
        """Count what each key has sealed.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        missing = sorted({*self._store.key_names(self._app)} - {*self._ring})
        keys = [KeyUse(each, self._role(each), self._count(each)) for each in self._ring]
        keys += [KeyUse(each, KeyRole.MISSING, self._count(each)) for each in missing]
        return KeyStatus(keys, self._processes.find())

    def _role(self, label: str) -> KeyRole:
        return KeyRole.SEALS if label == self._ring[0] else KeyRole.OPENS

    def _count(self, label: str) -> SealCount:
        return self._store.count_sealed(self._app, label)

    def new_label(self, today: date) -> str:
        """Return a label for a new key that none has, here or in the store."""
        announced = {label for each in self._processes.find() for label in each.keys}
        return new_label(today, self._find_labels() | announced)

    def _find_labels(self) -> set[str]:
        return {*self._ring, *self._store.key_names(self._app), *self._checks.known_names()}

    def rotate(
        self, report: Report, *, is_forced: bool = False, operator: str | None = None
    ) -> Rotated:
        """Seal everything anew with the first key, and say what came of it.

        *operator* is who wants it, for the audit.

        Raises:
            BadSettings: A key is not the one that its label says; or, unless *is_forced*, a live
                process lacks the first key. Nothing was written.
            StoreBusy, StoreUnusable: Some is left; do it again.
        """
        self._checks.require_right()
        if problems := list(self._find_obstacles(is_forced=is_forced)):
            raise BadSettings(problems, _NOTHING_SEALED)
        self._processes.announce(is_rotating=True)
        try:
            rotated = Rotation(self._vault).run(report)
        finally:
            self._processes.withdraw()
        if rotated.rows:
            self._record(rotated, operator)
        return rotated

    def _record(self, rotated: Rotated, operator: str | None) -> None:
        """Write into the audit what went over, and from which process; never raises."""
        facts: dict[str, Fact] = {
            "key_name": self._ring[0],
            "rows": rotated.rows,
            "is_whole": rotated.is_whole,
            "process": self._processes.own_name,
            **operator_facts(operator),
        }
        self._audit.record(EventName.KEYS_ROTATED, facts=facts)

    def _find_obstacles(self, *, is_forced: bool) -> Iterator[str]:
        first = self._ring[0]
        for process in self._processes.find():
            if process.is_rotating and process.keys[0] != first:
                yield _OTHER_ROTATION.format(process=process.name, other=process.keys[0], key=first)
            elif first not in process.keys and not is_forced:
                yield _LACKS.format(process=process.name, key=first)

    def retire(self, label: str) -> Retirement:
        """Say whether the key *label* may be taken away; its check value is forgotten then.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        processes = self._processes.find()
        found = Retirement(
            label=label,
            is_known=label in self._find_labels(),
            is_first=label == self._ring[0],
            count=self._count(label),
            rows=list(self._name_rows(label)),
            sealing=[each for each in processes if each.keys[0] == label],
            has_sessions=any(each.has_sessions for each in processes),
        )
        if found.may_go:
            self._checks.forget(label)
        return found

    def _name_rows(self, label: str) -> Iterator[str]:
        store, app = self._store, self._app
        for row in store.sealed_under(app, label, SHOWN):
            yield f"connection {row.id}"
        for attempt in store.attempts_under(label, SHOWN):
            yield f"attempt {attempt.id}"
        for owed in store.owed_under(app, label, SHOWN):
            yield f"{owed.kind} {owed.id}"

    def find_lost(self, label: str, *, operator: str | None = None) -> LostKey:
        """Return what is sealed with the key *label* and does not open here, to be given up.

        *operator* is who gives it up, for the audit.
        """
        return LostKey(self._vault, self._audit, label, operator)

    def is_known(self, label: str) -> bool:
        """Return True where a key of this label is, or was, in use."""
        return label in self._find_labels()
