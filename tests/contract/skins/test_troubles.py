"""What every skin answers where something is wrong: pages to people, JSON to programs."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from contract.skins.conftest import Open
from contract.skins.plan import NOT_HERE, Plan
from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey.vault import Keyring, SQLStore, Vault
from support.visitor import Visitor

NewVisitor = Callable[..., Visitor]
ATTEMPT = "A" * 22
POLICY = "cross-origin-opener-policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request, and what has to come of it: a status, and the error's code or words of a page."""

    name: str
    path: str
    status: int
    says: str
    method: str = "GET"
    user: str | None = "ada"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


JSON = {"Accept": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LEAVE = "/api/hubspot/connections/x/disconnect"
CASES = [
    Case(name="nobody", path="/connections/setup", user=None, status=401, says="sign in"),
    Case(name="nobody's link", path="/auth/hubspot/start", user=None, status=401, says="sign in"),
    Case(
        name="nobody's program",
        path="/api/hubspot/connections",
        user=None,
        status=401,
        says="signed_out",
    ),
    Case(name="forged", path=LEAVE, method="POST", headers=FORM, status=403, says="not come from"),
    Case(
        name="a program's forgery",
        path=LEAVE,
        method="POST",
        headers={**FORM, **JSON},
        status=403,
        says="forgery_refused",
    ),
    Case(
        name="no form",
        path=LEAVE,
        method="POST",
        headers={"Content-Type": "text/plain", **JSON},
        body=b"portalkey_token=x",
        status=415,
        says="unsupported_type",
    ),
    Case(
        name="a form too long",
        path=LEAVE,
        method="POST",
        headers=FORM,
        body=b"a=" + b"x" * 17_000,
        status=413,
        says="",
    ),
    Case(
        name="no attempt",
        path=f"/auth/hubspot/complete?attempt={ATTEMPT}",
        status=404,
        says="again",
    ),
    Case(name="refused", path="/auth/hubspot/refused", status=403, says="start from the app"),
    Case(
        name="no such attempt",
        path=f"/api/hubspot/status?attempt={ATTEMPT}",
        status=404,
        says="not_found",
    ),
    Case(
        name="no delivery",
        path=f"/api/hubspot/attempts/{ATTEMPT}/token",
        method="POST",
        status=404,
        says="not_found",
    ),
    Case(name="nothing here", path="/auth/hubspot/nothing", status=404, says=NOT_HERE),
    Case(name="nor there", path="/api/hubspot/nothing", status=404, says=NOT_HERE),
    Case(name="no such method", path="/auth/hubspot/start", method="DELETE", status=405, says=""),
]


def test_every_refusal(open_host: Open, new_visitor: NewVisitor) -> None:
    """Its status, its words, and our headers, though the host lays on others.

    One app is started for all of them, as each leaves it as it was.
    """
    host = open_host(Plan(lays_on={POLICY: "same-origin", "Cache-Control": "public"}))
    visitors = {name: new_visitor(host, name) for name in ("ada", None)}
    wrong = []
    for case in CASES:
        answer = visitors[case.user].http.request(
            case.method, case.path, headers=case.headers, content=case.body or None
        )
        is_right = answer.status_code == case.status and case.says in answer.text
        if not is_right or answer.headers["cache-control"] != "no-store":
            wrong.append((case.name, answer.status_code, dict(answer.headers), answer.text))

    assert wrong == []


def test_another_name_of_the_app(open_host: Open, new_visitor: NewVisitor, port: int) -> None:
    """A page that is open under another name than the public URL's is led to that."""
    visitor = new_visitor(open_host())
    ours = {"Origin": f"http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}
    page, said = (visitor.http.post(LEAVE, headers={**ours, **FORM, **more}) for more in ({}, JSON))

    assert (page.status_code, said.status_code) == (421, 421)
    assert said.json()["error"] == "other_address"
    assert visitor.app_url in page.text


async def find_later() -> str:
    """An owner that nobody awaits."""
    return "ada"


class User:
    """A model, whose id is not taken by itself."""

    id = pk = 7


UNUSABLE: dict[str, Callable[[], object]] = {
    "number": lambda: 4711,
    "dict": lambda: {"id": "ada"},
    "model": User,
    "empty": str,
    "blank": lambda: "  ",
    "bytes": lambda: b"ada",
    "NUL": lambda: "a\0",
    "coroutine": find_later,
}


@pytest.mark.parametrize("make", UNUSABLE.values(), ids=UNUSABLE)
def test_an_owner_that_cannot_be_one(
    open_host: Open,
    new_visitor: NewVisitor,
    make: Callable[[], object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The app's mistake: 500, on every route, and the log says what to return."""
    visitor = new_visitor(open_host(Plan(names_owner=lambda _: make())))
    page, said = visitor.get("/connections/setup"), visitor.get("/api/hubspot/status")

    assert (page.status_code, said.status_code) == (500, 500)
    assert said.json()["error"] == "owner_unusable"
    assert "could not say who is signed in" in page.text
    assert "The app's owner() returned" in caplog.text


def test_an_owner_that_raises(open_host: Open, new_visitor: NewVisitor) -> None:
    """The host's own 500, without a word of ours; the callback leaves its address all the same."""

    def fail(user: str | None) -> object:
        raise LookupError(f"canary of {user}")

    host = open_host(Plan(names_owner=fail))
    back = new_visitor(host).get("/auth/hubspot/callback?code=x")
    page = new_visitor(host).get("/connections/setup")

    assert page.status_code == 500
    assert "canary" not in page.text
    assert back.status_code == 303
    assert back.headers["location"].startswith("/auth/hubspot/done")


def test_a_store_that_is_gone(
    open_host: Open, new_visitor: NewVisitor, settings: Settings, broken_store: SQLStore
) -> None:
    """503, on pages and in JSON."""
    vault = Vault(Keyring(settings.keys), broken_store, settings.client_id)
    broker = Broker(settings, vault, lambda request, **_: pytest.fail(f"sent {request}"))
    visitor = new_visitor(open_host(broker=broker))
    page, said = visitor.get("/connections/setup"), visitor.get("/api/hubspot/status")

    assert (page.status_code, said.status_code) == (503, 503)
    assert said.json()["error"] == "store_unusable"
