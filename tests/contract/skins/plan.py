"""An app of somebody else's, as each framework has it: what a test decides, and what it serves."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import ClassVar

from portalkey.broker import Broker

FRONT = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Front</title>
<link rel="icon" href="data:,">
<script type="module" src="{script}"></script>
<hubspot-connect {state}><a href="{link}">Connect to HubSpot</a></hubspot-connect>
<a id="further" href="{further}">Turn tickets on</a>
"""
"""The page at ``/``; a skin puts its own words for the four into it."""

BETWEEN = "<hr>"
"""What stands between two pages that one request shows."""

LOGIN = "<form method=post><input name=name><button>Sign in</button></form>"
"""The app's sign-in."""

LAYOUT = """\
<!doctype html>
<html lang="en"><title>{% block title %}{% endblock %}</title>
{% block head %}{% endblock %}
<header>Layout of the host's</header>
{% block content %}{% endblock %}
</html>
"""
"""The app's own layout, in what Jinja and Django's templates have in common."""

NOT_HERE = "The host has no such page."
"""What the app says itself, with 404, to whoever is lost in it."""

OPERATOR = "grace"
"""Who may see the console, where she is signed in."""

HOOK = "/hubspot/webhook"
"""Where the app hears HubSpot alone; any path may follow."""

LENIENT = "/hubspot/lenient"
"""Where it accepts every version of HubSpot's signature, and no more than ``SMALL`` bytes."""

SMALL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a test decides about the app.

    ``samesite`` is its session's. ``lays_on`` are headers that a middleware of its own puts on
    every response, whatever it had. ``mount`` is the path that it is served below. ``names_owner``
    makes what ``owner()`` returns of whoever is signed in, or None. With ``has_layout`` our pages
    extend ``LAYOUT``, with ``has_login`` the signed-out are led to ``/login``. ``allows`` is what
    ``may_disconnect`` and ``may_deliver`` return. ``options`` are passed on as they are. ``heard``
    are the bodies that views for HubSpot were entered with.
    """

    samesite: str = "Lax"
    lays_on: Mapping[str, str] = field(default_factory=dict)
    mount: str = ""
    names_owner: Callable[[str | None], object] = lambda user: user
    has_layout: bool = False
    has_login: bool = False
    allows: bool = True
    options: Mapping[str, object] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)

    def hear(self, body: bytes, version: str, rest: str) -> dict[str, str]:
        """Note what a view for HubSpot was entered with, and return what it answers, as JSON."""
        self.heard.append(body)
        return {"version": version, "rest": rest}


class Skin(ABC):
    """A framework, with its skin.

    The app that it serves has ``/`` (the page ``FRONT``, which leads back to itself), ``/as/NAME``
    and ``/as/`` to sign in and out, ``/then/NAME`` (that page, and again once NAME is signed in, in
    one request, with ``BETWEEN``), ``/login?next=`` (``LOGIN``; what is posted signs in and leads
    to ``next``), a console at ``/console``, views for HubSpot at ``HOOK``, below it and at
    ``LENIENT``, which answer what ``Plan.hear`` returns to GET, POST and PUT, and ``NOT_HERE``
    everywhere else. Where the framework has a check of forgery, it is on.
    """

    name: ClassVar[str]

    @abstractmethod
    def serve(self, broker: Broker, plan: Plan, port: int) -> AbstractContextManager[None]:
        """Serve such an app with *broker* on this *port* of 127.0.0.1, until the block ends."""


@dataclass(frozen=True, slots=True)
class Host:
    """The app, answering."""

    broker: Broker
    plan: Plan

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"{self.broker.settings.public_url}{self.plan.mount}"
