"""Re-seals rows under the first key of the ring, while others read and write them.

Each row is written by comparison with the seals that were read, so that whoever else writes it is
never written over. What a lease keeps is come back to. Rows are found by the label of their key, so
that a rotation which was cut off goes on where it was.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Protocol, TypeVar

from portalkey._support.clock import boot_time, sleep_seconds
from portalkey.errors import NoKeyOpens, StoreBusy
from portalkey.model.connection import Connection, Grant
from portalkey.vault.store import SealCount
from portalkey.vault.vault import Vault

BATCH = 100
"""So many rows are written at once: nobody else waits long for that."""
PATIENCE = 60.0
"""Seconds for which a rotation comes back to rows that it could not write, since it last wrote one,
and for which it asks a store again that is busy: two leases' time."""
PAUSE = 0.5

CONNECTIONS, ATTEMPTS, OUTBOX = "connections", "attempts", "outbox"

Report = Callable[[int, int], object]
"""Hears how many rows are done, and how many there are."""


class _Row(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Row)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rotated:
    """Numbers of rows that were sealed anew, by kind; what is left, and why.

    ``closed`` are ids of rows that no key here opens, ``busy`` is the number of those that others
    kept until the end. ``missing`` counts what bears a label that is not on the ring.
    """

    done: Counter[str] = field(default_factory=Counter)
    closed: tuple[str, ...] = ()
    busy: int = 0
    missing: dict[str, SealCount] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """All that were sealed anew."""
        return self.done.total()

    @property
    def is_whole(self) -> bool:
        """True where nothing is left under another key."""
        return not (self.closed or self.busy or self.missing)


class Rotation:
    """Re-seals what a *vault* holds under other keys than the first."""

    def __init__(
        self,
        vault: Vault,
        *,
        clock: Callable[[], float] = boot_time,
        sleep: Callable[[float], object] = sleep_seconds,
        patience: float = PATIENCE,
    ) -> None:
        self._vault, self._store, self._app = vault, vault.store, vault.client_id
        self._clock, self._sleep, self._patience = clock, sleep, patience
        first, *others = vault.keyring.key_names
        self._first, self._others = first, others
        self._done: Counter[str] = Counter()
        self._closed: dict[str, None] = {}
        self._busy = 0

    def count(self) -> int:
        """Return how many rows there are to seal anew."""
        return sum(self._count(each).rows for each in self._others)

    def _count(self, name: str) -> SealCount:
        return self._patiently(lambda: self._store.count_sealed(self._app, name))

    def run(self, report: Report = lambda *_: None) -> Rotated:
        """Re-seal all there is, and say what came of it; may be done again at any time.

        Raises:
            StoreBusy, StoreUnusable: Some are left; do it again.
        """
        began, total = self._clock(), self.count()
        report(0, total)
        self._pass(report, total)
        until = self._clock() + self._patience
        while self._busy and self._clock() < until:
            self._sleep(PAUSE)
            before = self._done.total()
            self._pass(report, total)
            if self._done.total() > before:
                until = self._clock() + self._patience
        names = self._patiently(lambda: self._store.key_names(self._app))
        missing = set(names) - {self._first, *self._others}
        return Rotated(
            done=self._done,
            closed=tuple(self._closed),
            busy=self._busy,
            missing={name: self._count(name) for name in sorted(missing)},
            seconds=self._clock() - began,
        )

    def _pass(self, report: Report, total: int) -> None:
        """Look at every row once."""
        self._busy = 0
        for kind, batch_done in chain.from_iterable(map(self._reseal_all, self._others)):
            self._done[kind] += batch_done
            done = self._done.total()
            report(done, max(total, done))

    def _reseal_all(self, name: str) -> Iterator[tuple[str, int]]:
        """Re-seal what bears the label *name*; yield after each batch."""
        store, app = self._store, self._app
        # What is under way for a minute only comes first.
        yield from self._reseal(
            ATTEMPTS,
            lambda after: store.attempts_under(name, BATCH, after=after),
            self._vault.reseal_attempt,
            store.reseal_attempts,
        )
        yield from self._reseal(
            CONNECTIONS,
            lambda after: store.sealed_under(app, name, BATCH, after=after),
            self._reseal_connection,
            store.reseal_connections,
        )
        yield from self._reseal(
            OUTBOX,
            lambda after: store.owed_under(app, name, BATCH, after=after),
            self._vault.reseal_owed,
            store.reseal_owed,
        )

    def _reseal(
        self,
        kind: str,
        find: Callable[[str], Sequence[R]],
        reseal: Callable[[R], R],
        write: Callable[[Sequence[tuple[R, R]]], int],
    ) -> Iterator[tuple[str, int]]:
        after = ""
        while page := self._patiently(partial(find, after)):
            after = page[-1].id
            pairs = [(row, resealed) for row in page if (resealed := self._try(kind, row, reseal))]
            try:
                written = write(pairs)
            except StoreBusy:  # come back to, as a row that is leased
                written = 0
            self._busy += len(pairs) - written
            yield kind, written

    def _patiently(self, read: Callable[[], T]) -> T:
        """Return what *read* reads, however often a busy store has to be asked for it."""
        until: float | None = None
        while True:
            try:
                return read()
            except StoreBusy:
                until = until or self._clock() + self._patience
                if self._clock() >= until:
                    raise
            self._sleep(PAUSE)

    def _try(self, kind: str, row: R, reseal: Callable[[R], R]) -> R | None:
        try:
            return reseal(row)
        except NoKeyOpens:
            if kind != ATTEMPTS:  # another app's in the same store, perhaps; it ends by itself
                self._closed[row.id] = None
            return None

    def _reseal_connection(self, row: Connection) -> Connection:
        vault = self._vault
        grant = Grant(vault.open_access(row), vault.open_refresh(row), expires_in=0)
        resealed = replace(row, sealed=vault.seal_tokens(row, grant))
        # Opened again before it takes the place of what is known to open.
        if (vault.open_access(resealed), vault.open_refresh(resealed)) != (
            grant.access_token,
            grant.refresh_token,
        ):
            raise NoKeyOpens(self._first)
        return resealed
