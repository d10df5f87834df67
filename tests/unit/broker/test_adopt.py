"""Adoption: a refresh token that an app kept itself becomes a connection."""

import asyncio
from collections import Counter

import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.errors import HubSpotUnavailable, NeedsReconnect, SourceUnusable
from portalkey.model.connection import ConnectionStatus
from portalkey.model.events import EventName
from portalkey_simulator import App, HubSpot, running_hubspot
from support.old_app import OldUser, issued

SECRET = "canary-of-an-app"


def token_of(person: OldUser) -> str:
    """The refresh token that the app kept for *person*."""
    assert person.refresh_token
    return person.refresh_token


def test_a_token_of_ones_own_store(broker: Broker, hubspot: HubSpot) -> None:
    """HubSpot is asked once whose it is, the audit says where from, and it works from then on."""
    (person,) = issued(hubspot, 1)

    connection = broker.adopt("ada", token_of(person), hub_id=person.hub_id, imported_from="crm")

    assert (connection.owner, connection.hub_id) == ("ada", person.hub_id)
    assert connection.status is ConnectionStatus.CONNECTED
    assert [each.path.rpartition("/")[2] for each in hubspot.requests] == ["introspect"]
    (event,) = broker.vault.store.events(owner="ada")
    assert event.facts == {"hub_id": person.hub_id, "imported_from": "crm"}
    assert hubspot._world.ledger.access(broker.access_token("ada"))


def test_a_token_that_is_adopted_again(broker: Broker, hubspot: HubSpot) -> None:
    """What is here stays as it is, a disconnect too, however often the app calls."""
    older, newer = issued(hubspot, 1)[0], issued(hubspot, 1)[0]
    first = broker.adopt("ada", token_of(older))

    again = asyncio.run(broker.adopt_async("ada", SecretStr(token_of(newer))))
    broker.disconnect("ada", first.id)
    ended = broker.adopt("ada", token_of(newer))

    assert (again.id, again.sealed) == (first.id, first.sealed)
    assert (ended.id, ended.status) == (first.id, ConnectionStatus.DISCONNECTED)
    names = Counter(event.name for event in broker.vault.store.events(owner="ada"))
    assert names[EventName.CONNECTED] == 1


def test_a_token_that_cannot_be_adopted(broker: Broker, hubspot: HubSpot) -> None:
    """Each error is of whoever can act, names no token, and leaves nothing behind."""
    dead, living = issued(hubspot, 2)
    hubspot._world.ledger.revoke(token_of(dead), client_id=hubspot.app.client_id)
    cases = [
        (NeedsReconnect, token_of(dead), None, "has to connect the account here"),
        (SourceUnusable, living.access_token, None, "an access token, which cannot be renewed"),
        (SourceUnusable, token_of(living), living.hub_id + 9, f"for the account {living.hub_id}"),
        (SourceUnusable, f"{SECRET} {SECRET}", None, "cannot be a refresh token"),
        (SourceUnusable, "", None, "cannot be a refresh token"),
    ]
    for error, token, hub_id, words in cases:
        with pytest.raises(error, match=words) as raised:
            broker.adopt("ada", token, hub_id=hub_id)
        assert not token or token not in f"{raised.value!r}{raised.value}"
    assert not broker.connections("ada")
    assert not broker.vault.store.events(owner="ada")


def test_a_token_of_another_app(broker: Broker, hubspot: HubSpot) -> None:
    """HubSpot does not honour it for this one, and nobody is connected by it."""
    redirect = hubspot.app.redirect_uris
    with running_hubspot(apps=[App("another", "secret", redirect)]) as elsewhere:
        (person,) = issued(elsewhere, 1)

    with pytest.raises(NeedsReconnect):
        broker.adopt("ada", token_of(person))
    assert not broker.connections("ada")


def test_hubspot_is_away(broker: Broker, hubspot: HubSpot) -> None:
    """It says when to try again, and the next time does it."""
    (person,) = issued(hubspot, 1)
    hubspot.stop()
    with pytest.raises(HubSpotUnavailable):
        broker.adopt("ada", token_of(person))
    hubspot.start()

    assert broker.adopt("bob", token_of(person)).owner == "bob"


def test_arguments_that_cannot_be_right(broker: Broker, hubspot: HubSpot) -> None:
    """The app's mistakes are said as such, before HubSpot is asked."""
    with pytest.raises(TypeError, match="owner must be a non-empty string"):
        broker.adopt("", SECRET)
    with pytest.raises(ValueError, match="imported_from must be") as raised:
        broker.adopt("ada", SECRET, imported_from=f"{SECRET}\n")

    assert SECRET not in str(raised.value)
    assert not hubspot.requests
