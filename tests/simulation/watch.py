"""The invariants I1 to I12, looked at after each effect, each request and each answer.

Nothing here is of portalkey's opinion: tokens are followed by what HubSpot gave, to whom and when.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from portalkey.broker.refresh_outcome import LOST_IN_FLIGHT
from portalkey.broker.renewal import LEASE, START_WITHIN
from portalkey.errors import NoKeyOpens
from portalkey.hubspot.client import DEADLINE
from portalkey.hubspot.http import Response
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.expiry import LEAST
from portalkey.model.leases import Lease, LeaseDenied
from portalkey.vault import MemoryStore
from portalkey.vault.keyring import Binding, Keyring
from simulation.hubspot import Given, HubSpot
from simulation.world import Mortal, Task, World

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_WRITES = frozenset({"lease", "release", "renew", "mark", "disconnect", "connect"})
_ROUNDED = 0.001
_BRIEF = 0.1
"""The part of its life that a token is promised for, where that is less than ``LEAST`` seconds."""


@dataclass(eq=False, slots=True)
class _Post:
    """A token request that is out: *is_late* where its sender stood still right before it."""

    process: Mortal
    task: Task
    sent_at: float
    is_late: bool
    is_over: bool = False


class Watch:
    """Follows one schedule, and keeps what it finds wrong in ``violations``."""

    def __init__(
        self, world: World, hubspot: HubSpot, store: MemoryStore, keyring: Keyring
    ) -> None:
        self.world = world
        self.hubspot = hubspot
        self.store = store
        self.keyring = keyring
        self.violations: list[str] = []
        self.notes: Counter[str] = Counter()
        self.rows: dict[str, Connection] = {}
        self.received_by: list[tuple[Mortal, Given]] = []
        self.stored: set[str] = set()
        self.durable: set[str] = set()
        self.refused: set[str] = set()
        self.refused_late: Counter[str] = Counter()
        self.gone: dict[str, tuple[int, int]] = {}
        self.left_alone = 0
        self.opened_at: list[float] = []
        self._answers: dict[tuple[int, str], bool] = {}
        self._posts: dict[tuple[str, int], list[_Post]] = {}
        self._fences: set[tuple[str, int, int]] = set()
        self._orphans: dict[str, Given] = {}

    def broke(self, what: str) -> None:
        """Keep *what* is wrong; the first word says which invariant."""
        self.violations.append(what)

    def opened(self, row: Connection) -> tuple[str, str]:
        """Both tokens of *row*; empty ones where it has none."""
        if row.sealed is None:
            return "", ""
        place = (row.client_id, row.id)
        access = Binding(*place, "access_token", row.generation)
        refresh = Binding(*place, "refresh_token", row.generation)
        try:
            return (
                self.keyring.open(row.sealed.access, access).get_secret_value(),
                self.keyring.open(row.sealed.refresh, refresh).get_secret_value(),
            )
        except NoKeyOpens:
            self.broke("I9 a grant that does not open")
            return "", ""

    # What is said to HubSpot and what it says

    def posted(self, process: Mortal, token: str) -> None:
        """A token request is about to be sent."""
        task, now = self.world.current, self.world.now
        lease = task.lease if task is not None else None
        self.notes["posts"] += 1
        if task is None or lease is None:
            self.broke("I1 a request without a lease")
            return
        if task.looked_at - task.leased_at > START_WITHIN:
            self.broke("I1 a request by somebody who was held up, and could know")
        fence = (lease.id, lease.generation, lease.lease_fence)
        if fence in self._fences:
            self.broke("I1 two requests under one lease")
        self._fences.add(fence)
        post = _Post(process, task, now, is_late=now - task.leased_at > LEASE - DEADLINE)
        self.notes["late posts"] += post.is_late
        others = self._posts.setdefault((lease.id, lease.generation), [])
        for other in others:
            is_out = not other.is_over and now < other.sent_at + DEADLINE
            if is_out and not other.process.is_dead and not (post.is_late or other.is_late):
                self.broke("I1 two requests at once")
        others.append(post)

    def received(
        self, process: Mortal, token: str, response: Response | None, given: Given | None
    ) -> None:
        """An answer has come to *process*, or its time is up."""
        connection_id = self.hubspot.families[token].connection_id
        for posts in self._posts.values():
            for post in posts:
                post.is_over = post.is_over or post.task is self.world.current
        is_dead = response is not None and response.status == 400 and b"_grant" in response.body
        self._answers[process.number, connection_id] = is_dead
        if is_dead:
            self.refused.add(token)
            self.refused_late[token] += self.world.is_quiet
        if response is not None and response.status == 200 and given and given.kind != "torn":
            self.received_by.append((process, given))
            if given.kind == "no_access_token":
                self._orphans[given.refresh] = given

    # What is written

    def effected(self, process: Mortal, name: str, args: Sequence[Any], result: Any) -> None:
        """The store did what *name* says to the row in *args*, and answers *result*."""
        if name not in _WRITES or result is False or result is None:
            return
        if isinstance(result, LeaseDenied):
            return
        task = self.world.current
        if isinstance(result, Lease) and task is not None:
            task.lease, task.leased_at = result.connection, self.world.now
        if name == "disconnect" and result:
            self.gone[args[0].id] = (len(self.world.trace), args[0].generation)
        for row in self._touched(args):
            before = self.rows.get(row.id)
            if before is not row:
                self.rows[row.id] = row
                self._changed(process, name, before, row)

    def _touched(self, args: Sequence[Any]) -> Iterable[Connection]:
        """The rows that may have changed: any of them, as nobody here trusts the arguments."""
        return self.store._connections.values()

    def _changed(
        self, process: Mortal, name: str, before: Connection | None, row: Connection
    ) -> None:
        if before is not None and row.generation < before.generation:
            self.broke("I2 a generation went back")
        if before is None or row.sealed is not before.sealed:
            if before is not None and row.generation <= before.generation:
                self.broke("I2 another grant without another generation")
            if row.sealed is not None:
                self._granted(name, before, row)
        is_dead = row.status is ConnectionStatus.NEEDS_RECONNECT
        if is_dead and before is not None and before.status is not row.status:
            self._ended(process, row)

    def _granted(self, name: str, before: Connection | None, row: Connection) -> None:
        access, refresh = self.opened(row)
        self.durable.add(access)
        self.stored.add(refresh)
        given = self.hubspot.given.get(access)
        old = self.opened(before) if before is not None else ("", "")
        if given is not None and given.refresh != refresh:
            orphan = self._orphans.get(refresh)
            if orphan is None or access != old[0]:
                self.broke("I9 an access token beside a refresh token that it did not come with")
            given = orphan
        if given is None or row.status is not ConnectionStatus.CONNECTED or row.is_leased:
            self.broke("I9 a grant that was written in part")
        elif name == "renew" and given.sent != old[1]:
            self.broke("I3 a grant over another than the one it was given for")
        end = EPOCH + timedelta(seconds=self.hubspot.ends.get(access, 0.0) + _ROUNDED)
        if row.access_expires_at > max(end, self.store.now()):
            self.broke("I4 a token that is believed in for longer than it lives")

    def _ended(self, process: Mortal, row: Connection) -> None:
        if not self._answers.get((process.number, row.id)):
            self.broke("I6 a connection ended by something that passes")
        elif self.opened(row)[1] not in self.refused:
            self.broke("I5 a connection ended for a refresh token that it does not hold")

    def told(self, event: Event) -> None:
        """A token is left alone where the store cannot say whether a connection lives on it."""
        is_given_back = event.name is EventName.REVOCATION_OWED and "wait" not in event.facts
        self.left_alone += is_given_back
        if event.name is EventName.BREAKER_OPENED:
            self.opened_at.append(self.world.now)

    # What callers get

    def handed(self, connection: Connection, began: int) -> None:
        """A caller who asked at step *began* is given the token of *connection*."""
        self.notes["handed"] += 1
        access = self.opened(connection)[0]
        if access not in self.durable:
            self.broke("I10 a token that is not in the store")
        gone = self.gone.get(connection.id)
        if gone is not None and gone[0] < began and connection.generation <= gone[1]:
            self.broke("I8 a token of a connection that was disconnected")
        life = (connection.access_expires_at - (connection.granted_at or EPOCH)).total_seconds()
        least = min(LEAST, life * _BRIEF) - _ROUNDED
        left = self.hubspot.ends.get(access, 0.0) - self.world.now
        if connection.seconds_left <= least:
            self.broke("I4 a token that is over by its own row")
        elif left <= least and self._stood_still_since(connection):
            self.notes["held up with a token in hand"] += 1
        elif left <= least:
            self.broke("I4 a token with nothing left of its life")

    def _stood_still_since(self, connection: Connection) -> bool:
        task = self.world.current
        read_at = (connection.seen_at - EPOCH).total_seconds()
        return task is not None and task.paused_at >= read_at - _ROUNDED

    # What has come of it in the end

    def outcomes(self) -> None:
        """Once all is quiet: nothing that a survivor received is lost."""
        owed = {each.fingerprint for each in self.store._owed.values()}
        newest: dict[int, Given] = {}
        for process, given in self.received_by:
            if process.is_dead:
                continue
            kept = given.refresh in self.stored or given.refresh in self.hubspot.revoked
            if kept or self.keyring.fingerprint(SecretStr(given.refresh)) in owed:
                pass
            elif given.family.connection_id in self.gone:
                # In the memory of a process that nobody asks for this connection any more.
                self.notes["in memory, of a connection that is gone"] += 1
            elif self.left_alone > self.notes["left alone, and told of"]:
                self.notes["left alone, and told of"] += 1
            else:
                self.broke(f"I7 {given.refresh} was received, and neither kept nor revoked")
            family = id(given.family)
            if family not in newest or given.number > newest[family].number:
                newest[family] = given
        if any(times > 1 for times in self.refused_late.values()):
            self.broke("LOOP a dead grant was tried again and again")
        for row in self.store._connections.values():
            self._end(row, newest)

    def _end(self, row: Connection, newest: dict[int, Given]) -> None:
        if row.sealed is None:
            return
        refresh = self.opened(row)[1]
        family = self.hubspot.families.get(refresh)
        if family is None:
            return
        last = newest.get(id(family))
        if last is not None and family.tokens.index(last.refresh) > family.tokens.index(refresh):
            self.broke(f"LOST {last.refresh}, the row has {refresh}")
        if refresh in family.replaced_at:
            self._lost_in_flight(row, refresh)
        elif not family.is_alive:
            self.notes["ended by reuse"] += 1

    def _lost_in_flight(self, row: Connection, refresh: str) -> None:
        """HubSpot gave another token, and nobody lived to keep it."""
        if row.status is not ConnectionStatus.NEEDS_RECONNECT:
            self.broke(f"LOOP a lost grant is {row.status}")
        if refresh in self.hubspot.refused_without_need:
            return
        is_unreadable = refresh in self.hubspot.unreadable
        self.notes["lost in a torn answer" if is_unreadable else "lost in flight"] += 1
        if row.status_reason != LOST_IN_FLIGHT:
            self.broke(f"REASON a grant lost in flight has the reason {row.status_reason}")
