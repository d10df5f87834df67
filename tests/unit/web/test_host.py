"""The host app's session of one browser, and whoever is signed in to it."""

import gc
import warnings
from functools import partial

import pytest

from portalkey.model.authorization import Visitor
from portalkey.web.host import (
    BROWSER_KEY,
    CONNECTIONS_KEY,
    ask_app,
    identify,
    identify_visitor,
    is_session_withheld,
    visitor_id,
)


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


def test_a_poll_makes_no_value() -> None:
    """What it finds is used; somebody else's is forgotten by it all the same."""
    session: dict[str, object] = {}
    look = partial(identify, session, find_person=None, measure=lambda: 0)

    assert look(lambda: "ada", is_poll=True) == (Visitor("ada"), None)
    assert session == {}
    before = look(lambda: "ada")
    assert look(lambda: "ada", is_poll=True) == before
    look(lambda: "bob", is_poll=True)
    assert session != {BROWSER_KEY: before[0].browser}


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


async def find_later() -> str:
    """Find somebody, once it is awaited."""
    return "ada"


class Model:
    """Somebody's user, with an id that is not taken by itself."""

    pk = id = 7


NO_IDS = {
    "number": 7,
    "empty": "",
    "blank": "  ",
    "bytes": b"x",
    "false": False,
    "nul": "a\0da",
    "model": Model(),
    "list": ["ada"],
    "dict": {"id": 7},
}


@pytest.mark.parametrize("value", NO_IDS.values(), ids=NO_IDS)
def test_an_owner_that_is_no_id_is_the_apps_mistake(value: object) -> None:
    """It is told to the developer, and nobody is taken for signed out."""
    with pytest.raises(TypeError, match=r"owner\(\) returned a .*a non-empty string"):
        identify({}, lambda: value, None, lambda: 0)
    with pytest.raises(TypeError, match=r"person\(\) returned a .*a non-empty string"):
        identify({}, lambda: "ada", lambda: value, lambda: 0)


def test_an_owner_that_nobody_awaits_is_the_apps_mistake() -> None:
    """Its message says how to write it, and Python has nothing to warn of."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(TypeError, match=r"of type coroutine.* write owner\(\) with def"):
            identify({}, find_later, None, lambda: 0)
        gc.collect()

    assert warned == []


def test_an_owner_that_raises_is_the_apps_own_trouble() -> None:
    """The host shows it as it shows its others; the session stays as it was."""
    session: dict[str, object] = {BROWSER_KEY: "x.y"}

    with pytest.raises(LookupError):
        identify(session, lambda: dict[str, str]()["user"], None, lambda: 0)
    assert session == {BROWSER_KEY: "x.y"}


def test_without_an_owner_nobody_asks_for_a_person() -> None:
    """An app's function may read the user that is not there."""
    assert ask_app(lambda: None, lambda: pytest.fail("asked")) == (None, None)
    assert ask_app(lambda: "team", None) == ("team", None)
    assert ask_app(lambda: "team", lambda: "ada") == ("team", "ada")


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
