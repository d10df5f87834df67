"""The simulator's pages: templates in, responses out."""

from urllib.parse import urlsplit

import jinja2
from flask import Response

from portalkey_simulator.world.switches import Switches

# One for all simulators of a process: a template is compiled once.
_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("portalkey_simulator"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_CSP = "Content-Security-Policy"
# No form-action: Chromium holds it against the redirect that follows a form, and the redirect
# back to the app has to pass. No framing: the real pages are visited in a window of their own.
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def render_page(template: str, *, status: int = 200, **values: object) -> Response:
    """Render *template* with *values*."""
    html = _templates.get_template(template).render(values)
    return Response(html, status, mimetype="text/html")


def redirect(location: str, switches: Switches) -> Response:
    """Redirect to *location*, which may hold a code."""
    # No body: the usual one repeats the location.
    back = Response(status=303, headers={"Location": location})
    return add_opener_policy(back, switches.redirect_opener_policy, switches)


def allow_framing(response: Response, url: str | None = None) -> Response:
    """Allow the page to frame *url*'s origin and what that leads back to; or to be framed.

    Without *url* the page is one that the simulator, and nobody else, shows in a frame.
    """
    if url is None:
        policy = _POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    else:
        parts = urlsplit(url)
        policy = f"{_POLICY}; frame-src 'self' {parts.scheme}://{parts.netloc}"
    response.headers[_CSP] = policy
    return response


def add_opener_policy(response: Response, policy: str | None, switches: Switches) -> Response:
    """Add this ``Cross-Origin-Opener-Policy`` to *response*, or none."""
    if policy is not None:
        suffix = "-Report-Only" if switches.opener_policies_report_only else ""
        response.headers[f"Cross-Origin-Opener-Policy{suffix}"] = policy
    return response


def add_headers(response: Response) -> Response:
    """Add the headers that every answer of the simulator carries."""
    response.headers.setdefault(_CSP, _POLICY)
    response.headers.extend(_HEADERS)
    return response
