"""Functions of a site's that say who is signed in, and say it wrongly."""

import pytest
from django.http import HttpRequest

from portalkey.broker import Broker
from support.django_hosting import site_over, visitor_of


def find_model(request: HttpRequest) -> object:
    """The user, where its id was meant."""
    return request.user


def find_number(request: HttpRequest) -> object:
    """A primary key that is no text."""
    del request
    return 4711


def fail(request: HttpRequest) -> object:
    """The site's own mistake."""
    del request
    raise LookupError("canary")


@pytest.mark.parametrize("owner", [find_model, find_number])
def test_an_owner_that_is_no_id(
    broker: Broker, owner: object, caplog: pytest.LogCaptureFixture
) -> None:
    """500 on pages and in JSON, and the log says what to return; nothing is stored."""
    with site_over(broker, {"owner": owner}):
        client = visitor_of(broker)
        page, said = client.get("/connections/setup"), client.get("/api/hubspot/status")

    assert (page.status_code, said.status_code) == (500, 500)
    assert said.json()["error"] == "owner_unusable"
    assert "The app's owner() returned" in caplog.text
    assert "shop.example" not in caplog.text


def test_an_owner_that_is_none_is_signed_out(broker: Broker) -> None:
    """Whoever Django thinks is signed in."""
    with site_over(broker, {"owner": lambda _: None}):
        assert visitor_of(broker).get("/api/hubspot/status").status_code == 401


def test_an_owner_that_raises(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """The site's own 500, with our headers; the callback leaves its address all the same."""
    with site_over(broker, {"owner": fail}):
        client = visitor_of(broker)
        page = client.get("/auth/hubspot/start")
        back = client.get("/auth/hubspot/callback?code=secret-code&state=x")

    assert page.status_code == 500
    assert page.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert back.status_code == 303
    assert "secret-code" not in back.headers["Location"]
    assert "secret-code" not in caplog.text


def test_a_sign_in_goes_on_whatever_the_owner_meets(broker: Broker) -> None:
    """The session forgets what was there, and the person is signed in."""
    with site_over(broker, {"owner": lambda request: str(request.user.pk or "guest")}):
        client = visitor_of(broker, None)
        client.get("/connections/setup")
        assert "portalkey_browser" in client.session
    with site_over(broker, {"owner": fail}):
        assert client.get("/login/eve").status_code == 200
        assert "portalkey_browser" not in client.session
