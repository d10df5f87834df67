"""Exchanges of codes take part in the throttle, before the code is spent."""

from datetime import datetime

import pytest

from portalkey.broker import Broker
from portalkey.errors import HubSpotUnavailable, RateLimited
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import Callback, Visitor
from portalkey.model.breaker import Trouble, record_answer, record_failure
from portalkey.model.throttle import Limits, Portion, PortionRequest, Throttle
from portalkey_simulator import HubSpot
from support.visitor import query_of


def come_back(broker: Broker, hubspot: HubSpot, owner: str = "ada", **query: str) -> Attempt:
    """An attempt that HubSpot has sent back; *query* in place of its answer."""
    begun = broker.begin(owner, "browser")
    answer = query_of(hubspot.approve(begun.authorize_url))
    if query:
        answer = {"state": answer["state"], **query}
    cookies = {begun.attempt.id: (begun.cookie,)}
    return broker.finish(Callback(tuple(answer.items()), cookies, Visitor(owner, "browser")))


def fail(broker: Broker, reason: str) -> None:
    """Three connections meet the same."""
    store, client_id = broker.vault.store, broker.settings.client_id
    assert isinstance(store.take_portion(client_id, PortionRequest(Limits(10, 20))), Portion)

    def change(throttle: Throttle, now: datetime) -> Throttle:
        for who in ("one", "two", "three"):
            throttle = record_failure(throttle, Trouble(who, f"owner of {who}", reason, 30), now)
        return throttle

    assert store.update_throttle(client_id, change)


def recover(broker: Broker) -> None:
    """Another process gets a good answer, and this one looks again."""
    broker.vault.store.update_throttle(
        broker.settings.client_id, lambda known, _: record_answer(known)
    )
    broker._refresh.admission.void()


def exchanges(hubspot: HubSpot) -> int:
    """The token requests that HubSpot has seen."""
    return sum(each.path.endswith("/token") for each in hubspot.requests)


@pytest.mark.parametrize("reason", ["hubspot_unavailable", "rate_limited", "hubspot_refused:403"])
def test_a_code_is_not_spent_while_hubspot_is_left_alone(
    broker: Broker, hubspot: HubSpot, reason: str
) -> None:
    """It is kept, and the same way back goes on with it later."""
    fail(broker, reason)
    attempt = come_back(broker, hubspot)
    assert (attempt.status, attempt.error, exchanges(hubspot)) == ("returned", None, 0)

    with pytest.raises((HubSpotUnavailable, RateLimited)) as caught:
        broker.attempts.complete(attempt, Visitor("ada", "browser"))
    assert 20 < caught.value.retry_after <= 30
    recover(broker)
    assert broker.attempts.complete(attempt, Visitor("ada", "browser")).status == "connected"
    assert exchanges(hubspot) == 1


def test_a_code_waits_for_its_turn(broker: Broker, hubspot: HubSpot) -> None:
    """Where that is too far off, the person hears when it is."""
    admission = broker._refresh.admission
    admission._limits = Limits(0.05, 1)
    request = PortionRequest(admission._limits)
    assert broker.vault.store.take_portion(broker.settings.client_id, request)
    admission._bucket = (0.0, admission._clock())
    attempt = come_back(broker, hubspot)
    assert attempt.status == "returned"
    with pytest.raises(RateLimited, match="PORTALKEY_REFRESH_RATE") as caught:
        broker.attempts.complete(attempt, Visitor("ada", "browser"))

    assert 8 < caught.value.retry_after <= 20
    assert exchanges(hubspot) == 0


def test_who_declined_needs_no_turn(broker: Broker, hubspot: HubSpot) -> None:
    """There is nothing to exchange; neither is there for somebody else."""
    fail(broker, "hubspot_unavailable")

    attempt = come_back(broker, hubspot, error="access_denied")
    assert (attempt.status, attempt.error) == ("failed", "declined")
    begun = broker.begin("ada", "browser")
    answer = query_of(hubspot.approve(begun.authorize_url))
    cookies = {begun.attempt.id: (begun.cookie,)}
    other = broker.finish(Callback(tuple(answer.items()), cookies, Visitor("eve", "browser")))
    assert (other.status, other.error) == ("failed", "attempt_mismatch")


def test_exchanges_that_fail_open_the_breaker(broker: Broker, hubspot: HubSpot) -> None:
    """Of different owners; the fourth is not sent."""
    for owner in ("ada", "bob"):
        come_back(broker, hubspot, owner)  # two connections are there
    for owner in ("cy", "dan"):
        hubspot.next_token_answer(503)
        assert come_back(broker, hubspot, owner).error == "hubspot_unavailable"
    assert broker.vault.store.stats(broker.settings.client_id).is_breaker_open

    assert come_back(broker, hubspot, "eve").status == "returned"
    assert exchanges(hubspot) == 4


def test_a_code_that_is_dead_is_an_answer(broker: Broker, hubspot: HubSpot) -> None:
    """Junk codes open nothing, and HubSpot that says so is well."""
    for owner in ("ada", "bob", "cy", "dan"):
        hubspot.next_token_refusal("BAD_AUTH_CODE")
        assert come_back(broker, hubspot, owner).error == "attempt_expired"

    assert come_back(broker, hubspot).status == "connected"


def test_a_return_that_comes_twice_gives_its_permit_back(broker: Broker, hubspot: HubSpot) -> None:
    """One of them exchanges; the other takes nothing away from anybody."""
    begun = broker.begin("ada", "browser")
    answer = tuple(query_of(hubspot.approve(begun.authorize_url)).items())
    callback = Callback(answer, {begun.attempt.id: (begun.cookie,)}, Visitor("ada", "browser"))
    assert broker.finish(callback).status == "connected"
    assert broker.finish(callback).status == "connected"

    assert exchanges(hubspot) == 1
    assert len(broker._refresh.admission._at_hand) == 1
