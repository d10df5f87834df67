"""Reader of HubSpot's webhooks journal: who uninstalled the app is disconnected, without a token.

One reader at a time has the app's row in the store: it bears the place that was read and who reads.
Every step writes the row by comparison with what the reader wrote last, so whoever was taken for
dead writes nothing any more.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import takewhile

from pydantic import SecretStr

from portalkey._support.clock import Clock
from portalkey.broker.app_token import AppTokenSource
from portalkey.broker.audit import Audit
from portalkey.broker.journal_page import PageReader
from portalkey.broker.journal_place import EVERY, Place, PlaceLost
from portalkey.broker.waiting import Check
from portalkey.errors import BadAnswer, NoSession, PortalkeyError, TryLater
from portalkey.hubspot import journal as hubspot
from portalkey.hubspot.client import Send
from portalkey.hubspot.http import Request, Response
from portalkey.model.events import Event, EventName, Fact
from portalkey.model.journal import DOUBT, META_NAME, JournalRound, JournalState
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

log = logging.getLogger("portalkey")

REFUSED_WAIT = 300.0
"""Seconds until the next look where the operator has to do something first."""
WORK_SECONDS = 10.0
"""Seconds after which a round ends with the page it is at: the next one reads on."""
RETENTION = timedelta(days=3)
"""The time for which HubSpot keeps an entry at least."""

_BATCH = 20
_NO_PERSONAL = (
    'With store="session" nobody can end a connection from outside: each is in its visitor\'s '
    "session, and ends at its next renewal. Set PORTALKEY_JOURNAL to off."
)


class JournalReader:
    """Reads one app's journal on, page by page."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        *,
        fetch: Send,
        token: AppTokenSource,
        audit: Audit,
        clock: Clock,
        check: Check,
        evict: Callable[[str], object],
    ) -> None:
        """Read nothing yet.

        Args:
            settings: What the operator decided.
            vault: Keyring and store.
            send: Sends a request to HubSpot's API.
            fetch: Sends one to where its files are; whether that can be reached says nothing of
                HubSpot.
            token: Source of the app's own token.
            audit: Writes what happened.
            clock: Counts seconds.
            check: Returns where HubSpot may be asked from here.
            evict: Forgets an owner's tokens in this process.
        """
        self._settings = settings
        self._vault = vault
        self._send = send
        self._audit = audit
        self._token = token
        self._clock = clock
        self._check = check
        self._pages = PageReader(vault, fetch, audit, evict)
        self.every = EVERY
        """Seconds between two looks; the demo takes fewer."""
        self._not_before = float("-inf")

    def look(self) -> tuple[JournalState, float | None]:
        """Return how far the journal was read, by whichever process, and its lag in seconds.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        state = JournalState.parse(self._vault.store.meta(self._name))
        return state, state.lag(self._vault.store.now())

    def read(self) -> JournalRound:
        """Read what is new, unless it is too early or another process reads.

        Raises:
            OperatorMustAct: The message says what to do; it is looked again in some minutes.
            TryLater: What was read by then is done; the rest is read the next time.
        """
        if self._vault.is_copy or self._clock() < self._not_before:
            return JournalRound()
        self._not_before = self._clock() + self.every
        try:
            if self._vault.store.is_personal:
                raise NoSession(_NO_PERSONAL)
            self._check(None)
            place = Place.claim(self._vault, self._name, self.every)
            return JournalRound() if place is None else self._read_in(place)
        except PortalkeyError as trouble:
            least = trouble.retry_after if isinstance(trouble, TryLater) else REFUSED_WAIT
            self._not_before = self._clock() + max(self.every, least)
            raise

    def ask(self, build: Callable[[SecretStr], Request]) -> Response:
        """Send what *build* makes of the app's own token; once more where HubSpot knows it not.

        Raises:
            OperatorMustAct, TryLater: There is no such token, or no whole answer.
        """
        response = self._send(build(self._token.get()))
        if response.status != 401:  # noqa: PLR2004 - as HTTP has it
            return response
        self._token.forget()
        return self._send(build(self._token.get()))

    @property
    def _name(self) -> str:
        return META_NAME + self._vault.client_id

    def _read_in(self, place: Place) -> JournalRound:
        done = JournalRound()
        try:
            for page in self._read_pages(place, self._clock() + WORK_SECONDS):
                done += page
        except PlaceLost:
            return done
        except PortalkeyError as trouble:
            with suppress(PortalkeyError):  # the store may be what the trouble is with
                place.let_go(error=trouble.code)
            raise
        place.let_go()
        if not place.state.is_caught_up:
            self._not_before = self._clock()
        return done

    def _read_pages(self, place: Place, until: float) -> Iterator[JournalRound]:
        """Read page after page, until there is no more or the time is over."""
        while self._clock() < until:
            yield from self._read_batch(place, until)
            if place.state.is_caught_up:
                return

    def _read_batch(self, place: Place, until: float) -> Iterator[JournalRound]:
        offset, now = place.state.offset, self._vault.store.now()
        response = self._ask_for_links(offset)
        if self._vault.store.now() - now > DOUBT:
            return  # held up: whose clock is ahead cannot be said, and it is asked again
        ahead = (response.date or now) - now
        links = hubspot.read_links(response, self._settings, offset)
        if links is None:
            self._restart(place, now)
            return
        new = [each for each in links if each.offset != offset]
        for number, link in enumerate(new, 1):
            # At least one in a round, so that it goes on however slow each is.
            later = takewhile(lambda _: self._clock() < until, new[number:])
            yield self._pages.read(place, link, later, ahead)
            if self._clock() >= until:
                break
        place.write(read_at=now, is_caught_up=not new)

    def _ask_for_links(self, offset: str | None) -> Response:
        return self.ask(lambda token: hubspot.links_request(self._settings, token, offset, _BATCH))

    def _restart(self, place: Place, now: datetime) -> None:
        """Begin at the earliest entry that HubSpot still has, as it knows the place no more.

        The place is given up only once HubSpot has named the earliest: an address that leads
        nowhere is answered with 404, too.
        """
        since, until = place.state.complete_until, self._find_earliest(now)
        may_lack = since is None or since + DOUBT < until
        facts: dict[str, Fact] = {"may_lack": may_lack}
        if may_lack:
            begin = since.isoformat() if since else None
            facts |= {"from": begin, "until": until.isoformat()}
        event = Event(EventName.JOURNAL_RESTARTED, facts=facts)
        place.write([event], offset=None, is_caught_up=False, failures=0)
        self._audit.announce(event)
        if may_lack:
            log.warning(
                "HubSpot's webhooks journal was not read from %s to %s, and has forgotten that "
                "time; who uninstalled the app then is found at the next renewal, or within about "
                "a day by `portalkey work`",
                since or "its beginning",
                until,
            )

    def _find_earliest(self, now: datetime) -> datetime:
        """Return the moment, by the store's clock, since which HubSpot has all that happened."""
        response = self._ask_for_links(None)
        ahead = (response.date or now) - now
        known = now - RETENTION
        for link in (hubspot.read_links(response, self._settings, None) or ())[:1]:
            with suppress(BadAnswer):  # what is not to be had says nothing
                published_at = self._pages.fetch(link).published_at
                if published_at is not None:
                    return min(known, published_at - ahead)
        return known
