"""One guard of an actor taken away: each is caught at the invariant that it guards."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from math import inf
from typing import Any

from portalkey.broker.admission import Admission, Permit
from portalkey.broker.delivery import Deliver, Delivery
from portalkey.broker.introspect import Introspector
from portalkey.broker.journal_effect import UninstallEffect
from portalkey.broker.notify import Undelivered
from portalkey.broker.sweep_witnesses import Verdict, Witnesses
from portalkey.errors import PortalkeyError, StoreBusy, StoreUnusable
from portalkey.hubspot.account import Introspection, read_introspection
from portalkey.hubspot.client import DEADLINE
from portalkey.hubspot.http import Request
from portalkey.hubspot.token import refresh_request
from portalkey.model import sweep
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.journal import JournalEntry, JournalState
from portalkey.model.notifications import Notification, Subject, write_event_id
from portalkey.model.throttle import Portion, PortionRequest, Purpose, Throttled
from portalkey.vault import MemoryStore
from portalkey.vault.store import Mark, TellRenewal
from simulation.actors.entries import NAME
from simulation.actors.schedule import ActorKind
from simulation.hubspot import Mode
from simulation.ports import Process


class _Forgetting(Delivery):
    def attempt(self, deliver: Deliver, found: Notification) -> tuple[bool, bool]:
        """Cross it out first."""
        self._vault.store.complete_notification(found)
        with suppress(Undelivered):
            deliver(found)
        return True, True


class _Silent(MemoryStore):
    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Without its event."""
        return super().mark(connection, replace(mark, event=None))


class _Disorderly(MemoryStore):
    def due_notifications(
        self, client_id: str, receiver: str, at_most: int
    ) -> Sequence[Notification]:
        """Whatever is due, whether another waits before it or not."""
        rows, now = list(self._owed_to(client_id, receiver)), self.now()
        return [each for each in rows if each.due_at <= now][:at_most]

    def claim_notification(self, notification_id: str, seconds: float) -> Notification | None:
        """The same once more: a claim looks again."""
        row, now = self._notifications.get(notification_id), self.now()
        if row is None or row.due_at > now:
            return None
        claimed = replace(row, due_at=now + timedelta(seconds=seconds), claim=notification_id)
        self._notifications[row.id] = claimed
        return claimed


class _Presuming(MemoryStore):
    def renew(
        self,
        connection: Connection,
        *,
        instead_of: str,
        status: ConnectionStatus | None = None,
        tell: TellRenewal | None = None,
    ) -> ConnectionStatus | None:
        """Tell of the row as if it had been connected."""
        connected = tell(ConnectionStatus.CONNECTED) if tell else None
        return super().renew(
            connection, instead_of=instead_of, status=status, tell=lambda _: connected
        )


class _Jubilant(MemoryStore):
    def renew(
        self,
        connection: Connection,
        *,
        instead_of: str,
        status: ConnectionStatus | None = None,
        tell: TellRenewal | None = None,
    ) -> ConnectionStatus | None:
        """Tell of the row as if it had failed."""
        healed = tell(ConnectionStatus.FAILING) if tell else None
        return super().renew(
            connection, instead_of=instead_of, status=status, tell=lambda _: healed
        )


class _Premature(MemoryStore):
    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Owe the event first, and look at the row then."""
        if mark.event is not None:
            at = self.now()
            event = replace(mark.event, at=at, id=write_event_id(at, 0))
            self._notify(event, Subject(connection.client_id, connection.hub_id))
        return super().mark(connection, mark)


class _Renaming(MemoryStore):
    def reschedule_notification(self, notification: Notification, seconds: float) -> None:
        """With an id of its own for each try."""
        super().reschedule_notification(notification, seconds)
        row = self._notifications.get(notification.id)
        if row is not None:
            self._notifications[row.id] = replace(row, event_id=f"{row.event_id}{row.tries}")


class _Hasty(MemoryStore):
    def note_look(
        self, connection: Connection, wait: float, *, suspicion: str | None = None
    ) -> bool:
        """As if it had been half an hour ago, and due again."""
        wait = wait if suspicion is None else 0.0
        is_noted = super().note_look(connection, wait, suspicion=suspicion)
        if is_noted:
            row = self._connections[connection.id]
            before = self.now() - timedelta(seconds=sweep.CONFIRM_SECONDS[0])
            self._connections[row.id] = replace(row, checked_at=before)
        return is_noted


class _Unsuspecting(MemoryStore):
    def note_look(
        self, connection: Connection, wait: float, *, suspicion: str | None = None
    ) -> bool:
        """Without what HubSpot said."""
        return super().note_look(connection, wait)


class _Credulous(Witnesses):
    def judge(self, row: Connection) -> Verdict:
        """Always."""
        del row
        return Verdict.BELIEVED


class _Rash(Witnesses):
    def _confirm(self, row: Connection) -> Verdict:
        """It was, before the witness spoke."""
        del row
        return Verdict.BELIEVED


class _Gloomy(Introspector):
    def ask(self, request: Request) -> Introspection:
        """Whoever does not say that it lives says that it is dead."""
        try:
            return super().ask(request)
        except PortalkeyError:
            return Introspection(active=False)


class _Unasking(Introspector):
    def ask(self, request: Request) -> Introspection:
        """Whichever app's token the answer is about."""
        return read_introspection(self._send(request))


class _Renewing(Introspector):
    def build_request(self, connection: Connection, seconds: float = DEADLINE) -> Request:
        """Ask for a token, which tells as much."""
        token = self._vault.open_refresh(connection)
        return refresh_request(self._settings, token)


class _Greedy(Admission):
    def acquire(
        self, purpose: Purpose, owner: str, name: str, until: float = inf
    ) -> Permit | Throttled:
        """As if somebody waited for each."""
        return super().acquire(Purpose.CALLER, owner, name, until)


class _Emptying(MemoryStore):
    def take_portion(self, client_id: str, request: PortionRequest) -> Portion | Throttled:
        """To the last permit, whoever asks."""
        as_caller = replace(request, purpose=Purpose.CALLER)
        return super().take_portion(client_id, as_caller)


class _Careless(UninstallEffect):
    def apply(
        self, entry: JournalEntry, ahead: timedelta, on_progress: Callable[[], object]
    ) -> int:
        """Go on where the store is in trouble."""
        try:
            return super().apply(entry, ahead, on_progress)
        except (StoreBusy, StoreUnusable):
            return 0


class _Timeless(UninstallEffect):
    def apply(
        self, entry: JournalEntry, ahead: timedelta, on_progress: Callable[[], object]
    ) -> int:
        """As if all clocks went alike."""
        return super().apply(entry, timedelta(0), on_progress)


class _HalfDone(MemoryStore):
    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Erase the grant, and leave the row connected."""
        before = self._connections.get(connection.id)
        is_marked = super().mark(connection, mark)
        if is_marked and mark.erases and before is not None:
            row = replace(self._connections[before.id], status=before.status)
            self._connections[before.id] = row
        return is_marked


class _Clinging(MemoryStore):
    def meta(self, name: str) -> str | None:
        """Whoever began to read reads for ever."""
        text = super().meta(name)
        state = JournalState.parse(text if name == NAME else None)
        if state.holder is None:
            return text
        return replace(state, until=self.now() + timedelta(hours=1)).dump()


def _of_class(part: str, kind: type) -> Callable[[Process], None]:
    def fit(process: Process) -> None:
        whole: Any = process
        *names, last = part.split(".")
        for name in names:
            whole = getattr(whole, name)
        getattr(whole, last).__class__ = kind

    return fit


_HELD_UP = (("pause_after", "introspect"), ("pause_before", "introspect"))
_BUSY = (("busy_before", "mark"), ("delay_before", "swap_meta"))
_UNSAVED = ("unusable_after", "mark")
_RENEWING = ("pause_after", "refresh")
_ROTATING: Sequence[Mode] = (Mode.SINGLE_USE, Mode.REUSE_KILLS)
_SILENT = ("no_active", "introspect")
_NOT_OURS = ("not_ours", "introspect")

MUTANTS: dict[str, tuple[str, ActorKind]] = {
    "a change is crossed out before it is delivered": (
        "N1",
        ActorKind(fit=_of_class("deliveries._delivery", _Forgetting)),
    ),
    "a change is written without its event": ("N1", ActorKind(store=_Silent)),
    "a change does not wait for those before it": ("N2", ActorKind(store=_Disorderly)),
    "a change is delivered though it was not written": ("N3", ActorKind(store=_Premature)),
    "a change has another id with each try": ("N4", ActorKind(store=_Renaming)),
    "a renewal is told by the status that was read": (
        "N5",
        ActorKind(store=_Presuming, modes=_ROTATING, foci=lambda _: (_RENEWING,) * 2),
    ),
    "every renewal heals": ("N5", ActorKind(store=_Jubilant)),
    "two looks may follow each other at once": ("S1", ActorKind(store=_Hasty)),
    "HubSpot is believed whatever it says of all": (
        "S1",
        ActorKind(
            fit=_of_class("sweep._witnesses", _Credulous),
            foci=lambda _: (_SILENT,),
            spells=((None, 4000.0),),
        ),
    ),
    "a witness speaks for what was said before it": (
        "S1",
        ActorKind(
            fit=_of_class("sweep._witnesses", _Rash),
            foci=lambda seed: (_HELD_UP[seed % 2],) * 2,
            spells=((None, 3000.0), (None, 4000.0)),
        ),
    ),
    "an answer that says nothing is a death": (
        "S1",
        ActorKind(fit=_of_class("introspector", _Gloomy), foci=lambda _: (_SILENT,) * 3),
    ),
    "an answer about another app's token is believed": (
        "S1",
        ActorKind(fit=_of_class("introspector", _Unasking), foci=lambda _: (_NOT_OURS,) * 2),
    ),
    "a look renews": ("S2", ActorKind(fit=_of_class("introspector", _Renewing))),
    "a suspicion is forgotten": ("S3", ActorKind(store=_Unsuspecting)),
    "a sweep asks as a caller": ("S4", ActorKind(fit=_of_class("refresh.admission", _Greedy))),
    "a sweep has no share of its own": ("S4", ActorKind(store=_Emptying)),
    "an uninstall that meets trouble is left out": (
        "J1",
        ActorKind(fit=_of_class("journal._pages._effect", _Careless), foci=lambda _: _BUSY),
    ),
    "HubSpot's clock counts as the store's": (
        "J2",
        ActorKind(fit=_of_class("journal._pages._effect", _Timeless)),
    ),
    "an uninstall leaves the row connected": (
        "J3",
        ActorKind(store=_HalfDone, foci=lambda _: (_UNSAVED, _BUSY[1])),
    ),
    "a reader that died is waited for": (
        "J4",
        ActorKind(store=_Clinging, foci=lambda _: (("crash_before", "journal_file"),)),
    ),
}
"""By what is done: the invariant that breaks, and the campaign to catch it in."""
