"""Links for people without a login, in every skin: nothing of one ends in another browser."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from httpx2 import Response

from contract.skins.conftest import Open
from contract.skins.plan import Plan
from journeys.test_store_in_trouble import Troubled
from portalkey.broker import Broker
from portalkey.errors import HubSpotUnavailable, StoreBusy
from portalkey.hubspot.http import Request
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.settings import Settings
from portalkey.vault import Vault
from portalkey.vault.sql.sqlite import SQLite
from portalkey_simulator import HubSpot
from support.guest import Guest
from support.visitor import Visitor

NewVisitor = Callable[..., Visitor]
CALLBACK, COMPLETE = "/auth/hubspot/callback", "/auth/hubspot/complete"
REFUSED = "/auth/hubspot/refused"


def attempt_of(broker: Broker) -> Attempt:
    """The one attempt that there is of Ada's."""
    (attempt,) = broker.vault.store.attempts_of("ada")
    found = broker.vault.store.attempt(attempt.id)
    assert found
    return found


def is_refused(guest: Guest, answer: Response) -> bool:
    """True where the page is the one that any browser gets which began nothing."""
    if answer.headers["location"] != REFUSED:
        return False
    page = guest.http.get(REFUSED)
    return page.status_code == 403 and "did not begin in the app and in this browser" in page.text


def form_of(page: Response) -> dict[str, str]:
    """The fields of the page between."""
    found = BeautifulSoup(page.text, "html.parser").find_all("input")
    return {str(each["name"]): str(each["value"]) for each in found}


@pytest.mark.parametrize("samesite", ["Lax", "Strict"])
def test_a_return_without_the_links_cookie_finishes_nothing(
    open_host: Open, new_visitor: NewVisitor, hubspot: HubSpot, samesite: str
) -> None:
    """The attempt's own is not enough, nor is another link's; nothing ends by it, either."""
    host = open_host(Plan(samesite=samesite))
    guest, other = (Guest(new_visitor(host, None)) for _ in range(2))
    back = guest.agree(guest.to_hubspot(host.broker.invite("ada").link))
    other.to_hubspot(host.broker.invite("eve").link)
    (foreign,) = (e for e in other.http.cookies.jar if "portalkey_invited_" in e.name)

    with guest.without_link_cookies() as lacking:
        (name,) = lacking
        bare = guest.http.get(back)
        cookies = [f"{each.name}={each.value}" for each in guest.http.cookies.jar]
        for value in (foreign.value, ""):
            header = "; ".join([*cookies, f"{name}={value}", f"{foreign.name}={foreign.value}"])
            assert is_refused(guest, guest.http.get(back, headers={"cookie": header}))
    assert is_refused(guest, bare)
    assert hubspot.requests == ()
    assert attempt_of(host.broker).status is AttemptStatus.AT_HUBSPOT

    end = guest.http.get(guest.http.get(back).headers["location"])
    assert "Connected to" in end.text
    with guest.without_link_cookies():
        told = guest.http.get(end.url.raw_path.decode())
    assert (told.status_code, "harbourpine" in told.text) == (404, False)


def test_a_parked_return_without_the_links_cookie_completes_nothing(
    open_host: Open, new_visitor: NewVisitor, hubspot: HubSpot
) -> None:
    """HubSpot was out of reach: neither the page between is shown, nor its form taken."""
    host = open_host(Plan(samesite="Strict"))
    guest = Guest(new_visitor(host, None))
    back = guest.agree(guest.to_hubspot(host.broker.invite("ada").link))
    parked = park(host.broker, guest, back)
    form = form_of(guest.http.get(parked))

    with guest.without_link_cookies():
        assert guest.http.get(parked).status_code == 404
        assert guest.http.post(COMPLETE, data=form).status_code == 403
        assert is_refused(guest, guest.http.get(back))
    assert attempt_of(host.broker).status is AttemptStatus.RETURNED
    assert hubspot.requests == ()

    done = guest.http.post(COMPLETE, data=form)
    assert "Connected to" in guest.http.get(done.headers["location"]).text


def park(broker: Broker, guest: Guest, back: str) -> str:
    """Come back while HubSpot is out of reach, which ends then; the page between."""
    for _ in range(3):
        with pytest.raises(HubSpotUnavailable):
            broker._reachability.send(Request("GET", "http://localhost:1/"))
    parked = guest.http.get(back).headers["location"]
    broker._reachability._close()
    assert urlsplit(parked).path == COMPLETE
    return parked


def test_a_return_that_is_kept_needs_the_links_cookie_as_well(
    open_host: Open, new_visitor: NewVisitor, hubspot: HubSpot, settings: Settings, broker: Broker
) -> None:
    """The store was busy: what lies sealed in a cookie is tried again by the same browser only."""
    file = SQLite(Path(settings.database_url.removeprefix("sqlite:///")))
    store = Troubled(file)
    vault = Vault(broker.vault.keyring, store, broker.settings.client_id)
    host = open_host(Plan(), Broker(broker.settings, vault, broker._send))
    guest = Guest(new_visitor(host, None))
    back = guest.agree(guest.to_hubspot(host.broker.invite("ada").link))
    store.trouble, store.at, store.times = StoreBusy(), frozenset({"attempt_by_state"}), 2
    kept = [guest.http.get(back).headers["location"] for _ in range(2)]

    assert all(each.startswith(f"{CALLBACK}?return=") for each in kept)
    with guest.without_link_cookies():
        assert is_refused(guest, guest.http.get(kept[0]))
    assert attempt_of(host.broker).status is AttemptStatus.AT_HUBSPOT
    assert hubspot.requests == ()
    end = guest.http.get(guest.http.get(kept[1]).headers["location"])
    assert "Connected to" in end.text
    host.broker.close()
    file.close()


def test_a_parked_return_ends_with_its_link(open_host: Open, new_visitor: NewVisitor) -> None:
    """Withdrawn between callback and completion, nothing is exchanged."""
    host = open_host()
    guest, invited = Guest(new_visitor(host, None)), host.broker.invite("ada")
    parked = park(host.broker, guest, guest.agree(guest.to_hubspot(invited.link)))
    form = form_of(guest.http.get(parked))

    assert host.broker.withdraw(invited.invitation.id)
    done = guest.http.post(COMPLETE, data=form)
    assert "Connected to" not in guest.http.get(done.headers["location"]).text
    assert attempt_of(host.broker).status is AttemptStatus.CANCELLED
    assert host.broker.connections("ada") == []
