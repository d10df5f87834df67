"""Event loops of a test's own."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """What *work* returns, in a thread of its own: this one's loop may be Playwright's."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(asyncio.run, work).result()
