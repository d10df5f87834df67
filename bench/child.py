"""One process of a crowd: ``python -m bench.child KIND THREADS PLACE``, told what to do by lines.

``expire`` and ``nearly_expire`` move its time, ``ask`` makes one call, ``go`` one from each thread
at once. Each line is answered by a line of JSON.
"""

import json
import logging
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module

from bench.askers import Asker
from bench.place import Place


@dataclass(slots=True)
class Found:
    """What a crowd met with: how long each call took, which tokens came, and which errors."""

    seconds: list[float] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    def call(self, asker: Asker) -> None:
        """Ask once."""
        began = time.perf_counter()
        try:
            token = asker.token()
        except Exception as error:  # noqa: BLE001 - whatever a library raises
            self.errors[type(error).__name__] += 1
        else:
            self.tokens[token[:20]] += 1
        self.seconds.append(time.perf_counter() - began)

    def told(self) -> str:
        """As one line of JSON."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def _go(asker: Asker, count: int) -> Found:
    found, barrier = Found(), threading.Barrier(count)

    def ask() -> None:
        barrier.wait()
        found.call(asker)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _told(asker: Asker, count: int, line: str) -> Found:
    if line == "go":
        return _go(asker, count)
    found = Found()
    if line == "ask":
        found.call(asker)
    else:
        getattr(asker, line)()
    return found


def main() -> None:
    """Do as the lines say, until there are no more."""
    logging.disable()  # what goes wrong is counted
    kind, count, place = sys.argv[1:]
    module, _, name = kind.partition(":")
    # No process loads what it does not measure.
    asker: Asker = getattr(import_module(module), name)(Place(**json.loads(place)))
    print("{}", flush=True)
    for line in sys.stdin:
        print(_told(asker, int(count), line.strip()).told(), flush=True)
    asker.close()


if __name__ == "__main__":
    main()
