"""A sign-in in front of the app, which answers in its place and lets nobody by."""

from urllib.parse import urlsplit

from portalkey.cli.doctor.browser import Page
from portalkey.web.headers import COMPLETE, POPUP, SETUP

_NO_ENTRY = frozenset({401, 403, 407, 511})
_POLICIES = frozenset(each["Content-Security-Policy"] for each in (POPUP, COMPLETE, SETUP))
_OURS = frozenset({"cookie", "origin"})
"""Names of the headers that all our answers vary by, those in the layout of the app too."""


def is_ours(page: Page) -> bool:
    """Return True for an answer of portalkey's, by its headers: one may have been laid on."""
    if page.header("content-security-policy") in _POLICIES:
        return True
    varies = {each.strip().lower() for each in (page.header("vary") or "").split(",")}
    return varies >= _OURS and page.header("cross-origin-resource-policy") is not None


def find_front(page: Page, mount: str) -> str | None:
    """Return what to say of a *page* that a sign-in in front of the app gave; else None.

    Pages of ours below *mount* lead to one another. A 403 is one of ours, too, and so is the way
    to the sign-in of the app itself, whoever is asked.
    """
    if 300 <= page.status < 400:  # noqa: PLR2004 - as HTTP has it
        goal = urlsplit(page.header("location") or "")
        if not goal.netloc and goal.path.startswith((f"{mount}/auth/hubspot/", f"{mount}/conn")):
            return None
        where = f"{goal.scheme}://{goal.netloc}" if goal.netloc else goal.path
        return f"a sign-in in front of the app answered (status {page.status}, to {where})"
    if page.status in _NO_ENTRY and not is_ours(page):
        return f"a sign-in in front of the app answered (status {page.status})"
    return None
