"""What a process of a test is made with, and what it tells."""

import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portalkey.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """How one process works.

    ``ahead`` is the file of the ``Ahead`` that all of them share; the process's own clock is
    ``clock_off`` seconds off besides. Without ``is_leased`` every lease is given, and none is
    written. The process kills itself at the step ``dies_at``, counted from 0.
    """

    settings: Settings = field(repr=False)
    ahead: Path
    is_leased: bool = True
    dies_at: int | None = None
    clock_off: float = 0.0

    def __reduce__(self) -> tuple[Any, ...]:
        """The settings travel as their values: they refuse it, and these secrets are a test's."""
        values = {name: getattr(self.settings, name) for name in Settings.model_fields}
        rest = (self.ahead, self.is_leased, self.dies_at, self.clock_off)
        return _unpack, (values, *rest)


def _unpack(values: dict[str, Any], *rest: Any) -> Plan:
    return Plan(Settings(**values), *rest)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one caller got: a token or the code of an error, after so many seconds."""

    token: str | None = field(repr=False)
    error: str | None
    seconds: float


class Marks:
    """Numbers in a file that processes share, and that outlives whoever is killed."""

    def __init__(self, file: Path, number: int) -> None:
        if not file.exists():
            file.write_bytes(bytes(8 * number))
        with file.open("r+b") as opened:
            self._shared = memoryview(mmap.mmap(opened.fileno(), 8 * number)).cast("q")

    def __setitem__(self, at: int, value: int) -> None:
        self._shared[at] = value

    def __getitem__(self, at: int) -> int:
        return self._shared[at]


def mark_name(number: int) -> str:
    """The name of the row that belongs to the mark of this *number*."""
    return f"mark {number}"


class Ahead:
    """How many seconds the stores' clocks are ahead, in a file that processes share."""

    def __init__(self, file: Path) -> None:
        self.file = file
        if not file.exists():
            file.write_bytes(struct.pack("d", 0.0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), 8)

    def __call__(self) -> float:
        """What the stores ask for."""
        return self.seconds

    @property
    def seconds(self) -> float:
        """How far ahead."""
        return float(struct.unpack("d", self._shared[:])[0])

    @seconds.setter
    def seconds(self, seconds: float) -> None:
        self._shared[:] = struct.pack("d", seconds)
