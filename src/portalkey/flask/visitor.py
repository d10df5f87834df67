"""This request's visitor: an owner id in an app that has no users of its own, and the sign-out."""

from flask import has_request_context, session

from portalkey.errors import NoSession

EXTENSION = "portalkey"
"""The key in ``app.extensions`` of the app's router and its visitors."""
APPS = "portalkey_apps"
"""The key in ``app.extensions`` of the same for each HubSpot app, by its name."""
SIGNED_VIEW = "portalkey_is_signed"
"""The attribute of views that only HubSpot's signature opens."""


def visitor() -> str:
    """Return this visitor's owner id; made at the first visit, it lives as long as the session.

    For apps that keep connections in the session: everywhere else an owner has to outlive it.
    """
    # Imported here: a host's module that imports this pays for nothing else.
    from portalkey.web.host import visitor_id  # noqa: PLC0415 - see above

    return visitor_id(session)


def forget_browser() -> None:
    """Forget, at the app's sign-out, what belongs to whoever was signed in to this session.

    Attempts under way can then not be finished in it, its forms and links hold no more, and
    connections that live in the session are gone. With Flask-Login it happens by itself.

    Raises:
        NoSession: There is no request.
    """
    from portalkey.web.host import VISITOR_KEY, forget_sign_in  # noqa: PLC0415 - as above

    if not has_request_context():
        raise NoSession(
            "There is no request here whose browser could be forgotten; call forget_browser() in "
            "the view that signs somebody out."
        )
    forget_sign_in(session)
    session.pop(VISITOR_KEY, None)
