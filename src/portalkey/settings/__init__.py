"""What the operator decided."""

from portalkey.settings.settings import Key, Settings

__all__ = ["Key", "Settings"]
