"""Label of a process: its name in counters of who took a token."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from portalkey.settings.validators import text

_LABEL = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_ELSE = re.compile(r"[^A-Za-z0-9_.@-]+")
_UNKNOWN = "python"


def label(value: object) -> str:
    """Return the label, which goes into the ids of counters."""
    name = text(value)
    if not _LABEL.fullmatch(name):
        raise ValueError("must be 1 to 64 letters, digits, dots, dashes, underscores or @")
    return name


def program_label() -> str:
    """Return the label of this process where the operator names none: the program's name."""
    return program_name(sys.argv)


def program_name(argv: Sequence[str]) -> str:
    """Return the program's name, such as ``gunicorn``; a package is called like its folder."""
    path = Path(next(iter(argv), ""))
    name = path.parent.name if path.name == "__main__.py" else path.name
    name = _ELSE.sub("-", name.removesuffix(".py")).strip("-")
    return name[:64] or _UNKNOWN
