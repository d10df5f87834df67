"""The routes that a skin registers."""

from portalkey.broker import Broker
from portalkey.web.options import WebOptions
from portalkey.web.router import Router
from portalkey.web.routes import PREFLIGHTS


def names(router: Router) -> list[str]:
    """Return the names of the router's routes."""
    return [route.name for route in router.routes]


def test_every_route_has_a_handler(broker: Broker) -> None:
    """A skin registers what the router answers, neither more nor less."""
    router = Router.of(broker, WebOptions())

    assert sorted(names(router)) == sorted(router._handlers)


def test_the_setup_page_is_a_route_only_where_it_is_wanted(broker: Broker) -> None:
    """An app with a page of its own has no other at that address."""
    router = Router.of(broker, WebOptions(setup_page=False))

    assert "setup" not in names(router)
    assert {route.name for route in PREFLIGHTS} < set(names(router))
    assert router.context.home == "/"


def test_a_link_leads_home_unless_told_otherwise(broker: Broker) -> None:
    """A signed-out visitor's is bare: it leads to the sign-in and on from there."""
    router = Router.of(broker, WebOptions())

    assert router.connect_url("ada", "browser", None, None) == router.connect_url(
        "ada", "browser", "/connections/setup", None
    )
    assert router.connect_url(None, None, None, None) == "/auth/hubspot/start"
