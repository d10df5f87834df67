"""All that is kept of one owner: handed out whole, and erased for good."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from portalkey._support.background import Background
from portalkey.broker.audit import operator_facts
from portalkey.errors import NoSession, StoreBusy
from portalkey.model.connection import Connection, ConnectionStatus, require_owner
from portalkey.model.events import Event, EventName
from portalkey.model.facts import (
    Facts,
    attempt_facts,
    connection_facts,
    counter_facts,
    event_facts,
    invitation_facts,
)
from portalkey.model.notifications import Subject
from portalkey.model.search import MOST, EventPlace, EventSearch, PlacedEvent
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit
    from portalkey.broker.counters import Counters
    from portalkey.broker.installs import Installs

_TRIES = 5
_IN_SESSIONS = (
    "All else is erased, but connections are in visitors' sessions: end the sessions of this user."
)
_STILL_ACTIVE = (
    "This owner connects again and again while they are erased; keep them out of the app first, "
    "then erase them once more."
)


class OwnerMethods:
    """The Broker's methods about all that is kept of an owner."""

    vault: Vault
    audit: "Audit"
    attempts: "Installs"
    _background: Background
    _counters: "Counters"

    @abstractmethod
    def _disconnect_all(self, owner: str) -> int:
        """Erase the grants of all of *owner*'s connections of this app."""

    @abstractmethod
    def send_owed(self, at_most: int = 5) -> int:
        """Send HubSpot what it is still owed; see ``Broker.send_owed``."""

    def erase(self, owner: str, *, operator: str | None = None) -> int:
        """Erase all that is kept of *owner*, for good: call it where a person asks to be forgotten.

        Their tokens are unusable at once; then connections, attempts, events and counters are gone,
        with e-mail address, domain and the owner's own id. HubSpot is still told to forget the
        tokens: what it is owed stays until then, and names nobody. A SQLite file is written anew,
        so that its pages keep nothing either. Logs and backups are yours to clear. The event that
        stays names the *operator* who did it, where there is one, and never the owner; where
        nothing was kept, none is written.

        Returns:
            How many connections were erased, disconnected ones among them.

        Raises:
            StoreBusy, StoreUnusable: Some may be left; call it again.
            NoSession: All but what is in visitors' sessions is erased; the app has to end those.
        """
        require_owner(owner)
        number = 0 if self.vault.store.is_personal else len(self.vault.store.holdings(owner))
        facts = operator_facts(None if operator == owner else operator)
        event = Event(EventName.OWNER_ERASED, facts={"connections": number, **facts})
        is_known = self._is_known(owner)
        self._erase_rows(owner, event if is_known else None)
        self.vault.store.scrub()
        if is_known:
            self.audit.announce(event)
        if self.vault.store.is_personal:
            raise NoSession(_IN_SESSIONS)
        self._background.start("owed", self.send_owed)
        return number

    def _is_known(self, owner: str) -> bool:
        """Return False where nothing is kept of *owner*."""
        store = self.vault.store
        return (
            store.is_personal  # whose sessions nobody can look into
            or bool(store.holdings(owner) or store.attempts_of(owner))
            or bool(store.invitations(owner=owner))
            or bool(store.find_events(EventSearch(owner=owner), 1))
        )

    def _erase_rows(self, owner: str, event: Event | None) -> None:
        for _ in range(_TRIES):
            self.attempts.cancel_all(owner)
            if not self.vault.store.is_personal:
                self._disconnect_all(owner)
                self._disconnect_those_of_other_apps(owner)
            self._counters.flush()  # or what was counted until now would come after
            if self.vault.store.erase_owner(owner, event, Subject(self.vault.client_id)):
                return
        raise StoreBusy(_STILL_ACTIVE)

    def _disconnect_those_of_other_apps(self, owner: str) -> None:
        """Owe HubSpot what was connected with another client id, to be sent by whoever has it."""
        for row in self.vault.store.holdings(owner):
            if row.status is not ConnectionStatus.DISCONNECTED and not self._is_ours(row):
                event = Event(EventName.DISCONNECTED, owner=owner, connection_id=row.id)
                self.vault.store.disconnect(row, self.vault.owe_as_it_was(row), event=event)

    def _is_ours(self, row: Connection) -> bool:
        return row.client_id == self.vault.client_id

    def export(self, owner: str) -> Facts:
        """Return all that is kept of *owner*, for whoever asks what is: no secret, and all JSON.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
            NoSession: Connections are in visitors' sessions.
        """
        require_owner(owner)
        rows = self.vault.store.holdings(owner)
        attempts = self.vault.store.attempts_of(owner)
        return {
            "owner": owner,
            "exported_at": self.vault.store.now().isoformat(),
            "connections": [self._export_connection(row) for row in rows],
            "attempts": [attempt_facts(each) for each in attempts],
            "invitations": [
                invitation_facts(each) for each in self.vault.store.invitations(owner=owner)
            ],
            "events": [event_facts(event) for _, event in self._events_about(owner, rows)],
        }

    def _export_connection(self, row: Connection) -> Facts:
        self._counters.flush()
        counters = self.vault.store.counters(row.client_id, row.id)
        return connection_facts(row) | {"counters": [counter_facts(each) for each in counters]}

    def _events_about(self, owner: str, rows: Sequence[Connection]) -> list[PlacedEvent]:
        """Return the events that name *owner*, or one of their connections alone."""
        searches = [EventSearch(owner=owner), *(EventSearch(connection_id=row.id) for row in rows)]
        found = {place: event for each in searches for place, event in self._all_events(each)}
        return sorted(found.items(), key=lambda each: each[0])

    def _all_events(self, search: EventSearch) -> Iterator[PlacedEvent]:
        after: EventPlace | None = search.after
        while after is not None:
            search = EventSearch(after, None, search.owner, search.connection_id)
            page = self.vault.store.find_events(search, MOST)
            yield from page
            after = page[-1][0] if len(page) == MOST else None
