"""Pages of another provider, for people who do not sign in with a password."""

from urllib.parse import quote

from flask import Response, request

from portalkey_simulator.pages.rendering import add_opener_policy, render_page
from portalkey_simulator.world import World

SIGNED_IN = "simulated_sign_in"
"""The cookie of a browser whose person has signed in."""


def is_signed_in() -> bool:
    """Return True where the current request comes from somebody who has signed in."""
    return SIGNED_IN in request.cookies


class SignInPages:
    """``/sign-in`` before the path of an authorize URL, to which it leads back."""

    def __init__(self, world: World) -> None:
        self._world = world

    def show(self, **_: str) -> Response:
        """Show the provider's page."""
        switches = self._world.switches
        return add_opener_policy(
            render_page("provider.html"), switches.sign_in_opener_policy, switches
        )

    def sign_in(self, **_: str) -> Response:
        """Sign in, and go back to the authorize URL."""
        path, query = request.path.removeprefix("/sign-in"), request.query_string.decode("latin-1")
        back = Response(status=303, headers={"Location": f"{quote(path)}?{query}"})
        back.set_cookie(SIGNED_IN, "1", httponly=True, samesite="Lax")
        switches = self._world.switches
        return add_opener_policy(back, switches.sign_in_opener_policy, switches)
