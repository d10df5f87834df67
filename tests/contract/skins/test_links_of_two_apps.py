"""Links of two HubSpot apps in one browser: the cookies of each are its own, and nobody reads them.

Their values are marked secrets: they are searched for wherever something is written or shown.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from contract.skins.test_two_apps import Two, two  # noqa: F401 - a fixture
from contract.skins.test_two_apps_from_outside import BOTH, connected, prefix_of
from contract.skins.two_apps import EU
from journeys.test_pages_of_docs import blocks_of
from portalkey.web.http import attempt_cookie, invitation_cookie
from security.canaries import find_leaks, listen
from support.guest import Guest
from support.visitor import query_of

pytest_plugins = ("browser.surroundings",)

LINK, ATTEMPT = invitation_cookie("", is_secure=False), attempt_cookie("", is_secure=False)
PATH = "/auth/hubspot"


def guests_of(two: Two, stack: ExitStack) -> dict[str, Guest]:  # noqa: F811 - the fixture
    """Somebody without a login, in one browser, with each of the two apps."""
    return {name: Guest(each) for name, each in two.visit(stack, owner=None).items()}


def come_to_hubspot(two: Two, guests: dict[str, Guest]) -> dict[str, str]:  # noqa: F811 - the fixture
    """Go on with a link of each, and agree; the callbacks that HubSpot leads to."""
    invited = {name: two.brokers[name].invite("ada") for name in guests}
    return {
        name: guest.agree(guest.to_hubspot(invited[name].link)) for name, guest in guests.items()
    }


def cookies_of(guest: Guest, path: str) -> dict[str, str]:
    """What lies in the browser for the pages below *path*."""
    return {each.name: each.value or "" for each in guest.http.cookies.jar if each.path == path}


def header(*several: dict[str, str]) -> dict[str, str]:
    """A header that sends all of these cookies, wherever they belong."""
    pairs = [f"{name}={value}" for each in several for name, value in each.items()]
    return {"cookie": "; ".join(pairs)}


@BOTH
def test_a_links_cookie_stands_for_its_own_app(two: Two, own: str, other: str) -> None:  # noqa: F811 - the fixture
    """Neither beside the attempt's cookie, nor under the name of the one that is missing."""
    with ExitStack() as stack:
        guests = guests_of(two, stack)
        backs = come_to_hubspot(two, guests)
        mine = cookies_of(guests[own], f"{prefix_of(own)}{PATH}")
        theirs = cookies_of(guests[own], f"{prefix_of(other)}{PATH}")
        (name,) = (each for each in mine if each.startswith(LINK))
        (foreign,) = (value for each, value in theirs.items() if each.startswith(LINK))
        bare = {each: value for each, value in mine.items() if each != name}
        asked = len(two.hubspot.requests)

        for sent in (header(bare, theirs), header(bare, theirs, {name: foreign})):
            refused = guests[own].visitor.get(backs[own], **sent)
            assert refused.headers["location"] == f"{prefix_of(own)}/auth/hubspot/refused"
        assert connected(two) == {own: 0, other: 0}
        assert len(two.hubspot.requests) == asked

        # Tossed beside the right ones they are in nobody's way.
        both = header(theirs, {name: foreign}, mine)
        done = guests[own].visitor.get(backs[own], **both)
        assert "/done?" in done.headers["location"]
        assert connected(two) == {own: 1, other: 0}


def test_each_browser_keeps_them_below_their_own_app(two: Two) -> None:  # noqa: F811 - the fixture
    """An attempt's and a link's for each, out of reach of scripts, and none for the other."""
    with ExitStack() as stack:
        guests = guests_of(two, stack)
        come_to_hubspot(two, guests)
        jar = guests[""].http.cookies.jar
        ours = [each for each in jar if each.name.startswith((LINK, ATTEMPT))]

    kinds = sorted((each.path, each.name.startswith(LINK)) for each in ours)
    assert kinds == [
        (f"{prefix_of(name)}{PATH}", is_link) for name in ("", EU) for is_link in (False, True)
    ]
    assert all(each.has_nonstandard_attr("HttpOnly") for each in ours)
    assert len({each.value for each in ours}) == len(ours)


@pytest.fixture
def _without_queries() -> Iterator[None]:
    """Uvicorn's access log, as docs/fastapi.md says."""
    access = logging.getLogger("uvicorn.access")
    before = list(access.filters)
    (filters,) = (each for each in blocks_of("fastapi.md", "python") if access.name in each)
    exec(compile(filters, "fastapi.md", "exec"), {})  # noqa: S102 - ours
    yield
    access.filters[:] = before


@pytest.mark.usefixtures("_without_queries")
def test_no_cookie_of_either_is_found_anywhere(two: Two) -> None:  # noqa: F811 - the fixture
    """Not in a log at DEBUG, a page, an address, an event or a row; nor are the links' secrets."""
    invited = {name: broker.invite("ada") for name, broker in two.brokers.items()}
    secrets = {f"link {name}": query_of(each.link)["link"] for name, each in invited.items()}
    seen = []
    with ExitStack() as stack:
        ear = stack.enter_context(listen())
        guests = guests_of(two, stack)
        for name, guest in guests.items():
            away = guest.to_hubspot(invited[name].link)
            back = guest.agree(away)
            with guest.without_link_cookies():
                refused = guest.visitor.get(back).headers["location"]
            done = guest.visitor.get(back).headers["location"]
            end = guest.visitor.get(done).text
            assert "Connected to" in end
            seen += [away, refused, guest.visitor.get(refused).text, done, end]
        for cookie in guests[""].http.cookies.jar:
            if cookie.name.startswith((LINK, ATTEMPT)):
                secrets[f"{cookie.path} {cookie.name}"] = cookie.value or ""
        seen += ear.heard
    for broker in two.brokers.values():
        broker.counters()
        rows = broker.vault.store.attempts_of("ada"), broker.invitations(), broker.export("ada")
        seen.append(f"{rows} {list(broker.vault.store.events())}")

    assert len(secrets) == 6
    assert any("callback_refused" in line for line in ear.heard)
    assert find_leaks("\n".join(seen), secrets) == []
