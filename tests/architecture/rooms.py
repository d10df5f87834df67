"""The files that a journey enters as it runs."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any


def rooms_of(journey: Callable[[], Any], package: Path) -> list[str]:
    """Run *journey*, and return the Python files of *package* that it entered, in order."""
    root, ours = f"{package}/", f"{package}/testing/"
    rooms: dict[str, None] = {}

    def enter(frame: FrameType, event: str, _: Any) -> None:
        path = frame.f_code.co_filename
        # The tests' own clock stands in the package too.
        is_room = path.startswith(root) and path.endswith(".py") and not path.startswith(ours)
        if event == "call" and is_room:
            rooms[path.removeprefix(root)] = None

    threading.setprofile(enter)
    sys.setprofile(enter)
    try:
        journey()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return list(rooms)
