"""Scripts and styles: their addresses, by which a browser keeps versions apart, and answers there.

A script imports others by relative addresses, so that the version stands in the path: whatever is
below it belongs together, and may be kept for ever. An address without a version works as well; a
module there hands on the one with it, as two copies of a module would know nothing of each other.

They are the same for everybody, and sent compressed. Our pages are not: they hold tokens beside
words of their address, and the length of the two together tells a token to whoever can watch and
try again (BREACH, CVE-2013-3587).
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePath

from portalkey.web import headers
from portalkey.web.http import WebResponse

STATIC_FOLDER = Path(__file__).with_name("static")
STATIC_PATH = "/auth/hubspot/static"
"""Scripts and styles: where they are, and the path that a skin serves them at."""

_EXPORT = re.compile(r"^export ", re.MULTILINE)
# Not the system's own list, in which a script may be anything.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
}

_CODING = re.compile(r"(?:^|,)\s*([\w*-]+)\s*(?:;\s*q=([01](?:\.\d*)?)\s*)?(?=,|$)")
"""A coding and its weight; what cannot be read is left out."""


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


def answer_static(
    name: str, version: str | None, accepted: str | None = None, known: str | None = None
) -> WebResponse | None:
    """Return the file *name*; None where there is none.

    *version* is the one in the address, *accepted* ``Accept-Encoding``, *known* ``If-None-Match``.
    Whoever asks for a range gets the whole, as HTTP allows.
    """
    if name not in read_files():
        return None
    content = (hand_on(name) if version is None else None) or read_files()[name]
    packed = _pack(content) if _takes_gzip(accepted or "") else None
    # Another encoding is another representation (RFC 9110 section 8.8.3.3).
    etag = f'"{static_version()}{"-gzip" if packed else ""}"'
    answer = WebResponse(200, {**_choose_headers(version), "ETag": etag}, packed or content)
    if _is_known(etag, known or ""):
        return WebResponse(304, answer.headers)
    encoding = {"Content-Encoding": "gzip"} if packed else {}
    kind = _TYPES.get(PurePath(name).suffix, "application/octet-stream")
    return answer.with_headers({"Content-Type": kind, **encoding})


def _choose_headers(version: str | None) -> Mapping[str, str]:
    """Return the headers of a file that was asked for by *version*, or by none.

    While a new portalkey takes an old one's place, one is asked for the other's files: it gives its
    own, and nobody keeps them under that address.
    """
    kept = {static_version(): "public, max-age=31536000, immutable", None: "no-cache"}
    return {
        **headers.STATIC,
        "Cache-Control": kept.get(version, "no-store"),
        "Vary": "Accept-Encoding",
    }


@cache
def _pack(content: bytes) -> bytes | None:
    """Return *content* in gzip's format, the same in every process; None where that is no smaller.

    All 15 files take 1.5 ms together, so that no wheel has to hold each of them twice.
    """
    packed = gzip.compress(content, 9, mtime=0)
    return packed if len(packed) < len(content) else None


def _takes_gzip(accepted: str) -> bool:
    """Return True where *accepted* prefers gzip, or has nothing against it (RFC 9110, 12.5.3)."""
    weights = {coding: float(weight or 1) for coding, weight in _CODING.findall(accepted.lower())}
    weight = weights.get("gzip", weights.get("*", 0.0))
    return weight > 0 and weight >= weights.get("identity", 0.0)


def _is_known(etag: str, known: str) -> bool:
    """Return True where *known* names *etag*, whole or weakened by a proxy on the way."""
    names = {each.strip().removeprefix("W/") for each in known.split(",")}
    return bool(names & {etag, "*"})
