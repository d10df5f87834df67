"""The Broker, and the parts it is made of."""

from portalkey.broker.broker import Broker

__all__ = ["Broker"]
