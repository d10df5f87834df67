"""Scripts and styles: where they are, and the addresses by which a browser keeps versions apart.

A script imports others by relative addresses, so that the version stands in the path: whatever is
below it belongs together, and may be kept for ever. An address without a version works as well; a
module there hands on the one with it, as two copies of a module would know nothing of each other.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

STATIC_FOLDER = Path(__file__).with_name("static")
STATIC_PATH = "/auth/hubspot/static"
"""Scripts and styles: where they are, and the path that a skin serves them at."""

_EXPORT = re.compile(r"^export ", re.MULTILINE)


@cache
def static_version() -> str:
    """Return the version of our scripts and styles: a hash of all of them."""
    hashed = hashlib.sha256()
    for name, content in read_files().items():
        hashed.update(f"{name}\n".encode() + hashlib.sha256(content).digest())
    return hashed.hexdigest()[:12]


@cache
def read_files() -> Mapping[str, bytes]:
    """Return every file by its name, read once in a process: together they have 50 KB."""
    paths = sorted(path for path in STATIC_FOLDER.iterdir() if path.is_file())
    return {path.name: path.read_bytes() for path in paths}


def static_address(name: str) -> str:
    """Return the path of the file *name*, with the version in it."""
    return f"{STATIC_PATH}/v-{static_version()}/{name}"


@cache
def hand_on(name: str) -> bytes | None:
    """Return what the module *name* says at an address without version; None for another file.

    *name* is one of ours: each is remembered.
    """
    content = read_files()[name].decode() if name.endswith(".js") else ""
    if not _EXPORT.search(content):
        return None
    return f'export * from "./v-{static_version()}/{name}";\n'.encode()
