"""Answers to whoever asks for a script or a style: compressed, and kept for ever by its version.

These files are the same for everybody. Our pages are not compressed here: they hold tokens beside
words of the address they were asked for by, and the length of the two together tells the token to
whoever can watch and try again (BREACH, CVE-2013-3587). A page has about 4 KB.
"""

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath

from portalkey.web import headers
from portalkey.web.http import WebResponse
from portalkey.web.static_files import hand_on, read_files, static_version

# Not the system's own list, in which a script may be anything.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
}


def answer_static(
    name: str, version: str | None, accepted: str | None = None, known: str | None = None
) -> WebResponse | None:
    """Return the file *name*; None where there is none.

    A range is never cut out of it: whoever asks for one gets the whole, as HTTP allows.

    Args:
        name: The file's name.
        version: The version in the address, where there is one.
        accepted: ``Accept-Encoding``.
        known: ``If-None-Match``.
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

    Of what we have it is called with, each is remembered: 14 files, together in a few milliseconds.
    """
    packed = gzip.compress(content, 9, mtime=0)
    return packed if len(packed) < len(content) else None


def _takes_gzip(accepted: str) -> bool:
    """Return True where *accepted* prefers gzip, or has nothing against it (RFC 9110, 12.5.3)."""
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = _read_weight(weight)
    gzip_weight = weights.get("gzip", weights.get("*", 0.0))
    return gzip_weight > 0 and gzip_weight >= weights.get("identity", 0.0)


def _read_weight(text: str) -> float:
    """Return the weight that *text* gives: 1 without one, 0 where nobody can read it."""
    name, _, value = text.replace(" ", "").partition("=")
    try:
        return float(value) if name == "q" else float(not name)
    except ValueError:
        return 0.0


def _is_known(etag: str, known: str) -> bool:
    """Return True where *known* names *etag*, whole or weakened by a proxy on the way."""
    names = {each.strip().removeprefix("W/") for each in known.split(",")}
    return bool(names & {etag, "*"})
