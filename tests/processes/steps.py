"""Numbered steps: every call of a store and of HubSpot is one before its effect and one after."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from portalkey.hubspot.http import Request, Response, Send
from portalkey.vault.store import Store

T = TypeVar("T")

BEFORE, AFTER, COMMIT = "before", "after", "commit"
NETWORK = "send"


@dataclass(frozen=True, slots=True)
class Step:
    """One moment: before or after the effect of a call, or just before its commit."""

    number: int
    moment: str
    call: str

    def __str__(self) -> str:
        return f"{self.number} {self.moment} {self.call}"


class Steps:
    """Counts the steps of the thread it was made in, and lets *act* do what it likes at each.

    What a broker does on the side, on threads of its own, comes when it comes.
    """

    def __init__(self, act: Callable[[Step], None] = lambda _: None) -> None:
        self.seen: list[Step] = []
        self._act = act
        self._thread = threading.get_ident()

    def step(self, moment: str, call: str) -> None:
        """One step more."""
        if threading.get_ident() != self._thread:
            return
        step = Step(len(self.seen), moment, call)
        self.seen.append(step)
        self._act(step)

    def around(self, call: str, work: Callable[[], T]) -> T:
        """Do *work*, with a step on either side."""
        self.step(BEFORE, call)
        done = work()
        self.step(AFTER, call)
        return done

    def send(self, send: Send) -> Send:
        """*send*, in steps."""

        def sending(request: Request) -> Response:
            return self.around(NETWORK, lambda: send(request))

        return sending

    def store(self, store: Store) -> Store:
        """*store*, in steps."""
        return cast("Store", _Stepping(store, self))


class _Stepping:
    def __init__(self, store: Store, steps: Steps) -> None:
        self._store = store
        self._steps = steps

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def stepping(*args: Any, **kwargs: Any) -> Any:
            return self._steps.around(name, lambda: method(*args, **kwargs))

        return stepping if callable(method) and name != "close" else method
