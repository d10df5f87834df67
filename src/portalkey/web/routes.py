"""Table of routes, which every skin registers with its framework."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """One route; parts of the path in braces are the request's arguments."""

    name: str
    method: str
    path: str


SETUP = (
    Route("setup", "GET", "/connections/setup"),
    Route("leave", "GET", "/connections/setup/{connection_id}/disconnect"),
)
INSTALLS = (
    Route("install", "GET", "/auth/hubspot/install"),
    Route("install_answered", "POST", "/auth/hubspot/install"),
    Route("install_opened", "POST", "/auth/hubspot/install/open"),
)
PAGES = (
    Route("start", "GET", "/auth/hubspot/start"),
    Route("callback", "GET", "/auth/hubspot/callback"),
    Route("complete", "GET", "/auth/hubspot/complete"),
    Route("completed", "POST", "/auth/hubspot/complete"),
    Route("confirm", "GET", "/auth/hubspot/confirm"),
    Route("confirmed", "POST", "/auth/hubspot/confirm"),
    Route("done", "GET", "/auth/hubspot/done"),
    Route("refused", "GET", "/auth/hubspot/refused"),
    Route("invite", "GET", "/auth/hubspot/invite"),
    Route("accept", "POST", "/auth/hubspot/invite"),
    Route("invited", "GET", "/auth/hubspot/invited"),
    *INSTALLS,
)
API = (
    Route("status", "GET", "/api/hubspot/status"),
    Route("connections", "GET", "/api/hubspot/connections"),
    Route("disconnect", "POST", "/api/hubspot/connections/{connection_id}/disconnect"),
    Route("cancel", "POST", "/api/hubspot/attempts/{attempt_id}/cancel"),
    Route("token", "POST", "/api/hubspot/attempts/{attempt_id}/token"),
)
PREFLIGHTS = tuple(Route(f"preflight_{route.name}", "OPTIONS", route.path) for route in API)
"""A browser asks these before a page on another origin may post (Fetch standard, CORS)."""
