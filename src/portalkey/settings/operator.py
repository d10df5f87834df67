"""Name of whoever types a command: the audit holds it with what they did."""

import getpass
import os
from collections.abc import Mapping
from pathlib import Path

from portalkey.errors import BadSettings
from portalkey.model.connection import is_owner
from portalkey.settings import environment

MOST_NAME = 80
"""Characters of an operator's name."""
_BAD = f"{environment.OPERATOR} must be a name of at most {MOST_NAME} characters on one line."


def read_operator(env_file: Path, environ: Mapping[str, str]) -> str:
    """Return the operator that *environ* or *env_file* names, or else who is logged in here.

    Raises:
        BadSettings: What is named is no name.
    """
    name = environment.read_all(env_file, environ).get(environment.OPERATOR, "").strip()
    if not name:
        return _find_login(environ)
    if not (is_owner(name) and name.isprintable() and len(name) <= MOST_NAME):
        raise BadSettings([_BAD])
    return name


def _find_login(environ: Mapping[str, str]) -> str:
    """Return the login name of a person: the one behind ``sudo``, where that was used."""
    name = environ.get("SUDO_USER", "")
    if not name:
        try:
            name = getpass.getuser()
        except (KeyError, OSError, ImportError):  # a container's user may have no name
            name = f"uid {os.getuid()}"
    return name[:MOST_NAME] if is_owner(name) and name.isprintable() else "unknown"
