"""Questions of the sweep: HubSpot is asked about one connection, with a permit of the throttle."""

from typing import TYPE_CHECKING

from portalkey.broker.admission import Permit
from portalkey.broker.waiting import Check, throttled_error
from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    HubSpotUnreachable,
    NeedsReconnect,
    NoKeyOpens,
    PersonMustAct,
    PortalkeyError,
    RateLimited,
)
from portalkey.hubspot.account import Introspection
from portalkey.model.throttle import Purpose

if TYPE_CHECKING:
    from portalkey.broker.introspect import Introspector
    from portalkey.broker.token_endpoint import TokenEndpoint
    from portalkey.model.connection import Connection

_TROUBLES = (HubSpotUnavailable, RateLimited, HubSpotRefused, HubSpotUnreachable)


class Unanswered(Exception):
    """HubSpot said nothing of a connection; ``trouble`` says why.

    ``is_of_one`` is True where that says nothing of others, and ``is_tried`` is False where this
    one was not the reason to stop: its turn has not come yet.
    """

    def __init__(self, trouble: PortalkeyError, *, is_of_one: bool, is_tried: bool) -> None:
        """Come of *trouble*."""
        super().__init__(trouble.code)
        self.trouble, self.is_of_one, self.is_tried = trouble, is_of_one, is_tried


class Questions:
    """Asks HubSpot if it still honours a connection, and judges whom a trouble is of."""

    def __init__(
        self, introspector: "Introspector", endpoint: "TokenEndpoint", check: Check
    ) -> None:
        """Put the parts together.

        Args:
            introspector: Asks HubSpot.
            endpoint: Gives the permits for it, of its least urgent kind.
            check: Returns where HubSpot may be asked from here.
        """
        self._introspector, self._check = introspector, check
        self._endpoint = endpoint

    def ask(self, row: "Connection") -> Introspection:
        """Return what HubSpot says of *row*.

        Raises:
            NoKeyOpens: No key of this process opens its token; nothing was sent.
            Unanswered: HubSpot did not say, or is not to be asked now.
            StoreBusy, StoreUnusable: The throttle cannot be asked.
        """
        try:
            request = self._introspector.build_request(row)
        except NoKeyOpens:
            raise
        except PersonMustAct as trouble:
            raise Unanswered(trouble, is_of_one=True, is_tried=True) from None
        self._enter(row)
        try:
            return self._introspector.ask(request)
        except NeedsReconnect:
            return Introspection(active=False)
        except (BadAnswer, PersonMustAct, *_TROUBLES) as trouble:
            raise Unanswered(trouble, is_of_one=_is_of_one(trouble), is_tried=True) from trouble

    def _enter(self, row: "Connection") -> None:
        """Return where HubSpot may be asked about *row* now."""
        self._check_way(row)
        admission = self._endpoint.admission
        permit = admission.acquire(Purpose.SWEEP, row.owner, row.id)
        if not isinstance(permit, Permit):
            trouble = throttled_error(permit.reason, permit.wait)
            raise Unanswered(trouble, is_of_one=False, is_tried=False)
        if permit.probe_of is not None:  # which the token endpoint has to be asked with
            admission.give_back(permit)
            raise Unanswered(HubSpotUnavailable(), is_of_one=False, is_tried=False)

    def _check_way(self, row: "Connection") -> None:
        try:
            self._check(row.owner)
        except _TROUBLES as trouble:
            is_of_one = self._is_open_to_others()
            raise Unanswered(trouble, is_of_one=is_of_one, is_tried=is_of_one) from trouble

    def _is_open_to_others(self) -> bool:
        """Return True where HubSpot may be asked from here, if not for every owner."""
        try:
            self._check(None)
        except _TROUBLES:
            return False
        return True


def _is_of_one(trouble: PortalkeyError) -> bool:
    """Return True where *trouble* says nothing of other connections."""
    if isinstance(trouble, HubSpotRefused):
        return not (trouble.of_app or trouble.is_local)
    if isinstance(trouble, HubSpotUnavailable):
        return trouble.of_account
    return not isinstance(trouble, RateLimited | HubSpotUnreachable)
