"""Signals of what happened to connections and attempts: ``portalkey.events.happened``."""

from portalkey.model.events import Event, EventName, happened

__all__ = ["Event", "EventName", "happened"]
