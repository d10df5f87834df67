"""Check values of keys, one a label, by which a wrong key is found before it seals anything.

A check value is written for a label that nothing bears yet, and for one of an older store once the
key has opened something that bears it. A key that is another one than its label says, or that is
missing while connections need it, is refused; whoever is refused writes nothing.
"""

import logging
from collections.abc import Iterator, Mapping

from portalkey.errors import BadSettings, NoKeyOpens
from portalkey.model.connection import Connection
from portalkey.vault.store import OwedRevocation
from portalkey.vault.vault import Vault

log = logging.getLogger("portalkey")

SAMPLE = 20
"""Connections that are tried before a key is called wrong: one of them may be damaged."""

_WRONG = (
    "PORTALKEY_KEYS has another key under the label {name} than the one that seals in {place}; "
    "put that one back, and give a new key a label of its own. Where it is lost for good, "
    "`portalkey keys forget {name}` says what to do."
)
_LOST = (
    "PORTALKEY_KEYS lacks the key {name}, which connections in {place} are sealed with ({number}); "
    "put it back. Or this store is another app's: give each app a PORTALKEY_DATABASE_URL of its "
    "own. Where the key is lost for good, `portalkey keys forget {name}` says what to do."
)
_OWED = "no key here opens revocations that HubSpot is owed (%s, key %s); put the key back"


class KeyChecks:
    """Checks the keys of a *vault* by what its store knows of them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._store, self._app = vault.store, vault.client_id

    def require(self) -> None:
        """Return where every key is the one that its label says, and none is missing.

        Raises:
            BadSettings: Some are wrong or missing; each is named by its label.
            StoreBusy, StoreUnusable: The store cannot be asked.
        """
        values, known = self._load_values()
        self._keep(values, known, self._find_problems(values, known))

    def require_right(self) -> None:
        """The same, but that one may be missing."""
        values, known = self._load_values()
        self._keep(values, known, self._find_wrong(values, known))

    def _keep(
        self, values: Mapping[str, str], known: Mapping[str, str | None], problems: list[str]
    ) -> None:
        """Keep the check values that are new, where there are no *problems* that forbid it."""
        if not problems:
            new = {name: value for name, value in values.items() if known[name] is None}
            problems = [self._describe_wrong(name) for name in self._add(new)]
        if problems:
            raise BadSettings(problems)

    def find_problems(self) -> list[str]:
        """Return what ``require`` would refuse, and write nothing.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be asked.
        """
        return self._find_problems(*self._load_values())

    def _load_values(self) -> tuple[Mapping[str, str], Mapping[str, str | None]]:
        """Return the check value of each key, and the one that the store has for its label."""
        values = self._vault.keyring.check_values(self._app)
        return values, {name: self._store.meta(self._check_name(name)) for name in values}

    def _find_problems(
        self, values: Mapping[str, str], known: Mapping[str, str | None]
    ) -> list[str]:
        lost = sorted({*self._store.key_names(self._app)} - values.keys())
        missing = [problem for name in lost for problem in self._describe_lost(name)]
        return self._find_wrong(values, known) + missing

    def _find_wrong(self, values: Mapping[str, str], known: Mapping[str, str | None]) -> list[str]:
        wrong = [name for name, value in values.items() if not self._may_be(name, value, known)]
        return [self._describe_wrong(name) for name in wrong]

    def _may_be(self, name: str, value: str, known: Mapping[str, str | None]) -> bool:
        """Return False where the key *name* is another one than it was, as far as can be told."""
        if known[name] is not None:
            return known[name] == value
        bearers = [self.opens(each) for each in self._find_bearers(name)]
        return not bearers or any(bearers)

    def _add(self, values: Mapping[str, str]) -> Iterator[str]:
        """Keep the *values*; yield each label that another process was quicker with."""
        for name, value in values.items():
            # Of several processes that begin with different keys, the first is right.
            if self._store.add_meta(self._check_name(name), value) != value:
                yield name

    def _find_bearers(self, name: str) -> Iterator[Connection | OwedRevocation]:
        yield from self._store.sealed_under(self._app, name, SAMPLE)
        yield from self._store.owed_under(self._app, name, SAMPLE)

    def opens(self, bearer: Connection | OwedRevocation) -> bool:
        """Return True where a key opens the refresh token of *bearer*."""
        try:
            if isinstance(bearer, OwedRevocation):
                self._vault.open_owed(bearer)
            else:
                self._vault.open_refresh(bearer)
        except NoKeyOpens:
            return False
        return True

    def _describe_wrong(self, name: str) -> str:
        return _WRONG.format(name=name, place=self._vault.place)

    def _describe_lost(self, name: str) -> Iterator[str]:
        count = self._store.count_sealed(self._app, name)
        if count.live:
            yield _LOST.format(name=name, place=self._vault.place, number=count.live)
        elif count.outbox:  # they wait for it: no customer is the worse for that
            log.error(_OWED, count.outbox, name)

    def known_names(self) -> set[str]:
        """Return the labels that have been in use, whether or not anything bears them."""
        prefix = self._check_name("")
        return {name.removeprefix(prefix) for name in self._store.all_meta(prefix)}

    def forget(self, name: str) -> None:
        """Forget what is known of the key *name*, as nothing is sealed with it any more."""
        self._store.remove_meta(self._check_name(name))

    def _check_name(self, name: str) -> str:
        return f"key_check {self._app} {name}"
