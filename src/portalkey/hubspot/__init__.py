"""Requests to HubSpot and the reading of its answers: pure, but for ``client`` and ``deadline``."""
