"""What HubSpot sends for an install, and where it may lead back to."""

import pytest

from portalkey.errors import AttemptMismatch
from portalkey.hubspot.endpoints import APP_URL
from portalkey.hubspot.installs import Step, add_state, is_hubspot_page, read_install

PAGE = "https://app-eu1.hubspot.com/install/1?a=b"
LOCAL = "http://localhost:4000"


@pytest.mark.parametrize(
    "url",
    [
        "https://app.hubspot.com",
        "https://app.hubspot.com/",
        PAGE,
        "https://app-na2.hubspot.com/x//y?z=%2F&w=1",
        "https://app-ap1.hubspot.com/x",
    ],
)
def test_pages_of_hubspots_app(url: str) -> None:
    """Every region's, by the pattern of their names."""
    assert is_hubspot_page(url, APP_URL)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "//app.hubspot.com/",
        "http://app.hubspot.com/",
        "https://hubspot.com.evil.example/",
        "https://app.hubspot.com.evil.example",
        "https://app.hubspot.comevil.example",
        "https://app.hubspot.com@evil.example/",
        "https://app.hubspot.com:443@evil.example/",
        "https://ada@app.hubspot.com/",
        "https://app.hubspot.com:8443/",
        "https://app.hubspot.com\\@evil.example/",
        "https://app.hubspot.com/\\evil.example",
        "https://evil.example/?https://app.hubspot.com/",
        "https://evil.example#https://app.hubspot.com/",
        "https://app.hubspot.com/#x",
        "https://app.hubspot.com/\n",
        "https://app.hubspot.com/ x",
        "https://app.hubspot.com/\u00e9",
        "https://app.hubspot.com/\u2044evil",
        "https://APP.hubspot.com/",
        "https://blog.hubspot.com/",
        "https://app-.hubspot.com/",
        "https://app-evil.example.hubspot.com/",
        "https://xapp.hubspot.com/",
        "https://app-x.y.hubspot.com/",
        "https://appxhubspot.com/",
        "javascript://app.hubspot.com/%0aalert(1)",
        "https://app.hubspot.com/" + "x" * 2000,
        f"{LOCAL}/",
    ],
)
def test_whatever_else_is_none(url: str) -> None:
    """No other host, scheme, port or user, and nothing that a browser reads in another way."""
    assert not is_hubspot_page(url, APP_URL)


def test_a_simulators_pages() -> None:
    """Where a simulator stands in, its own are the only ones."""
    assert is_hubspot_page(f"{LOCAL}/x", LOCAL)
    for url in (f"{LOCAL}0/x", f"{LOCAL}.evil.example/", f"{LOCAL}@evil.example/", PAGE):
        assert not is_hubspot_page(url, LOCAL)


def test_the_steps() -> None:
    """Each is known by what comes along."""
    code, state, back = ("code", "c"), ("state", "s"), ("returnUrl", PAGE)

    def step(*query: tuple[str, str]) -> Step | None:
        install = read_install(query, APP_URL)
        return install.step if install else None

    assert step(code, back) is Step.CODE
    assert step(code) is Step.CODE
    assert step(("step", "authorize"), back) is Step.AUTHORIZE
    assert step(("step", "finalize"), code, state, back) is Step.FINALIZE
    assert step(code, state) is None
    assert step(code, state, back) is None
    assert step(("error", "access_denied")) is None
    assert step(code, ("State", "s")) is None
    assert step() is None


@pytest.mark.parametrize(
    "query",
    [
        [("step", "authorize")],
        [("step", "finalize"), ("code", "c"), ("state", "s")],
        [("step", "authorize"), ("returnUrl", "https://evil.example/")],
        [("step", "authorize"), ("returnUrl", PAGE), ("code", "c")],
        [("step", "other"), ("returnUrl", PAGE)],
        [("step", "finalize"), ("step", "authorize"), ("returnUrl", PAGE)],
        [("Step", "finalize"), ("returnUrl", PAGE)],
        [("code", "c"), ("returnUrl", PAGE), ("returnUrl", PAGE)],
        [("code", "c"), ("returnurl", PAGE)],
    ],
)
def test_what_cannot_be_trusted(query: list[tuple[str, str]]) -> None:
    """Doubled, misspelt, or without what belongs to the step."""
    with pytest.raises(AttemptMismatch):
        read_install(query, APP_URL)


def test_the_state_is_added() -> None:
    """Behind whatever HubSpot's page has already, and quoted."""
    assert add_state("https://app.hubspot.com/x", "a&b") == "https://app.hubspot.com/x?state=a%26b"
    assert add_state(PAGE, "s") == f"{PAGE}&state=s"


def test_the_origin_of_a_page() -> None:
    """For the policy of a frame, without path or query."""
    install = read_install([("code", "c"), ("returnUrl", PAGE)], APP_URL)
    assert install
    assert install.origin == "https://app-eu1.hubspot.com"
