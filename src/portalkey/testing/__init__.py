"""What a store has to promise, as tests: for the stores here, and for one of your own.

Say how your store is made, and pytest does the rest::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, ahead):
            return MyStore(ahead=ahead)
"""

import pytest

_PROMISES = ("attempts", "connections", "contract", "outbox", "samples")
pytest.register_assert_rewrite(*(f"portalkey.testing.{name}" for name in _PROMISES))

from portalkey.testing.contract import StoreContract  # noqa: E402 - rewritten only after that
from portalkey.testing.samples import Ahead  # noqa: E402 - rewritten only after that

__all__ = ["Ahead", "StoreContract"]
