"""Requests as values, and the session values that go into them."""

import pytest

from portalkey.model.authorization import Visitor
from portalkey.web.host_session import (
    BROWSER_KEY,
    CONNECTIONS_KEY,
    identify_visitor,
    is_session_withheld,
    visitor_id,
)
from portalkey.web.http import Cookie, WebRequest, attempt_cookie

OWN, OTHER = "https://api.example.com", "https://app.example.com"
ORIGINS = (OWN,)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "none"},
        {
            "sec-fetch-site": "same-origin",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "empty",
        },
    ],
)
def test_an_own_visit(headers: dict[str, str]) -> None:
    """A click on our page, also through a service worker, the address bar, or no word about it."""
    assert WebRequest("GET", headers=headers).is_own_navigation(ORIGINS)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "nonsense"},
        {"sec-fetch-dest": "iframe"},
        {"sec-fetch-dest": "image"},
        {"sec-fetch-dest": "empty"},
        {"sec-fetch-dest": "empty", "sec-fetch-mode": "cors"},
        {"sec-fetch-dest": "empty", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"},
        {"sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate"},
        {"sec-fetch-dest": "document", "sec-fetch-mode": "no-cors"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-sec-purpose": "prefetch"},
    ],
)
def test_a_visit_that_nobody_meant(headers: dict[str, str]) -> None:
    """Other sites' links, frames, images, fetches and prefetches begin nothing."""
    assert not WebRequest("GET", headers=headers).is_own_navigation(ORIGINS)


def test_several_origins_are_one_site() -> None:
    """A front end beside the API leads here from the same site; another site still does not."""
    same, cross = ({"sec-fetch-site": site} for site in ("same-site", "cross-site"))

    assert WebRequest("GET", headers=same).is_own_navigation((OWN, OTHER))
    assert not WebRequest("GET", headers=cross).is_own_navigation((OWN, OTHER))


@pytest.mark.parametrize(
    ("origin", "site", "is_own"),
    [
        (None, None, True),
        (None, "same-origin", True),
        (OWN, "same-origin", True),
        (OTHER, "same-site", True),
        (OTHER, None, True),
        (OTHER, "same-origin", False),
        (OTHER, "cross-site", False),
        (None, "same-site", False),
        (None, "cross-site", False),
        ("https://evil.example.com", "same-site", False),
        ("null", "same-origin", False),
    ],
)
def test_a_post_from_a_page_of_ours(origin: str | None, site: str | None, is_own: bool) -> None:  # noqa: FBT001 - pytest passes it
    """The origin is one of the app's, and the browser says the same of the site."""
    sent = {"origin": origin, "sec-fetch-site": site}
    headers = {name: value for name, value in sent.items() if value is not None}

    assert WebRequest("POST", headers=headers).is_own_post((OWN, OTHER)) is is_own


def test_head_begins_nothing() -> None:
    """A link checker's HEAD is no visit."""
    assert not WebRequest("HEAD").is_own_navigation(ORIGINS)


@pytest.mark.parametrize(
    "value", ["", "A" * 21, "A" * 23, "A" * 21 + "=", "A" * 21 + "\n", "../" * 7 + "A", "é" * 22]
)
def test_a_malformed_attempt_id_is_none(value: str) -> None:
    """Only 22 characters of base64url name an attempt."""
    assert WebRequest("GET", query=(("attempt", value),)).attempt_id is None


def test_a_doubled_parameter_is_none() -> None:
    """It is not guessed which of the two was meant (R17)."""
    twice = (("attempt", "A" * 22), ("attempt", "A" * 22))

    assert WebRequest("GET", query=twice).attempt_id is None
    assert WebRequest("POST", form=twice).form_value("attempt") is None


def values_of(header: str, **cookies: str) -> dict[str, list[str]]:
    """The attempt cookies of a request with this header."""
    headers = {"cookie": header} if header else {}
    found = WebRequest("GET", cookies=cookies, headers=headers).attempt_cookies
    return {name: [each.get_secret_value() for each in found[name]] for name in found}


def test_every_value_of_a_name_is_read() -> None:
    """A sibling subdomain can set cookies of our names; ours is any of them, under either name."""
    header = (
        "a=b; portalkey_attempt_one=tossed;portalkey_attempt_one=ours ; x; =y; "
        "__Secure-portalkey_attempt_one=secure; __Secure-portalkey_attempt_two=2=2"
    )

    assert values_of(header) == {"one": ["tossed", "ours", "secure"], "two": ["2=2"]}


def test_a_framework_without_the_header_has_its_cookies_read() -> None:
    """As far as it keeps them."""
    assert values_of("", portalkey_attempt_one="ours", other="x") == {"one": ["ours"]}


@pytest.mark.parametrize("name", ["portalkey_attempt", "Xportalkey_attempt_one", "__Host-a"])
def test_a_cookie_of_another_name_is_none_of_ours(name: str) -> None:
    """Only what begins as ours does is looked at."""
    assert values_of(f"{name}=x") == {}


def test_cookies_on_https_are_secure_by_their_name() -> None:
    """No page that came over http can set one; without https no browser would keep it."""
    assert attempt_cookie("id", is_secure=True) == "__Secure-portalkey_attempt_id"
    assert attempt_cookie("id", is_secure=False) == "portalkey_attempt_id"


def test_a_session_has_one_value_while_the_same_person_is_signed_in() -> None:
    """However many requests there are, what was begun under it can be finished."""
    session: dict[str, object] = {"own": "the host's"}
    visitors = [identify_visitor("team", session, "ada") for _ in range(3)]

    (visitor,) = set(visitors)
    assert (visitor.owner, visitor.person) == ("team", "ada")
    assert len(visitor.browser or "") > 64
    assert session == {"own": "the host's", BROWSER_KEY: visitor.browser}


@pytest.mark.parametrize(
    ("owner", "person"), [("bob", None), ("team", "bob"), ("team", None), ("ada", "team")]
)
def test_whoever_signs_in_after_another_gets_a_value_of_their_own(
    owner: str, person: str | None
) -> None:
    """Though the host's sign-in leaves the session as it is; with it go its connections."""
    session: dict[str, object] = {}
    before = identify_visitor("team", session, "ada")
    session[CONNECTIONS_KEY] = "connections"

    after = identify_visitor(owner, session, person)

    assert after.browser
    assert after.browser != before.browser
    assert session == {BROWSER_KEY: after.browser}
    assert identify_visitor("team", session, "ada").browser != before.browser


def test_a_signed_out_request_forgets_the_value() -> None:
    """Whoever signs in afterwards, though it is the same person, has a new one."""
    session: dict[str, object] = {}
    before = identify_visitor("ada", session)
    session[CONNECTIONS_KEY] = "connections"

    assert identify_visitor(None, session) == Visitor(None)
    assert session == {}
    assert identify_visitor("ada", session).browser not in {None, before.browser}


@pytest.mark.parametrize("value", ["", "x", "a" * 43, 7, None, ["x"], "\ud800.x"])
def test_a_value_that_is_not_ours_is_made_anew(value: object) -> None:
    """Whatever the host's session holds under its name, it belongs to nobody."""
    session: dict[str, object] = {BROWSER_KEY: value}

    visitor = identify_visitor("ada", session)

    assert session == {BROWSER_KEY: visitor.browser}
    assert visitor.browser != value


OLDER = "a-_Z" * 10 + "xyz"
"""A value as sessions had it before it said whose it is."""


def test_a_session_of_an_older_portalkey_keeps_what_is_in_it() -> None:
    """An upgrade takes nobody's connections; from the first request on it says whose it is."""
    session: dict[str, object] = {BROWSER_KEY: OLDER, CONNECTIONS_KEY: "connections"}

    first, second = (identify_visitor("ada", session) for _ in range(2))

    assert first == second
    assert session == {BROWSER_KEY: first.browser, CONNECTIONS_KEY: "connections"}
    assert (first.browser or "").startswith(f"{OLDER}.")
    identify_visitor("bob", session)
    assert CONNECTIONS_KEY not in session


def test_a_signed_out_request_forgets_an_older_value_too() -> None:
    """It belongs to nobody then."""
    session: dict[str, object] = {BROWSER_KEY: OLDER, CONNECTIONS_KEY: "connections"}

    assert identify_visitor(None, session) == Visitor(None)
    assert session == {}


def test_a_signed_out_visitor_is_given_nothing() -> None:
    """No session begins because somebody looked."""
    session: dict[str, object] = {}

    assert identify_visitor(None, session) == Visitor(None)
    assert session == {}


@pytest.mark.parametrize("owner", [7, "", "  ", b"x", False, "a\0da"])
def test_an_owner_that_is_no_id_is_the_apps_mistake(owner: object) -> None:
    """It is told to the developer, and nobody is taken for signed out."""
    with pytest.raises(TypeError, match="non-empty string"):
        identify_visitor(owner, {})
    with pytest.raises(TypeError, match=r"person\(\) returned a .*a non-empty string"):
        identify_visitor("ada", {}, owner)


def test_a_visitor_keeps_an_id() -> None:
    """It lives as long as the session, and no two sessions share one."""
    session: dict[str, object] = {}

    assert visitor_id(session) == visitor_id(session)
    assert visitor_id(session) != visitor_id({})


@pytest.mark.parametrize(
    ("samesite", "cookies", "is_withheld"),
    [
        ("Strict", {}, True),
        ("strict", {"other": "x"}, True),
        ("Strict", {"session": "x"}, False),
        ("Lax", {}, False),
        (None, {}, False),
    ],
)
def test_a_strict_session_is_withheld(
    samesite: str | None,
    cookies: dict[str, str],
    is_withheld: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """Only a Strict session stays away on the way from another site."""
    assert is_session_withheld(cookies, cookie="session", samesite=samesite) is is_withheld


def test_a_cookie_is_out_of_scripts_reach() -> None:
    """HttpOnly and Lax are no skin's choice."""
    cookie = Cookie("portalkey_attempt_x", "secret", "/auth/hubspot", 900, secure=True)

    assert cookie.attributes == {
        "path": "/auth/hubspot",
        "max_age": 900,
        "secure": True,
        "httponly": True,
        "samesite": "Lax",
    }
