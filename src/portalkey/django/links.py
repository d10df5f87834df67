"""The link into the journey, its state, and the sign-out, for a site's own pages and views."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from markupsafe import Markup

# ruff: noqa: PLC0415 - with these come the settings, the store and the wire

LINK_KEY = "portalkey.has_link"
"""The key in ``request.META`` of a page that has our link; our middleware looks for it."""


def hubspot_connect_url(
    request: HttpRequest,
    next: str | None = None,  # noqa: A002
    hub_id: int | None = None,
    *,
    another: bool = False,
    scopes: Iterable[str] = (),
    name: str = "",
) -> str:
    """Return the link into the journey for whoever sent *request*.

    Args:
        request: The request whose page the link is for.
        next: The own path to lead back to where no popup is used; the setup page by default.
            Never pass on a visitor's query parameter.
        hub_id: The account that has to come back, to reconnect just that one.
        another: The link says "Connect another account": nothing is asked of one that is new.
        scopes: Scopes to ask for beyond the settings', such as ``ScopesMissing.scopes``. They are
            signed with the link, and asked for again whenever this account is reconnected.
        name: The HubSpot app, where ``PORTALKEY`` has several.

    Raises:
        LookupError: There is no HubSpot app of this name.
        ValueError: *next* is not a path on this site, or *scopes* are none of HubSpot's.
    """
    from portalkey.django.current import answering
    from portalkey.django.site import site_of

    site = site_of(name)
    request.META[LINK_KEY] = True
    with answering(request):
        visitor, _ = site.visitors.identify(request)
        return site.router.connect_url(
            visitor.owner, visitor.browser, next, hub_id, another=another, scopes=scopes
        )


def hubspot_connect_state(request: HttpRequest, name: str = "") -> "Markup":
    """Return ``data-state`` and ``data-account`` for the element: what is connected.

    Nothing where nothing is, or nobody is signed in. *name* is the HubSpot app, where there are
    several.
    """
    from portalkey.django.site import site_of

    site = site_of(name)
    visitor, _ = site.visitors.identify(request)
    return site.router.connect_state(visitor.owner)


def hubspot_static(name: str, app: str = "") -> str:
    """Return the address of our file *name*, such as ``connect.js``, with its version in it.

    *app* is the name of the HubSpot app that serves it, where there are several.
    """
    from portalkey.django.site import site_of
    from portalkey.web.static_files import static_address

    return f"{site_of(app).broker.settings.mount}{static_address(name)}"


def forget_browser(request: HttpRequest) -> None:
    """Forget what belongs to whoever was signed in to the session of *request*.

    Attempts under way can then not be finished in it, and its forms and links hold no more. With
    Django's own ``login()`` and ``logout()`` it happens by itself.
    """
    from portalkey.django.visitors import session_of
    from portalkey.web.host import forget_sign_in

    forget_sign_in(session_of(request))


def allow_staff(request: HttpRequest) -> str | None:
    """Return the name of a member of the staff; for ``console_allow`` where all of them may."""
    user = getattr(request, "user", None)
    if user is None or not user.is_active or not getattr(user, "is_staff", False):
        return None
    return str(user.get_username())


def forget_at_sign_out(request: HttpRequest | None, **signed_out: object) -> None:
    """Leave nothing of ours in a session that somebody signs out of."""
    del signed_out
    if hasattr(request, "session"):
        forget_browser(request)


def forget_at_sign_in(request: HttpRequest | None, **signed_in: object) -> None:
    """Forget whoever was signed in before, if somebody else is by now; in doubt, too."""
    from portalkey.django.site import all_sites

    del signed_in
    if not hasattr(request, "session"):
        return
    try:
        for each in all_sites():
            if not each.visitors.is_new(request):
                each.visitors.forget_another(request)
    except Exception:  # noqa: BLE001 - a sign-in goes on whatever the site's function meets
        forget_browser(request)
