"""The operator's settings."""

from portalkey.settings.settings import Key, Settings

__all__ = ["Key", "Settings"]
