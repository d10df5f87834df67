"""The control room's page; all that it shows and does goes through the control API."""

from flask import Response

from portalkey_simulator.faults.fault_kinds import KINDS, PLACES
from portalkey_simulator.pages.rendering import render_page
from portalkey_simulator.world.accounts import LACKING
from portalkey_simulator.world.refusals import TOKEN_REFUSALS

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def show_page() -> Response:
    """Show the page at ``/``."""
    response = render_page(
        "room.html", kinds=KINDS, places=PLACES, tiers=tuple(LACKING), refusals=TOKEN_REFUSALS
    )
    response.headers["Content-Security-Policy"] = _POLICY
    return response
