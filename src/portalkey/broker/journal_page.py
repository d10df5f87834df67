"""One file of HubSpot's webhooks journal: read, and its entries put into effect.

A file's uninstalls are applied before the place moves past it, and each is a comparison with the
row that it ends: a file that is read twice changes nothing. Installs are noted with the move
itself.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta

from portalkey.broker.audit import Audit
from portalkey.broker.journal_effect import UninstallEffect
from portalkey.broker.journal_place import Place
from portalkey.errors import BadAnswer, PortalkeyError
from portalkey.hubspot.client import Send
from portalkey.hubspot.journal import FileMissing, Link, Page, file_request, read_file
from portalkey.model.events import Event, EventName
from portalkey.model.journal import JournalEntry, JournalKind, JournalRound
from portalkey.vault.vault import Vault

MOST_TRIES = 5
"""So many times a file is tried that cannot be read; then it is left out, and that is recorded."""


class PageReader:
    """Reads the files of the journal, and does what they say."""

    def __init__(
        self, vault: Vault, fetch: Send, audit: Audit, evict: Callable[[str], object]
    ) -> None:
        """Send requests for files by *fetch*, and call *evict* with the owner of each that ends."""
        self._vault = vault
        self._fetch = fetch
        self._audit = audit
        self._effect = UninstallEffect(vault, audit, evict)

    def read(
        self, place: Place, link: Link, later: Iterable[Link], ahead: timedelta
    ) -> JournalRound:
        """Read the file of *link*, and move the *place* past it.

        *later* are links to files that came after it. *ahead* is by how much HubSpot's clock was
        ahead of the store's.

        Raises:
            PlaceLost: Another reader has the place by now.
            BadAnswer, HubSpotUnavailable: The file cannot be read, and is tried again.
        """
        try:
            page = self.fetch(link)
        except BadAnswer as trouble:
            self._count_failure(place, link, later, trouble)
            return JournalRound()
        return self._do(place, link, page, ahead)

    def fetch(self, link: Link) -> Page:
        """Return the file of *link*.

        Raises:
            BadAnswer, HubSpotUnavailable: As ``read_file``.
        """
        return read_file(self._fetch(file_request(link)))

    def _do(self, place: Place, link: Link, page: Page, ahead: timedelta) -> JournalRound:
        seen = set(place.state.seen)
        new = {each.mark: each for each in page.entries if each.mark not in seen}.values()
        gone = [each for each in new if each.kind is JournalKind.UNINSTALLED]
        now = self._vault.store.now()
        ended = sum(
            self._effect.apply(each.no_later_than(now + ahead), ahead, place.write) for each in gone
        )
        events = list(_note(new, page.unreadable))
        state = place.state
        last = max((each.at for each in page.entries), default=state.event_at)
        place.write(
            events,
            offset=link.offset,
            page_at=min(now, page.published_at - ahead) if page.published_at else state.page_at,
            event_at=last,
            pages=state.pages + 1,
            entries=state.entries + len(page.entries),
            failures=0,
            seen=state.remember(list(new)).seen,
        )
        for event in events:
            self._audit.announce(event)
        return JournalRound(1, ended, len(new) - len(gone))

    def _count_failure(
        self, place: Place, link: Link, later: Iterable[Link], trouble: BadAnswer
    ) -> None:
        """Leave the file of *link* out where it was tried often enough; else raise *trouble*.

        What no file is to be had for, as behind a firewall, says nothing of this one: it is left
        out once another is served.
        """
        state = place.state
        is_its_own = not isinstance(trouble, FileMissing)
        failures = state.failures + 1
        if failures < MOST_TRIES or not (is_its_own or any(map(self._is_served, later))):
            place.write(failures=failures)
            raise trouble
        facts = {"error": trouble.code, "offset": link.offset}
        event = Event(EventName.JOURNAL_SKIPPED, facts=facts)
        place.write([event], offset=link.offset, failures=0, skipped=state.skipped + 1)
        self._audit.announce(event)

    def _is_served(self, link: Link) -> bool:
        with suppress(PortalkeyError):
            self.fetch(link)
            return True
        return False


def _note(entries: Iterable[JournalEntry], unreadable: int) -> Iterator[Event]:
    for entry in entries:
        if entry.kind is JournalKind.INSTALLED:
            at = entry.at.isoformat()
            yield Event(EventName.INSTALLED, facts={"hub_id": entry.hub_id, "occurred_at": at})
    if unreadable:
        yield Event(EventName.JOURNAL_SKIPPED, facts={"entries": unreadable})
