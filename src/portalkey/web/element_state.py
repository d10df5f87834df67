"""The attributes of ``<hubspot-connect>`` that say what is connected already."""

from collections.abc import Sequence

from markupsafe import Markup

from portalkey.model.connection import Connection, ConnectionStatus


def render_state(connections: Sequence[Connection]) -> Markup:
    """Return ``data-state`` and ``data-account`` for an owner with these *connections*."""
    attributes = describe_state(connections).items()
    return Markup(" ").join(Markup('{}="{}"').format(*each) for each in attributes)


def describe_state(connections: Sequence[Connection]) -> dict[str, str]:
    """Return the attributes: connected, to be connected again, or none of them."""
    accounts = [each.account.name for each in connections if each.is_authenticated]
    if accounts:
        return {"data-state": "connected", "data-account": ", ".join(accounts)}
    if any(each.status is ConnectionStatus.NEEDS_RECONNECT for each in connections):
        return {"data-state": "needs_reconnect"}
    return {}
