"""Processes at work on one config file, forked from one that has it open.

``python configfile_work.py crowd PATH`` lets eight write at once; ``... kills PATH KILLS SEED``
kills one after another at a random moment. What came of it is printed as JSON.
"""

import json
import os
import random
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from portalkey.model.connection import ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.testing.samples import connect, load
from portalkey.vault.json_file import format as file_format
from portalkey.vault.json_file.store import ConfigFileStore
from portalkey.vault.snapshot import Snapshot

PROCESSES, ROUNDS = 8, 3


@dataclass
class Tally:
    """What became of so many *kills*: writes that were told to be done and are *lost*, files that
    are *torn*, halves of a write without the other; and in how many a write was under way.
    """

    kills: int = 0
    writes: int = 0
    lost: int = 0
    torn: int = 0
    halves: int = 0
    midway: int = 0


def fork(work: Callable[[], object]) -> int:
    """A child at *work*; its process id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - nothing may get back into the parent's loop
        traceback.print_exc()
    finally:
        os._exit(status)


def crowd(path: Path) -> object:
    """Eight processes that write all they have at once; how each ended."""
    store = ConfigFileStore(path)
    start, starting = os.pipe()

    def write(number: int) -> None:
        os.close(starting)
        os.read(start, 1)  # until the parent closes it
        for round_ in range(ROUNDS):
            owner = f"{number}-{round_}"
            connect(store, owner=owner)
            store.record(Event(EventName.CONNECTED, owner=owner))

    children = [fork(lambda number=number: write(number)) for number in range(PROCESSES)]  # type: ignore[misc]
    os.close(starting)
    return [os.waitpid(child, 0)[1] for child in children]


def kills(path: Path, number: str, seed: str) -> object:
    """So many processes, each killed while it writes; the ``Tally``."""
    chance, tally = random.Random(int(seed)), Tally()  # noqa: S311 - no secret
    store = ConfigFileStore(path)
    connect(store, owner="ada")
    for _ in range(int(number)):
        acked = killed(store, chance)
        outcomes(tally, path, acked)
        if tally.torn:
            break
    return asdict(tally)


def killed(store: ConfigFileStore, chance: random.Random) -> int:
    """The last generation that a process was told to be kept before it was killed.

    It dies after its first write, at any moment of the next one or so.
    """
    (first,) = store.connections("ada", "app")
    told, telling = os.pipe()

    def write() -> None:
        seen = first
        while True:
            following = replace(seen, generation=seen.generation + 1)
            event = Event(EventName.REFRESHED, "ada", facts={"number": following.generation})
            known = dict.fromkeys(ConnectionStatus, event)
            assert store.renew(following, instead_of="fingerprint 1", tell=known.get)
            os.write(telling, struct.pack("I", following.generation))
            seen = load(store, following)

    began, child = time.monotonic(), fork(write)
    os.close(telling)
    with os.fdopen(told, "rb") as pipe:
        heard = pipe.read(4)
        time.sleep(chance.uniform(0, time.monotonic() - began))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        heard += pipe.read()
    return int(struct.unpack("I", heard[-4:])[0])


def outcomes(tally: Tally, path: Path, acked: int) -> None:
    """Count what the file and its good copy are after one kill."""
    tally.kills += 1
    try:
        kept, _ = (file_format.read(each.read_bytes()) for each in beside(path))
    except file_format.Wrong:
        tally.torn += 1
        return
    (row,) = kept.connections
    tally.lost += row.generation < acked
    tally.halves += not is_whole(kept, row.generation)
    tally.midway += path.with_name(f"{path.name}.new").exists() or row.generation > acked
    tally.writes = row.generation


def beside(path: Path) -> tuple[Path, Path]:
    """The file and its good copy."""
    return path, path.with_name(f"{path.name}.good")


def is_whole(kept: Snapshot, generation: int) -> bool:
    """Whether every generation has its event, and the last one is the row's."""
    numbers = [1, *(each.facts["number"] for each in kept.events if each.facts)]
    return numbers[-1] == generation and numbers[-1000:] == list(
        range(max(1, generation - len(numbers[-1000:]) + 1), generation + 1)
    )


if __name__ == "__main__":
    work: Callable[..., object] = globals()[sys.argv[1]]
    print(json.dumps(work(Path(sys.argv[2]), *sys.argv[3:])))  # noqa: T201 - for the test
