"""Text of a file to import, or of standard input."""

import codecs
import sys
from pathlib import Path

from portalkey.errors import SourceUnusable

STDIN = "-"
"""The source's name where standard input is meant."""
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_NOT_TEXT = (
    "{name} is not UTF-8 text (line {line}). In a spreadsheet, save it anew as “CSV UTF-8”; or "
    "run: iconv -f WINDOWS-1252 -t UTF-8, with the encoding that it has."
)
_NULS = (
    "{name} is UTF-16 text without a mark of its byte order, or no text at all. In a spreadsheet, "
    "save it anew as “CSV UTF-8”; or run: iconv -f UTF-16LE -t UTF-8"
)


def name_of(where: str) -> str:
    """Return how messages call the source at *where*."""
    return "standard input" if where == STDIN else where


def read_text(where: str) -> str:
    """Read the text at the path *where*, or on standard input where that is ``-``.

    UTF-8, and UTF-16 where its first two bytes say so, as spreadsheets write "Unicode text".

    Raises:
        SourceUnusable: It is neither; the message says how to save it anew, and quotes nothing.
        OSError: It cannot be read.
    """
    is_stdin = where == STDIN
    content: bytes = sys.stdin.buffer.read() if is_stdin else Path(where).read_bytes()
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    if encoding != "utf-16" and b"\0" in content:
        raise SourceUnusable(_NULS.format(name=name_of(where)))
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    # Raised out here, as the original error quotes the file.
    raise SourceUnusable(_NOT_TEXT.format(name=name_of(where), line=line))
