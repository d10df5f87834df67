"""The owner of connections in an app that has no users of its own."""

from flask import session


def visitor() -> str:
    """Return this visitor's owner id; made at the first visit, it lives as long as the session.

    For apps that keep connections in the session: everywhere else an owner has to outlive it.
    """
    # Imported here: a host's module that imports this pays for nothing else.
    from portalkey.web.http import visitor_id  # noqa: PLC0415 - see above

    return visitor_id(session)
