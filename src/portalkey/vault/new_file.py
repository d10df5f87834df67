"""A new file, for its owner alone, that is there whole or not at all and takes no other's place."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portalkey.errors import StoreUnusable

_THERE = "There is a file {} already, and a backup is written over nothing; name another."
_NOT_WRITTEN = (
    "The backup {} cannot be written ({}); look at its folder, who may write there, and the room "
    "on its disk."
)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield a draft beside *path*, which takes its place as the block ends.

    Where the block raises, or is interrupted, nothing is left.

    Raises:
        StoreUnusable: There is a file of that name, or none can be made.
    """
    if path.exists():
        raise StoreUnusable(_THERE.format(path))
    problem = ""
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
        os.close(number)
        draft = Path(name)
        try:
            yield draft
            _put_in_place(draft, path)
        finally:
            for each in path.parent.glob(f"{draft.name}*"):  # and what SQLite keeps beside it
                each.unlink(missing_ok=True)
    except FileExistsError:
        problem = _THERE.format(path)
    except OSError as error:
        problem = _NOT_WRITTEN.format(path, (error.strerror or "unknown trouble").lower())
    if problem:
        raise StoreUnusable(problem)


def _put_in_place(draft: Path, path: Path) -> None:
    _sync(draft)
    try:
        os.link(draft, path)  # of two at once the second is refused
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        if path.exists():
            raise FileExistsError from None
        draft.replace(path)
    if os.name == "posix":  # Windows opens no folder
        _sync(path.parent)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
