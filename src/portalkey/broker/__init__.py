"""What an app asks of portalkey."""

from portalkey.broker.broker import Broker

__all__ = ["Broker"]
