"""Who somebody is to an app that has no users of its own."""

import secrets

from flask import session

VISITOR = "portalkey_visitor"
"""The name in the session under which a visitor's id stands."""


def visitor() -> str:
    """This visitor's owner id; it is made at the first visit, and lives as long as the session.

    For apps that keep connections in the session: everywhere else an owner has to outlive it.
    """
    if VISITOR not in session:
        session[VISITOR] = secrets.token_urlsafe(16)
    return str(session[VISITOR])
