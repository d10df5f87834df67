"""Processes with threads that all ask at once."""

import json
import subprocess
import sys
from collections import Counter
from types import TracebackType
from typing import Any, Self

from bench.askers import Asker
from bench.child import Found
from bench.place import Place


class Crowd:
    """So many *processes* of so many *threads*, each process with an asker of *kind*."""

    def __init__(self, kind: type[Asker], place: Place, processes: int, threads: int) -> None:
        """Start them, and wait until each has an open token."""
        name, told = f"{kind.__module__}:{kind.__name__}", json.dumps(place.told())
        command = [sys.executable, "-m", "bench.child", name, str(threads), told]
        self.processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]
        for process in self.processes:
            assert _line(process) == {}
        self.tell("ask")

    def tell(self, word: str) -> Found:
        """Tell each of them, and gather what they found."""
        self.begin(word)
        return self.gather()

    def begin(self, word: str) -> None:
        """Tell each of them, and do not wait."""
        for process in self.processes:
            assert process.stdin
            process.stdin.write(f"{word}\n")
        for process in self.processes:
            assert process.stdin
            process.stdin.flush()

    def gather(self) -> Found:
        """What all of them found."""
        found = Found()
        for process in self.processes:
            told = _line(process)
            found.seconds += told["seconds"]
            found.tokens += Counter(told["tokens"])
            found.errors += Counter(told["errors"])
        return found

    def kill(self) -> None:
        """End them without a word."""
        for process in self.processes:
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self.processes:
            assert process.stdin
            process.stdin.close()
            process.wait()
            assert process.stdout
            process.stdout.close()


def _line(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout
    told: dict[str, Any] = json.loads(process.stdout.readline())
    return told
