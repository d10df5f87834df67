"""The standalone app: what ``portalkey serve`` and ``portalkey demo`` run."""
