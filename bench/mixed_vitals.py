"""What the workers of a server hold: memory, threads, descriptors and sockets."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Vitals:
    """Of all workers together; ``rss_mb`` and ``file_mb`` in megabytes."""

    workers: int
    rss_mb: float
    threads: int
    descriptors: int
    sockets: int
    file_mb: float


def read_vitals(master: int, folder: Path) -> Vitals:
    """Read those of the workers of *master*, and the size of what lies in *folder*."""
    workers = children_of(master)
    links = [link for pid in workers for link in _links(pid)]
    return Vitals(
        workers=len(workers),
        rss_mb=round(sum(_status(pid, "VmRSS") for pid in workers) / 1024, 1),
        threads=sum(_status(pid, "Threads") for pid in workers),
        descriptors=len(links),
        sockets=sum(link.startswith("socket:") for link in links),
        file_mb=round(sum(_size(file) for file in folder.glob("portalkey.db*")) / 1e6, 2),
    )


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes that *pid* started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


def _links(pid: int) -> list[str]:
    found = []
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(file.readlink()))
        except OSError:  # closed meanwhile
            continue
    return found


def _size(file: Path) -> int:
    try:
        return os.stat(file).st_size  # noqa: PTH116 - it may vanish between two looks
    except OSError:
        return 0
