"""Django, under the server that ``portalkey serve`` has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from contract.skins.plan import FRONT, LAYOUT, OPERATOR, Plan, Skin
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.cli.server.mount import Mount
from portalkey.model.connection import Connection
from support.django_hosting import set_up
from support.django_shop.settings import MIDDLEWARE, TEMPLATES

PAGE = "{% load portalkey %}" + FRONT.format(
    script='{% hubspot_static "connect.js" %}',
    state="{% hubspot_connect_state %}",
    link="{% hubspot_connect_url next=front %}",
    further="{% hubspot_connect_url scopes='tickets' %}",
)
LOADER = "django.template.loaders.locmem.Loader"
ENGINE = {
    "BACKEND": TEMPLATES[0]["BACKEND"],
    "OPTIONS": {"loaders": [(LOADER, {"layout.html": LAYOUT, "front.html": PAGE})]},
}
lays_on: dict[str, str] = {}
"""Headers of the plan that is served; Django has one site a process."""
plans: list[Plan] = []
"""That plan."""


class DjangoSkin(Skin):
    """A site of Django's."""

    name = "django"

    @contextmanager
    def serve(self, broker: Broker, plan: Plan, port: int) -> Iterator[None]:
        """Serve it from threads."""
        set_up()
        from portalkey.django.testing import use_broker  # noqa: PLC0415 - Django is set up by now

        lays_on.clear()
        lays_on.update(plan.lays_on)
        plans[:] = [plan]
        with override_settings(**settings_of(plan)), use_broker(broker):
            app = Mount(WSGIHandler(), plan.mount)
            with Listener(app, broker, host="127.0.0.1", port=port):
                yield


def settings_of(plan: Plan) -> dict[str, Any]:
    """The plan in the words of Django and of this skin."""

    def may(request: HttpRequest, owner: str, connection: Connection) -> bool:
        assert owner == connection.owner == user_of(request)
        return plan.allows

    return {
        "MIDDLEWARE": [f"{__name__}.lay_on", *MIDDLEWARE],
        "PORTALKEY": {
            "owner": lambda request: plan.names_owner(user_of(request)),
            "login_url": f"{plan.mount}/login" if plan.has_login else None,
            "base_template": "layout.html" if plan.has_layout else None,
            "may_disconnect": may,
            "may_deliver": may,
            "console_allow": find_operator,
            **plan.options,
        },
        "LOGIN_URL": "/no-such-page",
        "ROOT_URLCONF": "contract.skins.django_urls",
        "SESSION_COOKIE_PATH": plan.mount or "/",
        "SESSION_COOKIE_SAMESITE": plan.samesite,
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "TEMPLATES": [ENGINE],
    }


def lay_on(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """The host's own middleware, with headers for every response."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in lays_on.items():
            response[name] = value
        return response

    return respond


def user_of(request: HttpRequest) -> str | None:
    """Who is signed in."""
    user: str | None = request.session.get("user")
    return user


def find_operator(request: HttpRequest) -> str | None:
    """The operator, where it is one."""
    return OPERATOR if user_of(request) == OPERATOR else None
