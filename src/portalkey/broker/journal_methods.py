"""The Broker's part in HubSpot's webhooks journal.

What it needs is loaded as it is asked for: no app needs it.
"""

from typing import TYPE_CHECKING

from portalkey._support.clock import Clock
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.journal import JournalReader
    from portalkey.broker.journal_setup import JournalSetUp
    from portalkey.broker.parts import Parts


class JournalMethods:
    """The Broker's reader of the journal, and its set-up."""

    settings: Settings
    vault: Vault
    _clock: Clock
    _parts: "Parts"
    _journal: "JournalReader | None" = None

    @property
    def journal(self) -> "JournalReader":
        """The reader of the webhooks journal, which ``portalkey work`` calls; one a broker."""
        if self._journal is None:
            from portalkey.broker.app_token import AppTokenSource  # noqa: PLC0415 - see above
            from portalkey.broker.journal import JournalReader  # noqa: PLC0415 - see above

            parts, way = self._parts, self._parts.way
            token = AppTokenSource(self.settings, way.send, way.endpoint, self._clock)
            self._journal = JournalReader(
                self.settings,
                self.vault,
                way.send,
                fetch=way.fetch,
                token=token,
                audit=parts.audit,
                clock=self._clock,
                check=way.check,
                evict=parts.tokens.evict,
            )
        return self._journal

    @property
    def journal_setup(self) -> "JournalSetUp":
        """The set-up of the journal: subscriptions, and a page that is read on trial."""
        from portalkey.broker.journal_setup import JournalSetUp  # noqa: PLC0415 - see above

        return JournalSetUp(self.settings, self.vault, self._parts.way.fetch, self.journal)
