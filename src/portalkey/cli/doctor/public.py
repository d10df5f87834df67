"""Checks of the app at its public address: what proxies and middleware make of our answers."""

import re
from collections.abc import Iterator
from contextlib import suppress
from http.cookies import CookieError, Morsel, SimpleCookie
from pathlib import Path

from portalkey.cli.doctor.browser import Page, Visit
from portalkey.cli.doctor.front import find_front, is_ours
from portalkey.model.findings import Finding, ok, problem, unknown, warning
from portalkey.settings.settings import Settings
from portalkey.web.headers import POPUP
from portalkey.web.routes import PAGES, SETUP
from portalkey.web.static_files import STATIC_FOLDER, STATIC_PATH

LONG = 4000
"""Characters of a code that HubSpot may send, and bytes of the cookies that a session may have."""

_SCRIPT = "connect.js"
_CALLBACK, _REFUSED = (
    next(each.path for each in PAGES if each.name == name) for name in ("callback", "refused")
)
_LAYOUT = re.compile(rb'<meta name="portalkey-layout" content="([a-z ]+)">')
_NOTHING = Page(0, (), b"")
_SEEN = 200
_GONE, _NOT_TAKEN = frozenset({404, 405}), frozenset({400, 413, 414, 431, 494, 502})
_HEADERS = ("cross-origin-opener-policy", "content-security-policy", "cache-control")
_FINE = frozenset({None, "unsafe-none", "same-origin-allow-popups"})
_OPEN = (
    "Open the addresses that people without a login need (docs/servers.md, a proxy that signs "
    "people in), or run doctor where PORTALKEY_PUBLIC_URL leads to the app without the sign-in."
)
_UNSEEN_SECURE = (
    "With portalkey serve nothing has to be set. In an app of your own, set "
    "SESSION_COOKIE_SECURE = True, or https_only=True in Starlette, and look for "
    "session_not_secure in the app's log, which has it where that is missing."
)


def check_public(settings: Settings, visit: Visit) -> Iterator[Finding]:
    """Yield what a browser meets at the app's public address, by way of *visit*."""
    base = f"{settings.public_url}{settings.mount}"
    try:
        page = visit(f"{settings.mount}{_REFUSED}")
    except OSError as error:
        yield _unreachable(settings.public_url, error)
        yield unknown("headers", "The app's pages were not looked at.")
        return
    if front := find_front(page, settings.mount):
        yield unknown("mount", f"{base}{_REFUSED}: {front}.", _OPEN)
        yield unknown("headers", "The app's pages were not looked at.")
        return
    if page.status in _GONE or page.header("content-security-policy") is None:
        yield problem(
            "mount",
            f"{base}{_REFUSED} is not a page of portalkey's (status {page.status}).",
            "Start the app, compare HUBSPOT_REDIRECT_URI with the path that it is mounted at, and "
            "let the proxy hand that path on.",
        )
        return
    yield ok("mount", f"portalkey's pages are at {base}.")
    yield from check_headers(page)
    yield check_layout(page)
    for check in (_check_setup, _check_script, _check_address, _check_cookies):
        try:
            yield from check(settings, visit)
        except OSError as error:
            yield _unreachable(settings.public_url, error)


def _unreachable(origin: str, error: OSError) -> Finding:
    what = f"{origin} does not answer from here ({type(error).__name__})"
    if verdict := getattr(error, "verify_message", None):
        what = f"The certificate of {origin} cannot be trusted ({verdict})"
    to_do = "Open it in a browser; where only this machine cannot, run doctor on another."
    return problem("public_url", f"{what}.", to_do)


def check_headers(page: Page) -> Iterator[Finding]:
    """Yield each header of a popup's *page* that something laid another on."""
    ours = {name.lower(): value for name, value in POPUP.items()}
    differing = [name for name in _HEADERS if page.header(name) != ours[name]]
    for name in differing:
        yield problem(
            "headers",
            f'On the pages of the popup, {name} is "{page.header(name)}" as a browser gets it, and '
            f'"{ours[name]}" as portalkey sends it.',
            f"Leave /auth/hubspot/ out of whatever sets {name}: a proxy, or an extension of the "
            "app that runs after portalkey's.",
        )
    if not differing:
        yield ok("headers", "The popup's pages arrive with portalkey's own headers.")


def check_layout(page: Page) -> Finding:
    """Tell what the app's own layout lacks for ours, as a *page* of ours says it."""
    said = _LAYOUT.search(page.body)
    if said is None:
        return ok(
            "layout", "The app's base_template, if it names one, has the blocks that are needed."
        )
    return problem(
        "layout",
        f"The template that base_template names {said[1].decode()}, so the setup page is shown in "
        "portalkey's own layout.",
        "Name a template of the app's that has the blocks title, head and content.",
    )


def _check_setup(settings: Settings, visit: Visit) -> Iterator[Finding]:
    page = visit(f"{settings.mount}{SETUP[0].path}")
    front = find_front(page, settings.mount)
    if page.status != _SEEN or front is not None:
        what = front or f"it is answered with status {page.status} to whoever is not signed in"
        yield unknown("opener_policy", f"The setup page was not seen: {what}.")
        if front is not None or not is_ours(page):
            page = _NOTHING  # whose cookies are none of the app's
        yield from check_session_cookies(page, is_secure=settings.is_secure, mount=settings.mount)
        return
    policy = page.header("cross-origin-opener-policy")
    if policy in _FINE:
        yield ok("opener_policy", "The setup page may open a popup and hear from it.")
    else:
        yield warning(
            "opener_policy",
            f'The setup page has Cross-Origin-Opener-Policy "{policy}", which cuts popups off.',
            "Send same-origin-allow-popups on pages with the button; portalkey goes on by other "
            "channels, more slowly.",
        )
    yield from check_session_cookies(page, is_secure=settings.is_secure, mount=settings.mount)


def check_session_cookies(page: Page, *, is_secure: bool, mount: str) -> Iterator[Finding]:
    """Yield what is wrong with a cookie that *page* sets, and that nothing is known where none is.

    The doctor has no session, and most apps set their cookie only once somebody has signed in.
    """
    cookies = list(_cookies_of(page))
    troubles = [
        trouble
        for name, morsel in cookies
        for trouble in _troubles_of(name, morsel, is_secure=is_secure, mount=mount)
    ]
    if troubles:
        to_do = (
            "Set SESSION_COOKIE_SECURE and SESSION_COOKIE_PATH, or their like, in an app of your "
            "own; portalkey serve takes both from PORTALKEY_PUBLIC_URL and HUBSPOT_REDIRECT_URI."
        )
        yield problem("cookies", f"Of the cookies that are set, {'; '.join(troubles)}.", to_do)
    elif cookies:
        names = ", ".join(sorted({name for name, _ in cookies}))
        over = ", and over TLS only" if is_secure else ""
        yield ok(
            "cookies", f"Cookies that came without a session ({names}) go to the callback{over}."
        )
    else:
        yield unknown(
            "cookies",
            "The session's cookie was not seen: the app sets none before somebody has signed in.",
            _UNSEEN_SECURE if is_secure else "",
        )


def _cookies_of(page: Page) -> Iterator[tuple[str, Morsel[str]]]:
    for line in page.all("set-cookie"):
        cookie: SimpleCookie = SimpleCookie()
        with suppress(CookieError):
            cookie.load(line)
            yield from cookie.items()


def _troubles_of(name: str, morsel: Morsel[str], *, is_secure: bool, mount: str) -> Iterator[str]:
    if is_secure and not morsel["secure"]:
        yield f"{name} goes over http as well (no Secure)"
    if not f"{mount}/auth/hubspot/".startswith(morsel["path"] or "/"):
        yield f"{name} is for {morsel['path']}, and never comes to the callback"


def _check_script(settings: Settings, visit: Visit) -> Iterator[Finding]:
    page = visit(f"{settings.mount}{STATIC_PATH}/{_SCRIPT}")
    kind = page.header("content-type") or "no type"
    if page.status == _SEEN and "javascript" in kind:
        yield ok("script", f"{_SCRIPT} is served, as a script.")
        return
    if front := find_front(page, settings.mount):
        yield unknown("script", f"{_SCRIPT} was not seen: {front}.", _OPEN)
        return
    yield problem(
        "script",
        f"{STATIC_PATH}/{_SCRIPT} has status {page.status} and {kind}: no button works.",
        f"Let the proxy hand /auth/hubspot/ on to the app, or serve {Path(STATIC_FOLDER).name}/ "
        "from portalkey's own folder.",
    )


def _check_address(settings: Settings, visit: Visit) -> Iterator[Finding]:
    page = visit(f"{settings.mount}{_CALLBACK}?state=doctor&code={'x' * LONG}")
    if page.status in _NOT_TAKEN:
        yield problem(
            "long_address",
            f"A callback with a code of {LONG} characters is answered with {page.status}.",
            "Raise the limit of an address: large_client_header_buffers 4 16k in nginx, "
            "LimitRequestLine in Apache, --limit-request-line in gunicorn.",
        )
    elif is_ours(page) and find_front(page, settings.mount) is None:
        yield ok("long_address", "A callback with a long code arrives.")
    else:
        yield unknown("long_address", _tell_other("A callback with a long code", page), _OPEN)


def _check_cookies(settings: Settings, visit: Visit) -> Iterator[Finding]:
    page = visit(f"{settings.mount}{_REFUSED}", {"Cookie": f"portalkey_doctor={'x' * LONG}"})
    if page.status in _NOT_TAKEN:
        yield problem(
            "long_cookies",
            f"{LONG} bytes of cookies are answered with {page.status}.",
            "Raise the limit of headers: large_client_header_buffers 4 16k and "
            "proxy_buffer_size 16k in nginx, LimitRequestFieldSize in Apache, buffer-size = 32768 "
            "in uWSGI.",
        )
    elif is_ours(page) and find_front(page, settings.mount) is None:
        yield ok("long_cookies", "A session's cookie of 4 KB arrives.")
    else:
        yield unknown("long_cookies", _tell_other("A cookie of 4 KB", page), _OPEN)


def _tell_other(what: str, page: Page) -> str:
    return f"{what} was answered by something else than portalkey (status {page.status})."
