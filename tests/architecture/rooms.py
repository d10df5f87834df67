"""The files that a journey enters as it runs."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any


def rooms_of(journey: Callable[[], Any], package: Path) -> list[str]:
    """Run *journey*, and return the Python files of *package* that it entered, in order."""
    root = f"{package}/"
    rooms: dict[str, None] = {}

    def enter(frame: FrameType, event: str, _: Any) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(root) and path.endswith(".py"):
            rooms[path.removeprefix(root)] = None

    threading.setprofile(enter)
    sys.setprofile(enter)
    try:
        journey()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return list(rooms)
