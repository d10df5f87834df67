"""An app whose owner() or person() returns what cannot be an id: the app hears, visitors do not."""

from typing import Any

import pytest
from flask import Flask

from portalkey.broker import Broker
from portalkey.errors import OwnerUnusable
from portalkey.flask import HubSpotAuth
from portalkey.model.connection import MOST_OWNER_BYTES, find_owner_fault
from portalkey.web.routes import API, PAGES, SETUP, Route

SECRET = "canary"
UNUSABLE: dict[str, tuple[object, str]] = {
    "a number": (4711, "a value of type int"),
    "bytes": (b"canary", "a value of type bytes"),
    "blank": ("  ", "a blank string"),
    "a NUL": (f"{SECRET}\0", "a string with a NUL in it"),
    "half a pair": (f"{SECRET}\ud83d", "a string with half of a surrogate pair in it"),
    "too long": (SECRET * 200, f"a string of 1200 bytes, where {MOST_OWNER_BYTES} are the most"),
}
ATTEMPT = "A" * 22


def host_app(broker: Broker, **options: Any) -> Flask:
    """An app of somebody else's."""
    app = Flask("host")
    app.config.update(SECRET_KEY="of-the-host", PROPAGATE_EXCEPTIONS=False)
    HubSpotAuth(app, broker, **{"owner": lambda: "ada", **options})
    return app


def address_of(route: Route) -> str:
    """An address of *route* that names things which are not there."""
    return route.path.format(connection_id="x", attempt_id=ATTEMPT) + f"?attempt={ATTEMPT}"


@pytest.mark.parametrize("name", ["owner", "person"])
@pytest.mark.parametrize("kind", UNUSABLE)
@pytest.mark.parametrize("route", [*PAGES, *SETUP, *API], ids=lambda route: route.name)
def test_every_route_says_whose_mistake_it_is(
    broker: Broker, route: Route, kind: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the kind of the value, and nobody has the value."""
    value, said = UNUSABLE[kind]
    client = host_app(broker, **{name: lambda: value}).test_client()

    answer = client.open(address_of(route), method=route.method)

    if route.name == "callback":  # it leaves its address by redirect first
        assert answer.status_code == 303
        answer = client.get(answer.headers["Location"])
    assert answer.status_code == 500
    if route in API and answer.is_json:
        assert answer.get_json()["error"] == "owner_unusable"
    assert "could not say who is signed in" in answer.text
    assert f"The app's {name}() returned {said}; return the id" in caplog.text
    assert SECRET not in answer.text + caplog.text
    assert "Traceback" not in caplog.text


def test_in_debug_it_is_the_debuggers(broker: Broker) -> None:
    """Whoever writes the app has it before them."""
    app = host_app(broker, owner=lambda: 4711)
    app.debug, app.config["PROPAGATE_EXCEPTIONS"] = True, True

    with pytest.raises(OwnerUnusable, match=r"owner\(\) returned a value of type int") as caught:
        app.test_client().get("/connections/setup")
    assert isinstance(caught.value, TypeError)
    assert "return str(...) of it." in str(caught.value)


def test_the_longest_owner_is_one() -> None:
    """Counted in the bytes that the stores keep."""
    assert find_owner_fault("x" * MOST_OWNER_BYTES) is None
    assert find_owner_fault("ß" * (MOST_OWNER_BYTES // 2)) is None
    assert find_owner_fault("ß" * (MOST_OWNER_BYTES // 2) + "x")
