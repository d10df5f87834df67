"""An account that is connected, for tests that begin there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from portalkey.broker.broker import Broker
from portalkey.model.authorization import AuthorizationOptions, Callback, Visitor
from portalkey_simulator import HubSpot


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """A connection of ``owner`` to the HubSpot account ``hub_id``."""

    owner: str
    hub_id: int
    _broker: Broker = field(repr=False)

    def access_token(self, scopes: Iterable[str] = ()) -> str:
        """A valid access token, renewed first where that is due.

        Raises:
            PortalkeyError: As ``Broker.access_token`` does.
        """
        return self._broker.access_token(self.owner, self.hub_id, scopes)


def connect(
    broker: Broker, hubspot: HubSpot, owner: str, hub_id: int | None = None
) -> ConnectedAccount:
    """Connect *owner* as a person does: begin, agree at *hubspot*, come back.

    Without *hub_id* the first account is chosen.

    Raises:
        StayedOnPage: HubSpot's page refused; its sentence says why.
        RuntimeError: HubSpot or the store refused; the message has the code of the error, which
            ``docs/errors.md`` lists.
    """
    begun = broker.begin(owner, "a test", AuthorizationOptions(another=True))
    back = hubspot.approve(begun.authorize_url, hub_id)
    query = parse_qsl(urlsplit(back).query)
    visitor = Visitor(owner, "a test")
    attempt = broker.finish(Callback(query, {begun.attempt.id: (begun.cookie,)}, visitor))
    for connection in broker.connections(owner):
        if connection.id == attempt.connection_id:
            return ConnectedAccount(owner, connection.account.hub_id, broker)
    raise RuntimeError(f"{owner} was not connected: the attempt ended {attempt.error}")
