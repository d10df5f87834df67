"""Forgetting: here at once, at HubSpot as soon as it listens."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.errors import NotConnected
from portalkey.hubspot.client import HubSpotClient
from portalkey.hubspot.http import Request, Response, Send
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Grant
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.visitor import Visitor


def paths(hubspot: HubSpot) -> list[str]:
    """What HubSpot was asked, oldest first."""
    return [asked.path.rsplit("/", 1)[-1] for asked in hubspot.requests]


def test_disconnecting_forgets_and_revokes(
    visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """The form ends the connection here and its refresh token there, and the page says so."""
    visitor.connect()
    owner, form = visitor.owner, visitor.leave_form()
    (connection,) = broker.connections(owner)

    answer = visitor.http.post(form.pop("action"), data=form)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/connections/setup?disconnected={connection.id}"
    assert paths(hubspot)[-1] == "revoke"
    assert broker.vault.store.pending(9) == []
    with pytest.raises(NotConnected):
        broker.access_token(owner)


def test_what_cannot_be_revoked_now_is_owed(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """The connection is gone at once though HubSpot is down; the revocation waits its turn."""
    visitor.connect()
    owner = visitor.owner
    (connection,) = broker.connections(owner)
    hubspot.stop()
    broker.disconnect(owner, connection.id)

    assert broker.connections(owner) == []
    assert broker.send_owed() == 0
    hubspot.start()
    ahead.seconds += 31
    assert broker.send_owed() == 1
    assert paths(hubspot)[-1] == "revoke"
    assert broker.send_owed() == 0


def test_a_token_held_elsewhere_is_not_revoked(
    broker: Broker, hubspot: HubSpot, visitor: Visitor
) -> None:
    """Two connections may hold one refresh token; ending one must not break the other."""
    visitor.connect()
    (mine,) = broker.connections(visitor.owner)
    twin = _same_grant_for(broker, "twin", mine)

    broker.disconnect(visitor.owner, mine.id)

    assert "revoke" not in paths(hubspot)
    assert broker.access_token("twin")
    broker.disconnect("twin", twin.id)
    assert paths(hubspot)[-1] == "revoke"


def _same_grant_for(broker: Broker, owner: str, like: Any) -> Any:
    vault = broker.vault
    begun = broker.begin(owner, "browser")
    vault.store.move_attempt(begun.attempt.id, AttemptStatus.EXCHANGING)
    grant = Grant(vault.open_access(like), vault.open_refresh(like), 1800)
    kept = vault.save(begun.attempt, grant, like.account, like.scopes, sent_at=vault.store.now())
    assert kept is not None
    return kept


def test_a_revocation_is_dropped_when_the_person_came_back(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """The outbox looks again before it sends: the token may be in use once more."""
    visitor.connect()
    (mine,) = broker.connections(visitor.owner)
    grant_holder = _same_grant_for(broker, "twin", mine)
    token = broker.vault.open_refresh(grant_holder)
    broker.vault.enqueue(token)

    assert broker.send_owed() == 1
    assert "revoke" not in paths(hubspot)


def test_no_more_are_sent_than_were_asked_for(
    visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """A request that drains the outbox on the side does a little of it."""
    visitor.connect()
    (mine,) = broker.connections(visitor.owner)
    first = broker.vault.enqueue(broker.vault.open_refresh(mine))
    assert broker.vault.store.disconnect(mine, None)
    broker.vault.enqueue(SecretStr("another token"))

    assert broker.send_owed(at_most=1) == 1

    assert len([each for each in paths(hubspot) if each == "revoke"]) == 1
    assert first.id not in {each.id for each in broker.vault.store.pending(9)}


def test_one_that_cannot_be_opened_holds_up_no_other(
    visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """However many there are of them, and though they are the oldest."""
    store, now = broker.vault.store, broker.vault.store.now()
    visitor.connect()
    (mine,) = broker.connections(visitor.owner)
    good = broker.vault.enqueue(broker.vault.open_refresh(mine))
    assert store.disconnect(mine, None)
    for number in range(7):
        due_at = now - timedelta(seconds=60 + number)
        lost = replace(good, id=f"lost {number}", sealed_token="v1.gone.x", due_at=due_at)
        store.enqueue(replace(lost, key_name="gone"))

    assert broker.send_owed() == 1

    assert paths(hubspot)[-1] == "revoke"
    assert store.pending(9) == []  # those that are left wait, each for itself
    assert store.stats(broker.settings.client_id).outbox == 7


def test_one_that_hubspot_refuses_holds_up_no_other(
    settings: Settings, make_broker: Callable[..., Broker], hubspot: HubSpot
) -> None:
    """It is that one's own trouble; where HubSpot refuses the app, nobody is asked again."""
    refused, answers = SecretStr("refused"), {"refused": Response(418)}

    def through(send: Send) -> Send:
        def answer(request: Request) -> Response:
            return answers.get(dict(request.form)["token"]) or send(request)

        return answer

    broker = make_broker(settings, through)
    for token in (refused, SecretStr("first"), SecretStr("second")):
        broker.vault.enqueue(token)

    assert broker.send_owed() == 2
    assert paths(hubspot) == ["revoke", "revoke"]


def test_trouble_of_all_stops_the_round(visitor: Visitor, broker: Broker, hubspot: HubSpot) -> None:
    """Where HubSpot is away, the others wait for the next round."""
    visitor.connect()
    (mine,) = broker.connections(visitor.owner)
    token = broker.vault.open_refresh(mine)
    broker.disconnect(visitor.owner, mine.id)
    for _ in range(3):
        broker.vault.enqueue(token)
    hubspot.stop()

    assert broker.send_owed() == 0
    assert sum(owed.tries for owed in broker.vault.store.pending(9)) == 0
    assert len(broker.vault.store.pending(9)) == 2


def test_what_another_process_is_sending_is_left_to_it(
    visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """Of all that find it due, one tells HubSpot."""
    visitor.connect()
    (mine,) = broker.connections(visitor.owner)
    owed = broker.vault.enqueue(broker.vault.open_refresh(mine))
    assert broker.vault.store.claim(owed.id, 60)

    assert not broker._outbox.send(owed)
    assert "revoke" not in paths(hubspot)


def test_somebody_elses_connection_is_not_found(visitor: Visitor, broker: Broker) -> None:
    """Who guesses an id gets the answer of an unknown one."""
    visitor.connect()
    (mine,) = broker.connections(visitor.owner)

    with pytest.raises(NotConnected):
        broker.disconnect("somebody-else", mine.id)
    assert len(broker.connections(visitor.owner)) == 1


def test_a_machine_that_cannot_reach_hubspot_makes_no_other_wait(
    visitor: Visitor,
    broker: Broker,
    settings: Settings,
    hubspot: HubSpot,
    make_broker: Callable[..., Broker],
    ahead: Any,
) -> None:
    """However often it has tried: what it could not send is due for the others, and soon."""
    client = HubSpotClient(resolve=lambda *_: [])
    lost = make_broker(settings, lambda _: client.send)
    visitor.connect()
    (mine,) = broker.connections(visitor.owner)
    lost.disconnect(visitor.owner, mine.id)
    for _ in range(9):
        ahead.seconds += 31
        assert lost.send_owed() == 0

    ahead.seconds += 31
    assert broker.send_owed() == 1
    assert paths(hubspot)[-1] == "revoke"


def test_waits_grow_with_each_failed_try(
    visitor: Visitor, settings: Settings, make_broker: Callable[..., Broker], ahead: Any
) -> None:
    """HubSpot in trouble is not hammered."""
    broker = make_broker(settings, lambda _: lambda _: Response(503))
    visitor.connect()
    (mine,) = broker.connections(visitor.owner)
    broker.disconnect(visitor.owner, mine.id)

    waits = []
    for _ in range(3):
        ahead.seconds += 10 * 3600
        now = broker.vault.store.now()
        assert broker.send_owed() == 0
        ahead.seconds += 10 * 3600
        (owed,) = broker.vault.store.pending(1)
        waits.append((owed.due_at - now).total_seconds())

    assert waits == [pytest.approx(seconds, abs=5) for seconds in (60, 120, 240)]
