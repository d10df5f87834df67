"""The cookies of a browser whose session has connections, as a test looks at them."""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from portalkey.web.host import CONNECTIONS_KEY

SESSION, CONNECTIONS = "session", "session_portalkey"
_SALT = "portalkey-connections"


def cookie_of(client: FlaskClient, name: str = SESSION) -> str:
    """The value of a cookie, as the browser has it."""
    cookie = client.get_cookie(name)
    assert cookie is not None
    return cookie.value


def cookies_of(client: FlaskClient) -> dict[str, str]:
    """The values of these cookies, as far as the browser has them; ``eu`` is another app's."""
    names = (SESSION, CONNECTIONS, f"{CONNECTIONS}_eu")
    found = {name: client.get_cookie(name) for name in names}
    return {name: cookie.value for name, cookie in found.items() if cookie is not None}


def set_cookies(client: FlaskClient, cookies: dict[str, str]) -> None:
    """Give the browser these cookies."""
    for name, value in cookies.items():
        client.set_cookie(name, value)


def connections_of(client: FlaskClient, name: str = CONNECTIONS) -> dict[str, Any]:
    """What the browser's cookie of connections says."""
    payload: dict[str, Any] = _serializer(client.application).loads(
        cookie_of(client, name), salt=_SALT
    )
    return payload


def change_connections(client: FlaskClient, **changes: Any) -> None:
    """Give the browser a cookie of connections that says something else."""
    payload = {**connections_of(client), **changes}
    client.set_cookie(CONNECTIONS, _serializer(client.application).dumps(payload, salt=_SALT))


def move_into_session(client: FlaskClient) -> None:
    """Make the browser one of an older portalkey: connections are in the session itself."""
    payload = connections_of(client)
    with client.session_transaction() as before:
        before[CONNECTIONS_KEY] = {name: payload[name] for name in ("v", "id", "rows")}
    client.delete_cookie(CONNECTIONS)


def _serializer(app: Flask) -> Any:
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    return interface.get_signing_serializer(app)
