"""For tests: what a store has to promise, and pytest fixtures (``portalkey.testing.plugin``).

The promises are for the stores here, and for one of your own. Say how your store is made, and
pytest does the rest::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, ahead):
            return MyStore(ahead=ahead)
"""

from typing import TYPE_CHECKING

from portalkey._support.lazy import load
from portalkey.errors import LibraryUnusable

if TYPE_CHECKING:
    from portalkey.testing.contract import StoreContract
    from portalkey.testing.parts import running_broker
    from portalkey.testing.samples import Ahead

__all__ = ["Ahead", "StoreContract", "running_broker"]

# Loaded on first use: the plugin lives here too, and every run of pytest loads that.
_HOMES = {"Ahead": "samples", "StoreContract": "contract", "running_broker": "parts"}
_PROMISES = ("attempts", "stats", "connections", "contract", "keys", "leases", "outbox", "samples")

if not TYPE_CHECKING:  # whoever checks types knows the names, and no others

    def __getattr__(name: str) -> object:
        if name in _HOMES:
            try:
                import pytest  # noqa: PLC0415 - an extra, which an app in production is without
            except ImportError as missing:
                raise LibraryUnusable(
                    f"{name} needs pytest; run: pip install 'portalkey[testing]'"
                ) from missing
            pytest.register_assert_rewrite(*(f"{__name__}.{each}" for each in _PROMISES))
        globals()[name] = value = load(__name__, _HOMES, name)
        return value
