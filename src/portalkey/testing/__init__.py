"""For tests: what a store has to promise, and pytest fixtures (``portalkey.testing.plugin``).

The promises are for the stores here, and for one of your own. Say how your store is made, and
pytest does the rest::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, ahead):
            return MyStore(ahead=ahead)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portalkey.testing.contract import StoreContract
    from portalkey.testing.samples import Ahead

__all__ = ["Ahead", "StoreContract"]

# Loaded on first use: the plugin lives here too, and every run of pytest loads that.
_HOMES = {"Ahead": "samples", "StoreContract": "contract"}
_PROMISES = ("attempts", "stats", "connections", "contract", "leases", "outbox", "samples")

if not TYPE_CHECKING:  # whoever checks types knows the names, and no others

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import pytest  # noqa: PLC0415 - whoever asks for the promises has it

        pytest.register_assert_rewrite(*(f"{__name__}.{each}" for each in _PROMISES))
        globals()[name] = found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return found
