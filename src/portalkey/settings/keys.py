"""Parser of the operator's keys, written as ``label:key``.

Each ``ValueError`` has one argument for every problem, written as the end of a sentence that begins
with the setting's name. A key itself is never quoted.
"""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydantic import SecretStr

KEY_BYTES = 32

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,32}")
_BASE64 = re.compile(r"[A-Za-z0-9_-]+={0,2}")
_TEXT = re.compile(rb"[\x20-\x7E]+")
_DIFFERENT_BYTES = 8

MAKE = "make one with `portalkey init`"
"""Advice where there is no usable key."""


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


def _key(entry: str) -> Key:
    label, colon, secret = entry.partition(":")
    return Key(label.strip(), SecretStr(secret.strip())) if colon else Key("", SecretStr(entry))


def _problems(keys: Sequence[Key]) -> Iterator[str]:
    if not keys:
        yield f"holds no key; {MAKE}, or name a file of keys in PORTALKEY_KEYS_FILE"
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
            yield f"has at key {place} {problem}; {MAKE}"
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
