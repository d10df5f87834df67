"""Requests that HubSpot signs, at views of Flask's; `tests/contract/skins` has every skin's."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from flask import Flask, g, request
from flask.views import MethodView
from flask_wtf.csrf import CSRFProtect
from pydantic import SecretStr
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import make_server

import portalkey
from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth, from_hubspot
from portalkey.model.counters import CounterKind
from portalkey.settings import Settings
from portalkey.settings.client_secrets import ClientSecret
from portalkey.testing import Ahead
from portalkey_simulator import HubSpot
from portalkey_simulator.signing import sign
from support.signed import BODY, PAGE, counts, exchange, raw_request, read_lines, send

HOOK = "/hubspot/webhook"


class Host:
    """An app with a view for HubSpot, and what that view heard."""

    def __init__(self, broker: Broker, **options: Any) -> None:
        self.heard: list[bytes] = []
        self.app = Flask("host")
        self.app.secret_key = "of-the-host"
        HubSpotAuth(self.app, broker, owner=lambda: None)
        self.app.add_url_rule(
            f"{HOOK}/<path:rest>", "deep", from_hubspot(**options)(self.hear), methods=["POST"]
        )
        self.app.add_url_rule(
            HOOK, "hook", from_hubspot(**options)(self.hear), methods=["POST", "GET", "PUT"]
        )

    def hear(self, rest: str = "") -> dict[str, Any]:
        """The view."""
        self.heard.append(request.get_data())
        return {"version": g.hubspot_signature.version, "rest": rest}


@contextmanager
def listening(app: Any, port: int) -> Iterator[None]:
    """Serve *app* on *port*."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def host(broker: Broker, port: int) -> Iterator[Host]:
    """The app, on its port."""
    host = Host(broker)
    with listening(host.app, port):
        yield host


@pytest.fixture
def url(settings: Settings) -> str:
    """The address that HubSpot has."""
    return f"{settings.public_url}{HOOK}"


def test_the_second_time_at_another_process(
    hubspot: HubSpot, settings: Settings, make_broker: Callable[[Settings], Broker], url: str
) -> None:
    """The store is theirs together."""
    hosts = [Host(make_broker(settings)) for _ in range(2)]
    moment = int(hubspot.clock.now() * 1000)
    headers = sign(hubspot.app, "v3", "POST", url, body=BODY, timestamp=moment)

    answers = [each.app.test_client().post(HOOK, data=BODY, headers=headers) for each in hosts]
    assert [each.status_code for each in answers] == [200, 401]


def test_what_is_too_old_is_forgotten(
    hubspot: HubSpot, host: Host, url: str, broker: Broker, ahead: Ahead
) -> None:
    """The store holds minutes of it, and no more; what is too old comes in no more either."""

    def names() -> set[str]:
        return set(broker.vault.store.all_meta("hubspot_request "))

    def send_after(seconds: int) -> int:
        """Let time pass, send a request that is signed just then, and wait for what it starts."""
        ahead.seconds += seconds
        hubspot.clock.move(seconds)
        status = hubspot.send_signed(url, BODY).status
        broker.close()
        return status

    moment = int(hubspot.clock.now() * 1000)
    assert hubspot.send_signed(url, BODY, timestamp=moment - 240_000).status == 200
    assert hubspot.send_signed(url, BODY, timestamp=moment).status == 200
    assert len(names()) == 2
    assert send_after(181) == 200
    assert len(names()) == 2
    assert send_after(600) == 200
    assert len(names()) == 1
    assert hubspot.send_signed(url, BODY, timestamp=moment).status == 401


def test_the_clock_is_the_stores(hubspot: HubSpot, host: Host, url: str, ahead: Ahead) -> None:
    """As for everything else; so all machines judge by one."""
    ahead.seconds += 3600
    assert hubspot.send_signed(url, BODY).status == 401
    hubspot.clock.move(3600)
    assert hubspot.send_signed(url, BODY).status == 200


def test_the_secret_before(
    hubspot: HubSpot, settings: Settings, make_broker: Callable[[Settings], Broker], url: str
) -> None:
    """While it is being changed HubSpot may still sign by the older one."""
    old, new = hubspot.app.client_secret, "a-new-secret"
    app, alone = (
        Host(make_broker(settings.model_copy(update={"client_secret": secret}))).app
        for secret in (ClientSecret(new, SecretStr(old)), ClientSecret(new))
    )
    moment = int(hubspot.clock.now() * 1000)
    headers = sign(hubspot.app, "v3", "POST", url, body=BODY, timestamp=moment)

    assert alone.test_client().post(HOOK, data=BODY, headers=headers).status_code == 401
    assert app.test_client().post(HOOK, data=BODY, headers=headers).status_code == 200


def test_truncated(hubspot: HubSpot, host: Host, url: str, port: int, broker: Broker) -> None:
    """Whether its length says so or not."""
    moment = int(hubspot.clock.now() * 1000)
    headers = sign(hubspot.app, "v3", "POST", f"{url}?x=1", body=BODY, timestamp=moment)

    whole = raw_request(port, f"{HOOK}?x=1", headers, BODY)
    assert b" 401 " in exchange(port, whole[:-1], ends=True)
    assert b" 401 " in exchange(port, raw_request(port, f"{HOOK}?x=1", headers, BODY[:-1]))
    assert host.heard == []
    assert counts(broker)[CounterKind.SIGNATURE_REFUSED] == 2


def test_headers_that_come_twice(hubspot: HubSpot, host: Host, url: str, port: int) -> None:
    """A WSGI server makes one of them, which is none."""
    moment = int(hubspot.clock.now() * 1000)
    headers = sign(hubspot.app, "v3", "POST", f"{url}?x=1", body=BODY, timestamp=moment)
    raw = raw_request(port, f"{HOOK}?x=1", headers, BODY)
    for name, value in headers.items():
        line = f"{name}: {value}\r\n".encode()
        assert b" 401 " in exchange(port, raw.replace(line, line + line))
    assert host.heard == []


def test_a_large_body(hubspot: HubSpot, broker: Broker, url: str) -> None:
    """It is bounded, by the view or by the app, and the smaller bound holds."""
    for options, most in (({}, 1024 * 1024), ({"most_bytes": 100}, 100)):
        host = Host(broker, **options)
        for size, status in ((most, 200), (most + 1, 413)):
            body = b" " * size
            moment = int(hubspot.clock.now() * 1000)
            headers = sign(hubspot.app, "v3", "POST", url, body=body, timestamp=moment)
            client = host.app.test_client()
            assert client.post(HOOK, data=body, headers=headers).status_code == status
            host.app.config["MAX_CONTENT_LENGTH"] = 50
            assert client.post(HOOK, data=body, headers=headers).status_code == 413
            host.app.config["MAX_CONTENT_LENGTH"] = None


MOUNTS: dict[str, Callable[[Flask], Any]] = {
    "taken off, and said": lambda app: ProxyFix(app.wsgi_app, x_prefix=1),
    "taken off, and not said": lambda app: app.wsgi_app,
    "left on": lambda app: DispatcherMiddleware(Flask("front"), {"/crm": app.wsgi_app}),
}


@pytest.mark.parametrize("way", MOUNTS)
def test_below_a_path(
    hubspot: HubSpot,
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    port: int,
    way: str,
) -> None:
    """The settings say what the path is below; what a stranger says of it counts for nothing."""
    callback = f"{settings.public_url}/crm/auth/hubspot/callback"
    host = Host(make_broker(settings.model_copy(update={"redirect_uri": callback})))
    moment = int(hubspot.clock.now() * 1000)
    url = f"{settings.public_url}/crm{HOOK}/a%20b?x=%2f"
    headers = sign(hubspot.app, "v3", "POST", url, body=BODY, timestamp=moment)
    target = f"{'/crm' if way == 'left on' else ''}{HOOK}/a%20b?x=%2f"

    with listening(MOUNTS[way](host.app), port):
        wrong = sign(
            hubspot.app, "v3", "POST", url.replace("/crm", "/evil"), body=BODY, timestamp=moment
        )
        assert send(port, target, {**wrong, "X-Forwarded-Prefix": "/evil"}) == 401
        assert send(port, target, {**headers, "X-Forwarded-Prefix": "/crm"}) == 200


def test_a_hosts_own_protection(hubspot: HubSpot, broker: Broker, url: str) -> None:
    """Flask-WTF leaves signed views alone, and no other; whichever was set up first."""
    for first in (True, False):
        app = Flask("host")
        app.secret_key = "of-the-host"
        if first:
            CSRFProtect(app)
        HubSpotAuth(app, broker, owner=lambda: None)
        if not first:
            CSRFProtect(app)
        app.add_url_rule(HOOK, "hook", from_hubspot(lambda: "in"), methods=["POST"])
        app.add_url_rule("/form", "form", _form, methods=["POST"])
        headers = sign(
            hubspot.app, "v3", "POST", url, body=BODY, timestamp=int(hubspot.clock.now() * 1000)
        )
        client = app.test_client()
        assert client.post(HOOK, data=BODY, headers=headers).text == "in"
        assert client.post(HOOK, data=BODY).status_code == 401
        assert client.post("/form").status_code == 400


def _form() -> str:
    return "posted"


def test_a_name_that_two_views_share(hubspot: HubSpot, broker: Broker, url: str) -> None:
    """Flask-WTF knows views by their names: an unsigned one of the same name stays protected."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    HubSpotAuth(app, broker, owner=lambda: None)
    CSRFProtect(app)
    app.add_url_rule(HOOK, "hook", from_hubspot(_form), methods=["POST"])
    app.add_url_rule("/form", "form", _form, methods=["POST"])
    client = app.test_client()

    assert client.post(HOOK, data=BODY).status_code == 400
    assert client.post("/form").status_code == 400


def test_views_of_other_kinds(hubspot: HubSpot, broker: Broker, url: str) -> None:
    """Methods of a class are protected likewise, and a view keeps its name and its arguments."""

    class Hook(MethodView):
        decorators: ClassVar = [from_hubspot]

        def post(self, number: int) -> str:
            return str(number)

    app = Flask("host")
    HubSpotAuth(app, broker, owner=lambda: None)
    app.add_url_rule(f"{HOOK}/<int:number>", view_func=Hook.as_view("hook"))
    headers = sign(
        hubspot.app, "v3", "POST", f"{url}/7", body=b"", timestamp=int(hubspot.clock.now() * 1000)
    )
    client = app.test_client()

    assert client.post(f"{HOOK}/8", headers=headers).status_code == 401
    assert client.post(f"{HOOK}/7", headers=headers).text == "7"
    assert client.post(f"{HOOK}/7", headers=headers).status_code == 401
    assert from_hubspot(_form).__name__ == "_form"


def test_a_view_that_is_a_coroutine(hubspot: HubSpot, broker: Broker, url: str) -> None:
    """Flask runs it; it is not begun for a stranger."""
    begun = list[str]()

    async def hook() -> str:
        begun.append(g.hubspot_signature.version)
        return "in"

    app = Flask("host")
    HubSpotAuth(app, broker, owner=lambda: None)
    app.add_url_rule(HOOK, "hook", from_hubspot(hook), methods=["POST"])
    moment = int(hubspot.clock.now() * 1000)
    headers = sign(hubspot.app, "v3", "POST", url, body=BODY, timestamp=moment)
    client = app.test_client()

    assert client.post(HOOK, data=BODY).status_code == 401
    assert client.post(HOOK, data=BODY, headers=headers).text == "in"
    assert begun == ["v3"]


def _read_first() -> None:
    assert request.get_data()


def test_a_host_that_reads_first(hubspot: HubSpot, broker: Broker, url: str) -> None:
    """What it has read already is bounded all the same."""
    host = Host(broker, most_bytes=100)
    host.app.before_request(_read_first)
    for size, status in ((100, 200), (101, 413)):
        moment = int(hubspot.clock.now() * 1000)
        body = b" " * size
        headers = sign(hubspot.app, "v3", "POST", url, body=body, timestamp=moment)
        client = host.app.test_client()
        assert client.post(HOOK, data=body, headers=headers).status_code == status


def test_an_app_without_the_extension() -> None:
    """It has no broker to ask, so nobody is let in."""
    app = Flask("host")
    app.add_url_rule(HOOK, "hook", from_hubspot(_form), methods=["POST"])
    app.testing = True

    with pytest.raises(RuntimeError, match="HubSpotAuth"):
        app.test_client().post(HOOK)


def test_a_version_that_there_is_not() -> None:
    """It is a mistake that shows as the app starts."""
    with pytest.raises(ValueError, match="v1, v2, v3"):
        from_hubspot(oldest="v4")  # type: ignore[call-overload]


def test_the_page_of_the_docs_does_what_it_says(
    hubspot: HubSpot, broker: Broker, url: str, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its lines, run as they stand: the view hears HubSpot, and the check by itself says no."""
    app = Flask("host")
    HubSpotAuth(app, broker, owner=lambda: None)
    known: dict[str, Any] = {"app": app, "broker": broker, "headers": [], "body": b""}
    exec(read_lines("portalkey.flask"), known)  # noqa: S102 - our own docs
    exec(read_lines("verify"), known)  # noqa: S102

    event = b'[{"subscriptionType":"contact.creation","portalId":62515}]'
    with listening(app, port):
        assert hubspot.send_signed(url, event).status == 204
    assert capsys.readouterr().out == "missing\n"


def test_the_page_of_the_docs_names_every_check() -> None:
    """One row each, and none that there is not."""
    source = Path(portalkey.__file__).parent
    files = [source / "hubspot/signature.py", *source.glob("*/hubspot_requests.py")]
    text = "".join(each.read_text() for each in files)
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]

    named = {name for row in rows[1:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(re.findall(r'NotFromHubSpot\("(\w+)"', text))
