"""A request's visitor: an owner id in an app that has no users of its own, and the sign-out."""

from starlette.requests import Request


def visitor(request: Request) -> str:
    """Return this visitor's owner id; made at the first visit, it lives as long as the session.

    For apps in which nobody signs in. Connections outlive it: nobody finds them again afterwards.

    Raises:
        SessionUnusable: The app has no session that can be used.
    """
    # Imported here: a host's module that imports this pays for nothing else.
    from portalkey.fastapi.session import read_session  # noqa: PLC0415 - see above
    from portalkey.web.host import visitor_id  # noqa: PLC0415 - see above

    return visitor_id(read_session(request))


def forget_browser(request: Request) -> None:
    """Forget, at the app's sign-out, what belongs to whoever was signed in to this session.

    Attempts under way can then not be finished in it, and its forms and links hold no more. An app
    that clears the whole session needs nothing of it.

    Raises:
        SessionUnusable: The app has no session that can be used.
    """
    from portalkey.fastapi.session import read_session  # noqa: PLC0415 - as above
    from portalkey.web.host import VISITOR_KEY, forget_sign_in  # noqa: PLC0415 - as above

    session = read_session(request)
    forget_sign_in(session)
    session.pop(VISITOR_KEY, None)
