"""Start tokens and form tokens."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from portalkey.settings import Key
from portalkey.vault import Keyring
from portalkey.web.http import WebResponse
from portalkey.web.signed_tokens import (
    Start,
    is_form_signed,
    is_own_path,
    peek_start,
    read_return,
    read_start,
    sign_form,
    sign_return,
    sign_start,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HOSTILE = """
//evil.test|///evil.test|/\\evil.test|\\\\evil.test|/\t/evil.test|https:evil.test|https:/evil.test
http:///evil.test|https://app.example@evil.test|javascript:alert(1)|JaVaScRiPt:alert(1)|data:text/html,x
blob:x|//evil。test|/ /evil.test|/x\r\nSet-Cookie:x=1|/..//evil.test|evil.test||/\x00|/a\\b
/a/../..//evil
""".replace("\n", "|").split("|")


class Ring(Keyring):
    """A keyring with a clock."""

    at = NOW

    def now(self) -> datetime:
        """The clock's time."""
        return self.at


def new_key(name: str) -> Key:
    """A fresh key."""
    return Key(name, SecretStr(Fernet.generate_key().decode()))


def keyring(*names: str) -> Ring:
    """A ring of fresh keys."""
    return Ring([new_key(name) for name in names])


def test_a_path_that_cannot_be_stored_is_refused() -> None:
    """Half of a surrogate pair is no text (RFC 3629 section 3)."""
    assert not is_own_path("/\ud800")


@pytest.mark.parametrize("letter", ["x", '"', "\u65e5", "\U0001f511"])
def test_a_path_is_as_long_as_servers_take(letter: str) -> None:
    """In bytes: whatever it is written in, its link and its redirect are no longer than that."""
    path = "/" + letter * (2000 // len(letter.encode()))
    token = sign_start(keyring("a"), Start(path), browser="b", owner="o")

    assert not is_own_path(path + letter)
    assert len(token) < 8000
    assert len(WebResponse.redirect(path, {}).headers["Location"]) < 8000


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_may_lead_elsewhere_is_refused(path: str) -> None:
    """No browser's reading of ``next`` leaves the site (R8)."""
    assert not is_own_path(path)
    with pytest.raises(ValueError, match="must be a path"):
        sign_start(keyring("a"), Start(path), browser="b", owner="o")


@pytest.mark.parametrize("path", ["/", "/settings", "/a/b?c=d&e=/f", "/ä#x", "/x:y@z", "/日本語"])
def test_an_own_path_is_taken(path: str) -> None:
    """Any path of the app's own may be led back to."""
    ring = keyring("a")
    token = sign_start(ring, Start(path, 7), browser="b", owner="o")

    assert read_start(ring, token, browser="b", owner="o") == Start(path, 7)


def test_a_start_token_is_for_one_browser_one_owner_and_half_a_day() -> None:
    """Elsewhere, for somebody else, or tomorrow, it says nothing."""
    ring = keyring("a")
    token = sign_start(ring, Start("/"), browser="b", owner="o")

    for browser, owner, hours in [("x", "o", 0), (None, "o", 0), ("b", "x", 0), ("b", "o", 12)]:
        ring.at = NOW + timedelta(hours=hours)
        assert read_start(ring, token, browser=browser, owner=owner) is None
    ring.at = NOW + timedelta(hours=11.9)
    assert read_start(ring, token, browser="b", owner="o")


@pytest.mark.parametrize("place", [0, 10, -1])
def test_a_changed_token_says_nothing(place: int) -> None:
    """Neither payload nor signature can be bent."""
    ring = keyring("a")
    token = sign_start(ring, Start("/"), browser="b", owner="o")
    changed = list(token)
    changed[place] = "A" if changed[place] != "A" else "B"

    assert read_start(ring, "".join(changed), browser="b", owner="o") is None


def test_a_signed_payload_of_another_version_says_nothing() -> None:
    """An older or newer portalkey may have signed something else under this name."""
    ring = keyring("a")
    for payload in ("bm90aGluZw", "W10", "€"):
        token = f"{payload}~{ring.sign('start', 'b', 'o', payload)}"
        assert read_start(ring, token, browser="b", owner="o") is None


def test_a_form_token_is_bound_and_survives_rotation() -> None:
    """It holds for its browser and owner under every key of the ring."""
    old, new = new_key("old"), new_key("new")
    token = sign_form(Ring([old]), browser="b", owner="o")
    rotated = Ring([new, old])

    assert is_form_signed(rotated, token, browser="b", owner="o")
    assert not is_form_signed(rotated, token, browser="x", owner="o")
    assert not is_form_signed(rotated, token, browser="b", owner="x")
    assert not is_form_signed(rotated, None, browser="b", owner="o")
    assert not is_form_signed(Ring([new]), token, browser="b", owner="o")


def test_a_start_token_is_no_form_token() -> None:
    """A signature for one purpose is worth nothing for another."""
    ring = keyring("a")

    assert not is_form_signed(ring, ring.sign("start", "b", "o"), browser="b", owner="o")


@pytest.mark.parametrize(
    "token",
    [None, "", "e30~x", "bnVsbA~x", "WyIvYSJd~x", "WzEsMiwzXQ~x", "WyIvYSIsIngiLDFd~x", "\ud800~x"],
)
def test_content_that_is_no_start_is_none(token: str | None) -> None:
    """An unsigned token is read only where its content has the form of one."""
    assert peek_start(token, ()) is None


def test_an_unsigned_start_leads_to_own_paths_only() -> None:
    """Whoever made it: an own path, or one on an origin of the app's own."""
    evil = "https://evil.test"
    ours = sign_start(keyring("a"), Start("/a", 7), browser="b", owner="o")
    theirs = sign_start(keyring("a"), Start(f"{evil}/"), browser="b", owner="o", origins=[evil])

    assert peek_start(ours, ()) == Start("/a", 7)
    assert peek_start(theirs, ["https://app.test"]) is None


def test_a_return_holds_for_its_path_and_ten_minutes() -> None:
    """No other path, no other key, no start token in its place."""
    ring = keyring("a")
    value = sign_return(ring, "/start?a", Start("/a", 7))

    assert read_return(ring, value, "/start?a") == Start("/a", 7)
    assert read_return(ring, value, "/start?b") is None
    assert read_return(keyring("a"), value, "/start?a") is None
    assert read_return(ring, None, "/start?a") is None
    assert read_start(ring, value, browser="/start?a", owner="") is None
    ring.at += timedelta(minutes=10)
    assert read_return(ring, value, "/start?a") is None


def test_scopes_of_a_token_hold_where_its_signature_does() -> None:
    """Before somebody has signed in it cannot be known who made it: the scopes are left out."""
    ring = keyring("first")
    token = sign_start(ring, Start("/x", scopes=("tickets",)), browser="b", owner="ada")

    assert read_start(ring, token, browser="b", owner="ada") == Start("/x", scopes=("tickets",))
    assert read_start(ring, token, browser="b", owner="eve") is None
    assert peek_start(token, ()) == Start("/x")
