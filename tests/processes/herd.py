"""A herd: many callers in many processes, let go at once on one token that is over."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.hubspot.account import introspect_request, read_introspection
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import AuthorizationOptions, Callback, Started, Visitor
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.crew import Member
from processes.plan import Ahead, Outcome

ANOTHER = AuthorizationOptions(another=True)
LIFETIME = 1801.0
"""Seconds after which a token is over."""


def connected(broker: Broker, hubspot: HubSpot, owner: str, hub_id: int | None = None) -> Attempt:
    """How *owner*'s try to connect an account ends, or to reconnect it."""
    return agreed(broker, hubspot, broker.begin(owner, "browser", ANOTHER), hub_id)


def agreed(broker: Broker, hubspot: HubSpot, begun: Started, hub_id: int | None = None) -> Attempt:
    """How an attempt ends whose person agrees at HubSpot."""
    back = parse_qsl(urlsplit(hubspot.approve(begun.authorize_url, hub_id)).query)
    cookies = {begun.attempt.id: (begun.cookie,)}
    return broker.finish(Callback(back, cookies, Visitor(begun.attempt.owner, "browser")))


def connect(broker: Broker, hubspot: HubSpot, owner: str, hub_id: int | None = None) -> None:
    """Connect an account for *owner*, or reconnect it."""
    assert connected(broker, hubspot, owner, hub_id).status is AttemptStatus.CONNECTED


def expire(hubspot: HubSpot, ahead: Ahead) -> None:
    """Let every token be over, here and at HubSpot."""
    ahead.seconds += LIFETIME
    hubspot.clock.move(LIFETIME)


def renewals(hubspot: HubSpot) -> int:
    """How often HubSpot was asked to renew a token."""
    return sum(a.form.get("grant_type") == "refresh_token" for a in hubspot.requests)


def rush(members: Sequence[Member], owner: str, threads: int) -> list[Outcome]:
    """What the callers got: so many *threads* in each of the *members*."""
    for member in members:
        member.begin("herd", owner, threads)
    for member in members:
        assert member.hear() == "ready"
    for member in members:
        member.say("go")
    return [outcome for member in members for outcome in member.end()]


def is_honoured(settings: Settings, token: str | None) -> bool:
    """True where HubSpot says that the access token is good."""
    assert token
    wire = HubSpotClient()
    answer = wire.send(introspect_request(settings, SecretStr(token)))
    wire.close()
    return read_introspection(answer).active
