"""An uninstall that HubSpot could not be asked for: asked again, until it says yes or no."""

from collections.abc import Callable
from typing import Any

import pytest

from portalkey.broker import Broker
from portalkey.broker.outbox import LONGEST_WAIT
from portalkey.broker.owed_uninstalls import LONGEST, MOST_REFUSALS
from portalkey.errors import HubSpotRefused, NotConnected
from portalkey.model.connection import Connection
from portalkey.model.events import EventName
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot
from portalkey_simulator.faults.fault_kinds import Fault

FIRST, OTHER = 4410001, 4410002
MISSING = b'{"category": "MISSING_SCOPES"}'
REFUSED = b'{"status": "BAD_CLIENT_SECRET"}'


def owe(broker: Broker, hubspot: HubSpot) -> Connection:
    """Ada's connection, whose account HubSpot could not be asked to let go of."""
    connect(broker, hubspot, "ada", FIRST)
    (row,) = broker.connections("ada")
    hubspot.faults.add(Fault("answer", status=503), at="uninstall")
    assert broker.uninstall(row) is None
    return row


def asked(hubspot: HubSpot) -> list[str]:
    """What HubSpot was asked, oldest first."""
    return [request.path.rsplit("/", 1)[-1] for request in hubspot.requests]


def try_again(broker: Broker, ahead: Ahead, hubspot: HubSpot, seconds: float = 31) -> int:
    """Let the pause pass, and send what is due."""
    ahead.passes(seconds)
    hubspot.clock.move(seconds)
    return broker.send_owed(50)


def ends(broker: Broker) -> list[tuple[str, Any]]:
    """What the audit says of uninstalls: the event, and the error if there is one."""
    return [
        (event.name, event.facts.get("error"))
        for event in broker.vault.store.events()
        if event.name.startswith("uninstall")
    ]


def owed_kinds(broker: Broker) -> list[str]:
    """What HubSpot is owed, due or not."""
    store, app = broker.vault.store, broker.settings.client_id
    return sorted(each.kind for each in store.owed_under(app, "test", 9))


OWED = (EventName.UNINSTALL_OWED, "hubspot_unavailable")


def test_it_is_asked_again_until_it_is_done(broker: Broker, hubspot: HubSpot, ahead: Ahead) -> None:
    """The connection ends at once; the account's others once HubSpot has let go of it."""
    connect(broker, hubspot, "grace", FIRST)
    connect(broker, hubspot, "tenant", OTHER)
    row = owe(broker, hubspot)
    with pytest.raises(NotConnected):
        broker.access_token("ada")
    assert broker.access_token("grace")
    assert owed_kinds(broker) == ["uninstall"]

    hubspot.stop()
    assert try_again(broker, ahead, hubspot) == 0
    hubspot.start()
    assert try_again(broker, ahead, hubspot, 90) == 1

    assert ends(broker) == [OWED, OWED, (EventName.UNINSTALLED, None)]
    assert [each.status for each in broker.connections("grace")] == ["needs_reconnect"]
    assert [each.status for each in broker.connections("tenant")] == ["connected"]
    assert (owed_kinds(broker), broker.stats().outbox) == ([], 0)
    done = [each for each in broker.vault.store.events() if each.name == "uninstalled"]
    assert [(each.connection_id, each.facts["hub_id"]) for each in done] == [(row.id, FIRST)]


def test_single_use_refresh_tokens_outlive_a_failed_try(
    broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """The token that a try was given is the one that the next begins with."""
    hubspot.switches.rotate_refresh_tokens = True
    owe(broker, hubspot)
    hubspot.faults.add(Fault("answer", status=503), at="uninstall", times=2)
    for seconds in (31, 61, 121):
        assert ends(broker)[-1] == OWED
        try_again(broker, ahead, hubspot, seconds)

    assert ends(broker)[-1] == (EventName.UNINSTALLED, None)


def test_whoever_connects_again_keeps_the_account(
    broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """An uninstall that was asked for before is not what they want now."""
    owe(broker, hubspot)
    ahead.passes(1)
    connect(broker, hubspot, "grace", FIRST)
    before = asked(hubspot).count("external-install")
    try_again(broker, ahead, hubspot)

    assert asked(hubspot).count("external-install") == before
    assert ends(broker)[-1] == (EventName.UNINSTALL_GIVEN_UP, "connected_again")
    assert broker.access_token("grace")


def test_one_that_hubspot_honours_no_more_is_given_up(
    broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """Somebody there may have uninstalled the app meanwhile: nothing is left to be told."""
    owe(broker, hubspot)
    hubspot.uninstall(FIRST)
    assert try_again(broker, ahead, hubspot) == 1

    assert ends(broker)[-1] == (EventName.UNINSTALL_GIVEN_UP, "needs_reconnect")
    assert owed_kinds(broker) == []


def test_a_refusal_that_no_setting_mends_ends_it(
    broker: Broker, hubspot: HubSpot, ahead: Ahead, caplog: pytest.LogCaptureFixture
) -> None:
    """At once, with what a person can do; the token is revoked still."""
    owe(broker, hubspot)
    hubspot.faults.add(Fault("answer", status=418, body=b"{}"), at="uninstall")
    with caplog.at_level("ERROR", "portalkey"):
        try_again(broker, ahead, hubspot)

    assert ends(broker)[-1] == (EventName.UNINSTALL_GIVEN_UP, "hubspot_refused")
    assert "a Super Admin of the account can uninstall it in HubSpot" in caplog.text
    try_again(broker, ahead, hubspot)
    assert (asked(hubspot)[-1], owed_kinds(broker)) == ("revoke", [])


def test_a_refused_app_is_not_asked_about_for_ever(
    broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """The operator has hours to put the secret right; then it ends, as every other thing does."""
    owe(broker, hubspot)
    refusal = Fault("answer", status=400, body=REFUSED)
    hubspot.faults.add(refusal, times=None)
    tries = 0
    while owed_kinds(broker) == ["uninstall"]:
        try_again(broker, ahead, hubspot, LONGEST_WAIT)
        tries += 1
        assert tries <= 2 * MOST_REFUSALS

    assert tries >= MOST_REFUSALS
    assert ends(broker)[-1] == (EventName.UNINSTALL_GIVEN_UP, "hubspot_refused")


def test_after_a_month_nobody_expects_it_any_more(
    broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """Whatever was in the way, the last try is the last."""
    owe(broker, hubspot)
    hubspot.faults.add(Fault("answer", status=503), at="uninstall", times=None)
    try_again(broker, ahead, hubspot, LONGEST.total_seconds() + 1)

    assert ends(broker)[-1] == (EventName.UNINSTALL_GIVEN_UP, "hubspot_unavailable")


def test_a_refusal_at_once_changes_nothing(broker: Broker, hubspot: HubSpot) -> None:
    """Whoever asks hears it, and may put it right; nothing is owed."""
    connect(broker, hubspot, "ada", FIRST)
    (row,) = broker.connections("ada")
    hubspot.faults.add(Fault("answer", status=403, body=MISSING), at="uninstall")
    with pytest.raises(HubSpotRefused):
        broker.uninstall(row)

    assert broker.access_token("ada")
    assert (owed_kinds(broker), ends(broker)) == ([], [])


def test_it_outlives_its_owner_without_a_name(
    broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """Erasing somebody takes them out of it, and HubSpot is asked all the same."""
    row = owe(broker, hubspot)
    broker.erase("ada")
    broker._background.join()  # it sends at once what is due
    try_again(broker, ahead, hubspot)

    done = [each for each in broker.vault.store.events() if each.name == "uninstalled"]
    assert [(each.owner, each.connection_id) for each in done] == [(None, None)]
    assert row.id not in str(list(broker.vault.store.events()))


def test_a_copy_asks_for_none(
    broker: Broker,
    settings: Settings,
    hubspot: HubSpot,
    ahead: Ahead,
    make_broker: Callable[[Settings], Broker],
) -> None:
    """Production has it still."""
    owe(broker, hubspot)
    copy = make_broker(settings.model_copy(update={"is_copy": True}))
    before = asked(hubspot)

    assert try_again(copy, ahead, hubspot, 3600) == 0
    assert asked(hubspot) == before
    assert try_again(broker, ahead, hubspot) == 1


def test_it_waits_its_turn_at_the_token_endpoint(
    settings: Settings, hubspot: HubSpot, ahead: Ahead, make_broker: Callable[[Settings], Broker]
) -> None:
    """The throttle is for it as for every renewal, and callers come first."""
    slow = make_broker(settings.model_copy(update={"refresh_rate": 0.001, "refresh_burst": 1}))
    owe(slow, hubspot)
    before = asked(hubspot)
    assert try_again(slow, ahead, hubspot) == 0
    assert asked(hubspot) == before

    assert try_again(slow, ahead, hubspot, 3600) == 1
    assert ends(slow)[-1] == (EventName.UNINSTALLED, None)
