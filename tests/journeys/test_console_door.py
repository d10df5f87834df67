"""Ways into the standalone app's console: a link that works once, and a password."""

import logging
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.cli.server import create_app
from portalkey.cli.server.app import create_logged_app
from portalkey.cli.server.console import open_by_link, open_by_password
from portalkey.errors import BadSettings
from portalkey.settings.standalone import StandaloneSettings
from portalkey.testing import Ahead
from portalkey.web.console.context import Refused
from portalkey.web.console.door import (
    LINK_SECONDS,
    TRIES,
    TRY_SECONDS,
    OneTimeLink,
    Password,
)
from support.operating import make_broker, settings_of
from support.operating_console import Operator

PASSWORD = SecretStr(f"canary-{secrets.token_hex(8)}")


@pytest.fixture
def ahead() -> Ahead:
    """How far the store's clock is ahead."""
    return Ahead()


@pytest.fixture
def broker(tmp_path: Path, ahead: Ahead) -> Iterator[Broker]:
    """A broker of an app that nobody has connected to."""
    with closing(make_broker(settings_of(tmp_path), ahead)) as broker:
        yield broker


@pytest.fixture
def by_link(broker: Broker) -> tuple[Callable[[], Operator], str]:
    """Makes browsers before an app whose console a link opens; and the link's path."""
    console, link = open_by_link(broker)
    app = create_app(broker, console=console)
    assert link.startswith(f"{broker.settings.public_url}/console/enter?once=")
    parts = urlsplit(link)
    return lambda: Operator(app, broker, None), f"{parts.path}?{parts.query}"


@pytest.fixture
def browse(broker: Broker) -> Callable[[], Operator]:
    """Makes browsers before an app whose console a password opens."""
    app = create_app(broker, console=open_by_password(broker, PASSWORD))
    return lambda: Operator(app, broker, None)


def sign_in(operator: Operator, password: str = "", name: str = "grace") -> int:
    """Fill in the form; the answer's status."""
    form = operator.form("/enter") | {"name": name}
    form["password"] = password or PASSWORD.get_secret_value()
    return operator.post("/enter", form).status_code


def test_the_link_works_once(by_link: tuple[Callable[[], Operator], str]) -> None:
    """Looking at it uses nothing up; the first click does, and whoever comes after is nobody."""
    browse, link = by_link
    first, second = browse(), browse()
    forms = [each.form(link) for each in (first, second)]
    assert first.get().status_code == 404

    entered = first.post("/enter", forms[0])

    assert (entered.status_code, entered.headers["Location"]) == (303, "/console")
    assert first.get().status_code == 200
    assert second.post("/enter", forms[1]).status_code == 404
    assert second.get().status_code == 404
    for again in (first, second):
        assert again.get(link).status_code == 404


def test_of_many_at_once_one_comes_in() -> None:
    """However close together they come."""
    link = OneTimeLink("grace")
    secret, found = link.secret.get_secret_value(), []
    threads = [threading.Thread(target=lambda: found.append(link.use(secret))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(found) == [False] * 7 + [True]
    assert not OneTimeLink("grace").fits("ä")
    assert secret not in repr(link) + str(link.secret)


def test_a_link_is_renewed_only_once_it_is_used_or_over() -> None:
    """The demo's page leads in as often as somebody asks, and its first link stays good."""
    clock = [0.0]
    link = OneTimeLink("grace", lambda: clock[0])
    first = link.secret.get_secret_value()
    link.renew()
    assert link.use(first)
    link.renew()
    second = link.secret.get_secret_value()
    clock[0] = LINK_SECONDS
    link.renew()
    third = link.secret.get_secret_value()

    assert [link.fits(each) for each in (first, second, third)] == [False, False, True]


def test_a_link_that_nobody_uses_is_over_after_an_hour() -> None:
    """It may stand in a log."""
    clock = [0.0]
    link = OneTimeLink("grace", lambda: clock[0])
    secret = link.secret.get_secret_value()
    clock[0] = LINK_SECONDS - 1
    assert link.fits(secret)
    clock[0] = LINK_SECONDS

    assert not link.fits(secret)
    assert not link.use(secret)


@pytest.mark.parametrize("path", ["", "/health", "/enter", "/enter?once=", "/enter?once=x"])
def test_without_the_link_there_is_nothing(
    by_link: tuple[Callable[[], Operator], str], path: str
) -> None:
    """Nor with a wrong one."""
    assert by_link[0]().get(path).status_code == 404


def test_the_sessions_cookie_is_narrow(by_link: tuple[Callable[[], Operator], str]) -> None:
    """Unreadable for scripts, sent by no other site, for the console alone, and with an end."""
    operator = by_link[0]()
    entered = operator.post("/enter", operator.form(by_link[1]))
    (cookie,) = [each for each in entered.headers.getlist("Set-Cookie") if "_session=" in each]

    for word in ("HttpOnly", "SameSite=Strict", "Path=/console", "Max-Age=28800"):
        assert word in cookie


def test_the_store_has_no_session_that_could_be_used(broker: Broker) -> None:
    """A hash of it only: whoever reads the database does not come in by it."""
    token = broker.console_sessions.begin("grace", "by hand", hours=8).get_secret_value()
    kept = broker.vault.store.all_meta("console_session ")

    assert len(kept) == 1
    assert token not in str(kept)
    assert broker.console_sessions.find(token, "by hand") == "grace"
    for wrong in ("", "x", next(iter(kept)), next(iter(kept)).rpartition(" ")[2]):
        assert broker.console_sessions.find(wrong, "by hand") is None


def test_a_session_ends(browse: Callable[[], Operator], ahead: Ahead, broker: Broker) -> None:
    """By itself after eight hours, and what is over is swept away."""
    operator = browse()
    assert sign_in(operator) == 303
    ahead.passes(8 * 3600 - 60)
    assert operator.get().status_code == 200
    ahead.passes(61)

    assert operator.get().headers["Location"] == "/console/enter"
    broker.console_sessions.begin("alan", "by hand", hours=8)
    assert len(broker.vault.store.all_meta("console_session ")) == 1


def test_signing_out_ends_it_everywhere(browse: Callable[[], Operator]) -> None:
    """A copy of the cookie is of no use afterwards either."""
    operator, thief = browse(), browse()
    assert sign_in(operator) == 303
    for cookie in ("portalkey_console", "portalkey_console_session"):
        found = operator.http.get_cookie(cookie, path="/console")
        assert found is not None
        thief.http.set_cookie(cookie, found.value, path="/console")
    assert thief.get().status_code == 200
    assert operator.post("/leave", {}).status_code == 403
    leave = operator.page().select_one("form[action='/console/leave'] input")
    assert leave is not None
    left = operator.post("/leave", {"portalkey_token": str(leave["value"])})

    assert "You are signed out" in left.text
    for each in (operator, thief):
        assert each.get().headers["Location"] == "/console/enter"


def test_another_password_ends_sessions(browse: Callable[[], Operator], broker: Broker) -> None:
    """And so does another way in; the same password in another process does not."""
    operator = browse()
    assert sign_in(operator) == 303
    found = operator.http.get_cookie("portalkey_console_session", path="/console")
    assert found is not None
    statuses = []
    for password in (PASSWORD, SecretStr("another password")):
        app = create_app(broker, console=open_by_password(broker, password))
        other = Operator(app, broker, None)
        other.http.set_cookie("portalkey_console_session", found.value, path="/console")
        statuses.append(other.get().status_code)

    assert statuses == [200, 303]


def test_the_password_and_a_name_lead_in(browse: Callable[[], Operator], broker: Broker) -> None:
    """Whoever is signed out is led to the form, and the page names whoever came in."""
    operator = browse()
    assert operator.get("/health").headers["Location"] == "/console/enter"
    assert operator.post("/erase?owner=ada", {}).status_code == 404
    assert sign_in(operator, name=" ") == 400
    assert sign_in(operator, "wrong") == 403
    assert sign_in(operator, name="<b>grace</b>") == 303

    page = operator.get()
    assert "&lt;b&gt;grace&lt;/b&gt;" in page.text
    assert PASSWORD.get_secret_value() not in page.text
    assert "Sign out" in page.text


def test_wrong_passwords_are_limited(browse: Callable[[], Operator]) -> None:
    """From one address; then the right one does not help either."""
    operator = browse()
    statuses = [sign_in(operator, "wrong") for _ in range(TRIES + 1)]

    assert statuses == [403] * TRIES + [429]
    assert sign_in(operator) == 429


def test_tries_are_forgotten_after_a_while() -> None:
    """And those of another address are no hindrance."""
    clock = [0.0]
    password = Password(PASSWORD, lambda: clock[0])
    for _ in range(TRIES):
        assert not password.is_right("wrong", "10.0.0.9")
    right = PASSWORD.get_secret_value()
    with pytest.raises(Refused):
        password.is_right(right, "10.0.0.9")
    assert password.is_right(right, "10.0.0.8")
    clock[0] = TRY_SECONDS

    assert password.is_right(right, "10.0.0.9")
    assert right not in repr(vars(password))


def test_a_form_of_another_site_signs_nobody_in(browse: Callable[[], Operator]) -> None:
    """Nor one without its token: nobody is signed in as somebody else without knowing."""
    operator = browse()
    form = operator.form("/enter") | {"name": "eve", "password": PASSWORD.get_secret_value()}

    assert operator.post("/enter", form, origin="https://evil.test").status_code == 403
    assert operator.post("/enter", form | {"portalkey_token": "x"}).status_code == 403
    assert browse().post("/enter", form).status_code == 403
    assert operator.get().status_code == 303


def test_a_console_is_below_the_mount(tmp_path: Path) -> None:
    """Links, cookies and the printed address have the prefix."""
    settings = settings_of(tmp_path).model_copy(
        update={"redirect_uri": "http://localhost:6001/crm/auth/hubspot/callback"}
    )
    with closing(make_broker(settings, Ahead())) as broker:
        console, link = open_by_link(broker)
        http = create_app(broker, console=console).test_client()
        answer = http.get(link, base_url="http://localhost:6001")
        form = re.findall(r'action="([^"]+)"', answer.text)

    assert urlsplit(link).path == "/crm/console/enter"
    assert form == ["/crm/console/enter"]
    assert "Path=/crm/console" in answer.headers["Set-Cookie"]


def test_another_hosts_name_does_not_reach_it(browse: Callable[[], Operator]) -> None:
    """No foreign name can be made to point here (DNS rebinding)."""
    assert browse().http.get("/console/enter", headers={"Host": "evil.test"}).status_code == 421


@pytest.fixture
def log() -> Iterator[None]:
    """The log of before, once a server has set its own up in this process."""
    root, alembic = logging.getLogger(), logging.getLogger("alembic")
    handlers, levels = root.handlers[:], (root.level, alembic.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    alembic.setLevel(levels[1])


@pytest.mark.usefixtures("log")
def test_the_password_is_a_setting(broker: Broker) -> None:
    """Too short a one is refused; without one, an app of several processes has no console."""
    env = {"PORTALKEY_CONSOLE_PASSWORD": "too short"}
    with pytest.raises(BadSettings, match="PORTALKEY_CONSOLE_PASSWORD must have 12 to 512"):
        StandaloneSettings.from_env(None, env)
    env = {"PORTALKEY_CONSOLE_PASSWORD": "long enough to be one"}
    standalone = StandaloneSettings.from_env(None, env)
    assert "long enough" not in repr(standalone)

    statuses = []
    for each in (standalone, StandaloneSettings.from_env(None, {})):
        http = create_logged_app(broker, each).test_client()
        statuses.append(http.get("/console", base_url=broker.settings.public_url).status_code)
    assert statuses == [303, 404]
