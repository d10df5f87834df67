"""``portalkey simulate``: the command of portalkey-simulator, under portalkey's name."""

from portalkey_simulator.cli import simulate

__all__ = ["simulate"]
