"""Set-up of the webhooks journal: subscriptions, and a look whether reading works."""

from dataclasses import dataclass

from portalkey.broker.journal import JournalReader
from portalkey.errors import StoreIsCopy
from portalkey.hubspot import subscriptions
from portalkey.hubspot.client import Send
from portalkey.hubspot.journal import (
    EVENT_TYPES,
    file_request,
    links_request,
    read_file,
    read_links,
)
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

_NOT_FROM_A_COPY = (
    "This copy (PORTALKEY_COPY) reads no journal, as production does; set it up there."
)


@dataclass(frozen=True, slots=True)
class SetUp:
    """The subscriptions that were made, those that were there, and whether a page was read."""

    made: tuple[str, ...]
    there: tuple[str, ...]
    has_entries: bool


class JournalSetUp:
    """Subscribes the app to installs and uninstalls, as often as anybody likes."""

    def __init__(
        self, settings: Settings, vault: Vault, fetch: Send, reader: JournalReader
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._fetch = fetch
        self._reader = reader

    def run(self) -> SetUp:
        """Make the subscriptions that are missing, and read one page on trial; nothing is applied.

        Raises:
            OperatorMustAct: The message says what to do at HubSpot; run it again then.
            TryLater: HubSpot cannot be asked now.
        """
        if self._vault.is_copy:
            raise StoreIsCopy(_NOT_FROM_A_COPY)
        settings, ask = self._settings, self._reader.ask
        known = subscriptions.read_subscriptions(
            ask(lambda token: subscriptions.subscriptions_request(settings, token))
        )
        made = [each for each in EVENT_TYPES if each not in known]
        for event_type in made:
            self._subscribe(event_type)
        answer = ask(lambda token: links_request(settings, token, None, 1))
        links = read_links(answer, settings, None)
        for link in links or ():
            read_file(self._fetch(file_request(link)))
        there = tuple(each for each in EVENT_TYPES if each in known)
        return SetUp(tuple(made), there, has_entries=bool(links))

    def _subscribe(self, event_type: str) -> None:
        settings = self._settings
        subscriptions.read_subscription(
            self._reader.ask(
                lambda token: subscriptions.subscribe_request(settings, token, event_type)
            )
        )
