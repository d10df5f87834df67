"""One way to drive every engine, so that a scenario is written once."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from support.patience import PATIENCE

T = TypeVar("T")


class StillNot(AssertionError):
    """What was waited for did not come."""


class Engine(ABC):
    """One browser, with nothing remembered and its popup blocker on, as people have it.

    A *handle* is what the driver knows a window by. ``passing`` are the errors that the driver
    throws while a page gives way to another.
    """

    name: str
    version: str
    passing: type[Exception]

    @abstractmethod
    def open(self, url: str) -> "Window":
        """A new window on this *url*, opened by the driver and not by a script."""

    @abstractmethod
    def handles(self) -> list[Any]:
        """Every window that is open."""

    @abstractmethod
    def evaluate(self, handle: Any, expression: str) -> Any:
        """The value of a JavaScript *expression* in the page's own world, as JSON has it."""

    @abstractmethod
    def click(self, handle: Any, selector: str) -> None:
        """Click with the pointer, as a person does: scripts may then open a window."""

    @abstractmethod
    def click_twice(self, handle: Any, selector: str) -> None:
        """A double click."""

    @abstractmethod
    def press_enter(self, handle: Any, selector: str) -> None:
        """Focus, and press Enter three times."""

    @abstractmethod
    def reload(self, handle: Any) -> None:
        """Load the page again."""

    @abstractmethod
    def close_window(self, handle: Any) -> None:
        """Close one window, as a person does."""

    @abstractmethod
    def forget(self) -> None:
        """Close every window and forget all cookies."""

    @abstractmethod
    def close(self) -> None:
        """End the browser."""

    @abstractmethod
    def pause(self) -> None:
        """Let a moment pass."""

    def windows(self) -> "list[Window]":
        """Every window that is open."""
        return [Window(self, handle) for handle in self.handles()]

    def opened_by(self, act: Callable[[], None]) -> "Window":
        """The window that this *act* opens."""
        before = self.windows()
        act()
        return self.until(lambda: next((w for w in self.windows() if w not in before), None))

    def close_opened_by(self, act: Callable[[], None]) -> None:
        """Close the window that this *act* opens, which may be blank as its page is late."""
        self.opened_by(act).close()

    def until(self, ask: Callable[[], T | None], seconds: float = PATIENCE) -> T:
        """The first answer that is true.

        Raises:
            StillNot: There was none in so many *seconds*.
        """
        end = time.monotonic() + seconds
        answer: object = None
        while time.monotonic() < end:
            try:
                found = answer = ask()
            except self.passing as trouble:
                answer = trouble
            else:
                if found:
                    return found
            self.pause()
        raise StillNot(f"after {seconds} seconds: {answer!r}")


@dataclass(frozen=True)
class Window:
    """One window of an engine."""

    engine: Engine
    handle: Any

    @property
    def is_listed(self) -> bool:
        """True while the driver has it, whatever its opener believes."""
        return self in self.engine.windows()

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript *expression*, as JSON has it."""
        return self.engine.evaluate(self.handle, expression)

    def text(self, selector: str) -> str:
        """What stands in the first element that *selector* finds."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def wait_for(self, condition: str, seconds: float = PATIENCE) -> None:
        """Wait until this JavaScript expression is true.

        Raises:
            StillNot: It was not in so many *seconds*.
        """
        try:
            self.engine.until(lambda: self.evaluate(condition), seconds)
        except StillNot as still:
            raise StillNot(f"{condition}: {still}") from None

    def wait_until_closed(self) -> None:
        """Wait until it is gone.

        Raises:
            StillNot: It stayed.
        """
        self.engine.until(lambda: not self.is_listed)

    def click(self, selector: str) -> None:
        """Wait for what *selector* finds, and click it."""
        self.wait_for(f"document.querySelector({json.dumps(selector)}) !== null")
        self.engine.click(self.handle, selector)

    def reload(self) -> None:
        """Load its page again."""
        self.engine.reload(self.handle)

    def close(self) -> None:
        """Close it, as a person does."""
        self.engine.close_window(self.handle)
