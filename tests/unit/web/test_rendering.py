"""Every template, in both languages, with nothing left unsaid."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from cryptography.fernet import Fernet

import portalkey.web
from portalkey.model.connection import Account
from portalkey.settings import Settings
from portalkey.web.rendering import Renderer
from portalkey.web.static_files import static_version
from portalkey.web.strings import Strings

FLASK_DOC = (Path(__file__).parents[3] / "docs" / "flask.md").read_text()
HOSTILE = "<script>alert('é')</script>\"'{{ 7 * 7 }}"
SETTINGS = Settings(
    client_id="client-of-the-tests",
    client_secret="canary-client-secret",
    keys=f"test:{Fernet.generate_key().decode()}",
    scopes="oauth",
    app_url="http://localhost:6002",
    api_url="http://localhost:6002",
)
ACCOUNT = Account(4410001, user_email=HOSTILE, hub_domain=HOSTILE)
ENDED = {
    "attempt_id": HOSTILE,
    "origin": "https://app.test",
    "back": "/back",
    "bridge_url": None,
    "delivery": None,
    "close_after": 2000,
}
FAILED = {
    **ENDED,
    "status": "error",
    "code": HOSTILE,
    "sentence": HOSTILE,
    "expected": None,
    "heading": HOSTILE,
}
WAYS = {"again": "/again", "further": "/further"}


def card(**changes: Any) -> dict[str, Any]:
    """A connection as the setup page shows it."""
    return {
        "id": "c1",
        "hub_id": 4410001,
        "hub_domain": HOSTILE,
        "user_email": HOSTILE,
        "time_zone": HOSTILE,
        "account_type": "SANDBOX",
        "shown_status": "connected",
        "trouble": None,
        "scopes": ["oauth", HOSTILE],
        "granted": (HOSTILE,),
        "missing": (),
        "lacking": (),
        "needs_person": False,
        "has_reconnect": True,
        "is_asked_for": False,
        "connected_at": datetime(2026, 3, 9, 8, 5, tzinfo=UTC),
        "renewed_at": datetime(2026, 3, 9, 8, 5, tzinfo=UTC),
        "now": datetime(2026, 3, 9, 9, 15, tzinfo=UTC),
        "disconnect_url": "/disconnect",
        "may_disconnect": True,
        "reconnect_url": "/reconnect",
        **changes,
    }


def setup(*cards: dict[str, Any]) -> dict[str, Any]:
    """Everything that the setup page is made of."""
    return {
        "pk_owner": HOSTILE,
        "pk_owner_name": HOSTILE,
        "app_url": "/",
        "connect_url": "/connect",
        "status_url": "/status",
        "wanted": (HOSTILE,),
        "wanted_optional": ("crm.lists.read",),
        "connections": cards,
        "news": None,
        "invitations": [
            {"hub_id": hub_id, "status": status, "at": datetime(2026, 3, 9, tzinfo=UTC)}
            for hub_id, status in ((None, "open"), (4410001, "opened"), (None, "used"))
        ],
    }


def leave(account: Account) -> dict[str, Any]:
    """Everything that the page before a disconnect is made of."""
    return {
        "pk_owner": HOSTILE,
        "pk_owner_name": HOSTILE,
        "app_url": "/",
        "account": account,
        "action": "/act",
        "form_token": "token",
        "back": "/b",
    }


BROKEN = card(shown_status="needs_reconnect", trouble=HOSTILE, needs_person=True, is_asked_for=True)
LACKING = card(lacking=(HOSTILE, "crm.lists.read"), needs_person=True, hub_domain=None)
LESS = card(missing=(HOSTILE, "crm.lists.read"), is_asked_for=True, user_email=None)
UNKNOWN = card(scopes=None, granted=(), missing=("crm.lists.read",), renewed_at=None)
INVITED = {
    "action": "/act",
    "secret": "secret",
    "inviter": HOSTILE,
    "wanted": (HOSTILE,),
    "optional": ("crm.lists.read",),
    "expires_at": datetime(2026, 3, 9, tzinfo=UTC),
}
PAGES: list[tuple[str, dict[str, Any]]] = [
    ("popup/invite.html", {**INVITED, "account": ACCOUNT}),
    ("popup/invite.html", {**INVITED, "account": None}),
    ("popup/invited.html", {"go_on": "/on", "is_refreshed": True}),
    ("popup/invited.html", {"go_on": "/on", "is_refreshed": False}),
    ("popup/onward.html", {"go_on": HOSTILE}),
    ("popup/invite_over.html", {"inviter": HOSTILE}),
    ("popup/invite_over.html", {"inviter": None}),
    ("popup/notice.html", {"title": HOSTILE, "sentence": HOSTILE, "back": "/b", "has_retry": True}),
    (
        "popup/start.html",
        {"pk_owner_name": HOSTILE, "go_on": "/go", "back": "/b", "attempt_id": None},
    ),
    (
        "popup/start.html",
        {"pk_owner_name": HOSTILE, "go_on": "/go", "back": "/b", "attempt_id": HOSTILE},
    ),
    ("popup/complete.html", {"action": "/act", "attempt_id": HOSTILE, "token": HOSTILE}),
    ("popup/success.html", {**ENDED, "account": ACCOUNT, "missing": ["crm.lists.read"]}),
    ("popup/success.html", {**ENDED, "account": None, "missing": ()}),
    ("popup/error.html", {**FAILED, "ways_on": {}}),
    ("popup/error.html", {**FAILED, "ways_on": {}, "status": "pending"}),
    ("popup/error.html", {**FAILED, "ways_on": WAYS, "expected": ACCOUNT}),
    ("popup/error.html", {**FAILED, "ways_on": WAYS, "code": "declined"}),
    ("popup/error.html", {**FAILED, "ways_on": {}, "expected": Account(1), "origin": "x"}),
    ("connections/setup.html", setup()),
    ("connections/setup.html", setup(card())),
    ("connections/setup.html", setup(card(is_asked_for=True), card(shown_status="failing"))),
    ("connections/setup.html", setup(BROKEN, LACKING)),
    ("connections/setup.html", setup(LESS, UNKNOWN)),
    *(
        ("connections/setup.html", {**setup(), "news": {"what": what, "account": ACCOUNT}})
        for what in ("connected", "disconnected")
    ),
    ("connections/disconnect.html", leave(ACCOUNT)),
    ("connections/disconnect.html", leave(Account(1))),
]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("template", "context"), PAGES)
def test_every_page_renders(language: str, template: str, context: dict[str, Any]) -> None:
    """Nothing is undefined, hostile text stays text, and one heading says what the page is."""
    page = Renderer(SETTINGS)(template, language=language, **context)
    read = BeautifulSoup(page, "html.parser")

    assert read.html is not None
    assert (read.html["lang"], read.html["dir"]) == (language, "ltr")
    assert len(read.find_all("h1")) == 1
    assert not read.select("script:not([src])")
    assert "49" not in page.replace(static_version(), "")
    assert not read.select("[style], [onclick], style")
    assert not read.select("a[id], button[id], form[id], input[id]")


@pytest.mark.parametrize(("template", "context"), PAGES)
def test_no_english_is_left_in_another_language(template: str, context: dict[str, Any]) -> None:
    """Every visible text comes from the dictionary, or is a fact of the account."""
    words = Strings({"en": {f"scope:{HOSTILE}": HOSTILE.replace("{", "").replace("}", "")}})
    marked = {key: f"§{text}§" for key, text in words._words["en"].items()}
    marked |= {"date": "§", "months": "§, " * 11 + "§"}
    page = Renderer(SETTINGS, strings=Strings({"xx": marked}))(template, language="xx", **context)
    facts = {
        HOSTILE,
        "declined",
        "4410001",
        "1",
        "localhost:6001",
        "L",
        "HubSpot",
        "<",
        "#",
        "·",
        ",",
        ".",
    }

    texts = BeautifulSoup(page, "html.parser").find_all(string=True)
    visible = [text.strip() for text in texts if text.parent and text.parent.name != "script"]
    ours = [text for text in visible if text and text not in facts | {"html"}]
    assert [text for text in ours if "§" not in text and HOSTILE not in text] == []


def test_right_to_left() -> None:
    """A language that runs the other way says so."""
    page = Renderer(SETTINGS, strings=Strings({"ar": {}}))(
        "popup/notice.html", language="ar", title="", sentence="", back=None, has_retry=False
    )

    assert '<html lang="ar" dir="rtl">' in page


def test_a_changed_mind_is_no_alarm() -> None:
    """Declining gets a calm sign; an error gets the red one."""
    render = Renderer(SETTINGS)
    failed: dict[str, Any] = {**FAILED, "ways_on": {}}
    signs = {
        code: render("popup/error.html", **{**failed, "code": code})
        for code in ("declined", "hubspot_refused")
    }

    assert "pk-joint-stop" not in signs["declined"]
    assert "pk-joint-stop" in signs["hubspot_refused"]


@pytest.mark.parametrize(
    ("code", "stands_out"),
    [("declined", "Close window"), ("expired", "Try again"), ("hubspot_refused", "Try again")],
)
def test_whoever_was_too_slow_is_led_on(code: str, stands_out: str) -> None:
    """Trying again helps there; whoever said no is done."""
    facts: dict[str, Any] = {**FAILED, "ways_on": {"again": "/again"}, "code": code}
    page = BeautifulSoup(Renderer(SETTINGS)("popup/error.html", **facts), "html.parser")
    filled = [b.text.strip() for b in page.select(".pk-button") if "pk-quiet" not in b["class"]]

    assert [each.split(" (")[0] for each in filled] == [stands_out]


def test_every_block_is_documented() -> None:
    """A host can change what it can name."""
    folder = Path(portalkey.web.__file__).parent / "templates"
    pages = [(folder / "connections" / name).read_text() for name in ("layout.html", "setup.html")]
    blocks = set(re.findall(r"{%-? block (\w+)", "".join(pages)))

    assert {block for block in blocks if f"`{block}`" not in FLASK_DOC} == set()


def test_every_custom_property_is_documented() -> None:
    """A host can read about everything that it can theme."""
    css = (Path(portalkey.web.__file__).parent / "static" / "portalkey.css").read_text()
    properties = set(re.findall(r"^  (--pk-[\w-]+):", css, flags=re.MULTILINE))

    assert properties
    assert {each for each in properties if f"`{each}`" not in FLASK_DOC} == set()
