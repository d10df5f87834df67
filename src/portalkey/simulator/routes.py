"""Every path that the simulator answers, as a table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from flask import Response

from portalkey.simulator.api.account_info import AccountInfo
from portalkey.simulator.api.tokens import TokenEndpoints
from portalkey.simulator.faults.kinds import Place
from portalkey.simulator.pages.authorize import AuthorizePages
from portalkey.simulator.pages.sign_in import SignInPages
from portalkey.simulator.world import VERSIONS, World

API = ("/oauth/", "/account-info/")
"""What is noted: requests of programs, and whatever they mistake for one."""

View: TypeAlias = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One path; ``place`` names it for faults, and is None for what people meet."""

    method: str
    path: str
    view: View
    place: Place | None = None


def routes(world: World) -> Iterator[Route]:
    """All of them, over this *world*."""
    yield Route("GET", "/isalive", _is_alive)
    yield from _pages(world)
    yield from _api(world)


def _pages(world: World) -> Iterator[Route]:
    authorize, provider = AuthorizePages(world), SignInPages(world)
    for path in ("/oauth/authorize", "/oauth/<hub_id>/authorize"):
        yield Route("GET", path, authorize.show)
        yield Route("POST", path, authorize.decide)
        yield Route("GET", f"/sign-in{path}", provider.show)
        yield Route("POST", f"/sign-in{path}", provider.sign_in)


def _api(world: World) -> Iterator[Route]:
    tokens, accounts = TokenEndpoints(world), AccountInfo(world)
    version = f"<any({','.join(map(repr, VERSIONS))}):version>"
    yield Route("POST", f"/oauth/{version}/token", tokens.token, "token")
    yield Route("POST", f"/oauth/{version}/token/introspect", tokens.introspect, "introspect")
    yield Route("POST", f"/oauth/{version}/token/revoke", tokens.revoke, "revoke")
    yield Route("GET", f"/account-info/{version}/details", accounts.details, "account_info")


def _is_alive() -> Response:
    return Response("alive\n", mimetype="text/plain")
