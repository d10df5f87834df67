"""The headers of every response, in one place.

Sources: ``Cross-Origin-Opener-Policy`` of every response in a chain decides whether the opener
survives (HTML standard, cross-origin opener policies); ``no-store`` and ``no-referrer`` keep codes
and states out of caches and other people's logs (RFC 9700 section 4.2); the policy allows no
inline script or style, so it holds beside any host's own.
"""

from collections.abc import Mapping, Sequence

_ALWAYS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Cookie, Origin",
}

POPUP: Mapping[str, str] = {
    **_ALWAYS,
    "Cross-Origin-Opener-Policy": "unsafe-none",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
"""Start, callback, done, and every error and redirect among them."""

COMPLETE: Mapping[str, str] = {
    **POPUP,
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": POPUP["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    ),
}
"""Pages of the chain that post a form; with no-referrer it would post "Origin: null"."""

INVITE: Mapping[str, str] = {**COMPLETE, "Referrer-Policy": "strict-origin"}
"""The page of an invitation, which posts a form too, and whose address is nobody's referrer."""


def framed_by(origin: str) -> Mapping[str, str]:
    """Return the headers of the one page that a page at *origin* may frame: HubSpot's.

    The older header can name nobody, and browsers that know the newer one do not look at it.
    """
    policy = COMPLETE["Content-Security-Policy"]
    return {
        **COMPLETE,
        "X-Frame-Options": "",
        "Content-Security-Policy": policy.replace(
            "frame-ancestors 'none'", f"frame-ancestors {origin}"
        ),
    }


SETUP: Mapping[str, str] = {
    **_ALWAYS,
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    # With no-referrer a form posts "Origin: null", which the forgery check refuses.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
}
"""The setup page, which opens the popup, and the one that posts the form to disconnect."""

IN_HOST_LAYOUT: Mapping[str, str] = {
    name: value for name, value in SETUP.items() if name != "Content-Security-Policy"
}
"""The same in the host's own layout, which loads what it needs: its policy is the host's to say."""

CONSOLE: Mapping[str, str] = {
    **_ALWAYS,
    "Cross-Origin-Opener-Policy": "same-origin",
    # As on the setup page: its forms need an origin.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
}
"""The operator's console, which runs no script at all."""

API: Mapping[str, str] = {**_ALWAYS, "Referrer-Policy": "no-referrer"}
"""JSON answers."""

STATIC: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-site",
    "Access-Control-Allow-Origin": "*",
}
"""Scripts and styles, which hold nothing private; a page on another origin may load them."""


def cors(origin: str | None, allowed: Sequence[str]) -> Mapping[str, str]:
    """Return the headers that let a page on another origin read an answer (Fetch standard, CORS).

    The first of *allowed* is the app's own, which needs none of it; the others match exactly.
    """
    if origin is None or origin not in allowed[1:]:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "Retry-After",
    }


PREFLIGHT: Mapping[str, str] = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "X-Portalkey-Token",
    "Access-Control-Max-Age": "600",
}
"""Permissions of such a page, beside what ``cors`` says of it."""

_BY_PATH: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/auth/hubspot/static/", STATIC),
    ("/auth/hubspot/", POPUP),
    ("/api/hubspot/", API),
)


def of_path(path: str, prefix: str = "") -> Mapping[str, str]:
    """Return the headers of any response at *path*, whoever made it: a 404, a 405 or a crash.

    *prefix* is that of a HubSpot app with a name.
    """
    ours = (headers for start, headers in _BY_PATH if path.startswith(f"{prefix}{start}"))
    return next(ours, {})
