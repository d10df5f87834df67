"""The simulator's pages: templates in, responses out."""

import jinja2
from flask import Response

from portalkey.simulator.world.switches import Switches

# One for all simulators of a process: a template is compiled once.
_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("portalkey.simulator"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

# No form-action: Chromium holds it against the redirect that follows a form, and the redirect
# back to the app has to pass. No framing: the real pages are visited in a window of their own.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(template: str, *, status: int = 200, **values: object) -> Response:
    """The page of this *template*, filled in with *values*."""
    html = _templates.get_template(template).render(values)
    return Response(html, status, mimetype="text/html")


def under_policy(response: Response, policy: str | None, switches: Switches) -> Response:
    """The *response* with this ``Cross-Origin-Opener-Policy``, or without any."""
    if policy is not None:
        suffix = "-Report-Only" if switches.opener_policies_report_only else ""
        response.headers[f"Cross-Origin-Opener-Policy{suffix}"] = policy
    return response


def with_headers(response: Response) -> Response:
    """The *response* with the headers that every answer of the simulator carries."""
    response.headers.extend(_HEADERS)
    return response
