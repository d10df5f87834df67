"""Uninstalls that HubSpot could not be asked for at once: asked again until it says yes or no."""

import logging
from datetime import timedelta

from pydantic import SecretStr

from portalkey.broker import waiting
from portalkey.broker.admission import Permit
from portalkey.broker.audit import Audit, event_facts
from portalkey.broker.token_endpoint import TokenEndpoint
from portalkey.broker.uninstall import Uninstaller
from portalkey.errors import BadAnswer, HubSpotRefused, PersonMustAct, PortalkeyError
from portalkey.hubspot.client import Send
from portalkey.hubspot.token import GrantType, read_grant, refresh_request
from portalkey.model.connection import Grant
from portalkey.model.events import EventName, Fact
from portalkey.model.search import MOST, ConnectionSearch
from portalkey.model.throttle import Purpose
from portalkey.settings.settings import Settings
from portalkey.vault.store import OwedRevocation
from portalkey.vault.vault import Vault

log = logging.getLogger("portalkey")

MOST_REFUSALS = 10
"""So many tries of one that HubSpot refuses: hours, in which the operator may put it right."""
LONGEST = timedelta(days=30)
"""For so long one is tried, whatever is in the way: nobody expects it any more after that."""

CONNECTED_AGAIN = "connected_again"
"""Stands for an error where somebody connected the account after the uninstall was asked for."""
_GIVEN_UP = (
    "the app is not taken out of the HubSpot account %s any more (%s); where it is still installed "
    "there, a Super Admin of the account can uninstall it in HubSpot, under Connected Apps"
)


class OwedUninstalls(Uninstaller):
    """Asks HubSpot again to take the app out of an account."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        audit: Audit,
        endpoint: TokenEndpoint,
    ) -> None:
        """Renew tokens at this *endpoint*; the other arguments are those of ``Uninstaller``."""
        super().__init__(settings, vault, send, audit)
        self._endpoint = endpoint

    def send_owed(self, owed: OwedRevocation, hub_id: int) -> None:
        """Take the app out of the account *hub_id*, or give up where that will never succeed.

        It is given up where somebody connected the account again since, where HubSpot honours the
        grant no more, and where HubSpot refuses. Its refresh token is owed a revocation then.

        Raises:
            OperatorMustAct, TryLater: It stays owed.
        """
        token = self._vault.open_owed(owed)
        if self._is_connected_again(owed, hub_id):
            self._give_up(owed, hub_id, {"error": CONNECTED_AGAIN}, token)
            return
        try:
            grant = self._renew(owed, token)
            token = grant.refresh_token or token
            self.send(grant.access_token, hub_id, connection_id=owed.connection_id)
        except PortalkeyError as trouble:
            if not self._is_final(owed, trouble):
                raise
            # HubSpot has no more to forget where it honours nothing of it.
            left = None if isinstance(trouble, PersonMustAct) else token
            self._give_up(owed, hub_id, event_facts(trouble), left)
            return
        self.mark_others(hub_id)

    def _is_connected_again(self, owed: OwedRevocation, hub_id: int) -> bool:
        asked_at, store = owed.asked_at, self._vault.store
        if asked_at is None or store.is_personal:
            return False
        search = ConnectionSearch(self._vault.client_id, hub_id=hub_id)
        page = store.find(search, MOST, after="")
        return any(row.connected_at > asked_at for row in page.connections)

    def _renew(self, owed: OwedRevocation, token: SecretStr) -> Grant:
        """Return a grant with a new access token; a new refresh token is kept first."""
        permit = self._endpoint.admission.acquire(Purpose.SWEEP, owed.id, owed.id)
        if not isinstance(permit, Permit):
            raise waiting.throttled_error(permit.reason, permit.wait)
        try:
            response = self._send(refresh_request(self._settings, token))
            grant = read_grant(response, asked=GrantType.REFRESH)
        except PortalkeyError as trouble:
            self._endpoint.record_failure(owed.id, permit, trouble)
            raise
        self._endpoint.record_answer(permit)
        if grant.refresh_token not in {None, token}:
            renewed = self._vault.seal_owed(owed, grant.refresh_token or token)
            self._vault.store.reseal_owed([(owed, renewed)])
        return grant

    def _is_final(self, owed: OwedRevocation, trouble: PortalkeyError) -> bool:
        """Return True where no further try would change a thing, or none is wanted any more."""
        if owed.asked_at is not None and self._vault.store.now() - owed.asked_at > LONGEST:
            return True
        if isinstance(trouble, PersonMustAct):
            return True
        if not isinstance(trouble, HubSpotRefused | BadAnswer):
            return False
        is_of_app = not isinstance(trouble, HubSpotRefused) or trouble.of_app
        return not is_of_app or owed.tries + 1 >= MOST_REFUSALS

    def _give_up(
        self, owed: OwedRevocation, hub_id: int, facts: dict[str, Fact], token: SecretStr | None
    ) -> None:
        if token is not None:
            self._vault.enqueue(token, owed.connection_id)
        self._audit.record(
            EventName.UNINSTALL_GIVEN_UP,
            connection_id=owed.connection_id,
            facts={**facts, "hub_id": hub_id},
        )
        log.error(_GIVEN_UP, hub_id, facts["error"])
