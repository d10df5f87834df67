"""Parser of the operator's keys, written as ``label:key`` in a setting or a file.

Each ``ValueError`` has one argument for every problem, written as the end of a sentence that begins
with the setting's name. A key itself is never quoted.
"""

import base64
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from errno import EINVAL
from itertools import pairwise
from pathlib import Path

from pydantic import SecretStr

KEY_BYTES = 32

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,32}")
_BASE64 = re.compile(r"[A-Za-z0-9_-]+={0,2}")
_TEXT = re.compile(rb"[\x20-\x7E]+")
_DIFFERENT_BYTES = 8
_LONGEST_FILE = 65536
_OTHERS = 0o077

_MAKE = "make one with `portalkey init`"


@dataclass(frozen=True, slots=True)
class Key:
    """A labelled key: 32 random bytes in url-safe base64, as ``Fernet.generate_key()`` prints."""

    name: str
    secret: SecretStr


def parse(text: str) -> tuple[Key, ...]:
    """Return the keys in *text*: ``label:key`` between commas or line ends, the sealing one first.

    Raises:
        ValueError: Some of them cannot be used; each argument is one problem.
    """
    entries = [entry.strip() for entry in re.split(r"[,\n]", text) if entry.strip()]
    return require_usable([_key(entry) for entry in entries])


def require_usable(keys: Sequence[Key]) -> tuple[Key, ...]:
    """Return the *keys* if all of them can be used.

    Raises:
        ValueError: Some of them cannot be used; each argument is one problem.
    """
    problems = tuple(_problems(keys))
    if problems:
        raise ValueError(*problems)
    return tuple(keys)


def read(path: Path) -> tuple[Key, ...]:
    """Return the keys in the file at *path*, which only its owner may be allowed to read.

    Raises:
        ValueError: The file or a key in it cannot be used; each argument is one problem.
    """
    return parse(_private_text(path))


def _key(entry: str) -> Key:
    label, colon, secret = entry.partition(":")
    return Key(label.strip(), SecretStr(secret.strip())) if colon else Key("", SecretStr(entry))


def _private_text(path: Path) -> str:
    try:
        mode, content = _read_start(path)
    except OSError as error:
        trouble = (error.strerror or "it is not readable").lower()
        raise ValueError(
            f"cannot be read ({trouble}); name a file of label:key lines, or {_MAKE}"
        ) from None
    if os.name == "posix" and mode & _OTHERS:
        raise ValueError("names a file that others may read; run `chmod 600` on it")
    if len(content) > _LONGEST_FILE or b"\0" in content:
        raise ValueError("names a file that does not look like keys; put label:key lines into it")
    return content.decode("utf-8", "replace")


def _read_start(path: Path) -> tuple[int, bytes]:
    # Opening a pipe would block until somebody writes into it.
    if path.exists() and not path.is_file():
        raise OSError(EINVAL, "it is not a file")
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_mode, file.read(_LONGEST_FILE + 1)


def _problems(keys: Sequence[Key]) -> Iterator[str]:
    if not keys:
        yield f"holds no key; {_MAKE}, or name a file of keys in PORTALKEY_KEYS_FILE"
    labels: set[str] = set()
    for place, key in enumerate(keys, 1):
        if not _LABEL.fullmatch(key.name):
            yield (
                f"has no usable label at key {place}; write label:key, "
                "the label in 1 to 32 letters, digits, _ and -"
            )
        elif key.name in labels:
            yield f"has the label {key.name} twice; give every key a label of its own"
        if problem := _trouble(key.secret.get_secret_value()):
            yield f"has at key {place} {problem}; {_MAKE}"
        labels.add(key.name)
    if len({key.secret for key in keys}) < len(keys):
        yield "has one key under two labels; leave one of them out"


def _trouble(secret: str) -> str | None:
    raw = _decode(secret)
    if raw is None:
        return "something that is not url-safe base64"
    if len(raw) != KEY_BYTES:
        return f"{len(raw)} bytes in place of {KEY_BYTES}"
    if _is_made_up(raw):
        return "bytes that are not random"
    return None


def _decode(secret: str) -> bytes | None:
    if not _BASE64.fullmatch(secret) or len(secret) % 4:
        return None
    raw = base64.urlsafe_b64decode(secret)
    # The last character has spare bits, so several spellings decode to the same bytes: accept the
    # printed one only.
    return raw if base64.urlsafe_b64encode(raw).decode() == secret else None


def _is_made_up(raw: bytes) -> bool:
    """Return True for bytes that are hardly random: few different ones, a count, or plain text."""
    steps = {(after - before) % 256 for before, after in pairwise(raw)}
    return len(set(raw)) < _DIFFERENT_BYTES or len(steps) == 1 or _TEXT.fullmatch(raw) is not None
