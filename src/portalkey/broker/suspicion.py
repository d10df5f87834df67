"""Suspicion: what an answer of HubSpot's says against a connection."""

from portalkey.hubspot.account import Introspection
from portalkey.model.connection import Connection
from portalkey.model.events import Fact
from portalkey.model.sweep import Suspicion


def find_suspicion(row: Connection, answer: Introspection) -> Suspicion | None:
    """Return the reason in HubSpot's *answer* to think that *row* has ended, if there is one."""
    if not answer.active:
        return Suspicion.INACTIVE
    is_same = answer.hub_id in {None, row.hub_id}
    return None if is_same else Suspicion.ACCOUNT_MOVED


def moved_facts(suspicion: Suspicion, answer: Introspection) -> dict[str, Fact]:
    """Return what an event says of an account that HubSpot names in the place of ours."""
    if suspicion is not Suspicion.ACCOUNT_MOVED or answer.hub_id is None:
        return {}
    return {"other_hub_id": answer.hub_id}
