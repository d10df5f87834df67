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

from portalkey.web import headers

STATIC_FOLDER = Path(__file__).with_name("static")
STATIC_PATH = "/auth/hubspot/static"
"""Scripts and styles: where they are, and the path that a skin serves them at."""

_EXPORT = re.compile(r"^export ", re.MULTILINE)


@cache
def static_version() -> str:
    """Return the version of our scripts and styles: a hash of all of them."""
    hashed = hashlib.sha256()
    for path in sorted(STATIC_FOLDER.rglob("*")):
        if path.is_file():
            hashed.update(f"{path.name}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()[:12]


def static_address(name: str) -> str:
    """Return the path of the file *name*, with the version in it."""
    return f"{STATIC_PATH}/v-{static_version()}/{name}"


@cache
def hand_on(name: str) -> str | None:
    """Return what the module *name* says at an address without version; None for another file."""
    path = STATIC_FOLDER / name
    if path.suffix != ".js" or path.parent != STATIC_FOLDER or not path.is_file():
        return None
    is_module = _EXPORT.search(path.read_text("utf-8")) is not None
    return f'export * from "./v-{static_version()}/{name}";\n' if is_module else None


def static_headers(version: str | None) -> Mapping[str, str]:
    """Return the headers of a file that was asked for by *version*, or by none.

    While a new portalkey takes an old one's place, one is asked for the other's files: it gives its
    own, and nobody keeps them under that address.
    """
    kept = {static_version(): "public, max-age=31536000, immutable", None: "no-cache"}
    return {**headers.STATIC, "Cache-Control": kept.get(version, "no-store")}
