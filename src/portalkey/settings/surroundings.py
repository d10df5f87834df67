"""Facts about where a process runs, beside its settings: read once, given to who judges them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from dotenv import dotenv_values

from portalkey._support.mounts import read_mounts
from portalkey.errors import PortalkeyError
from portalkey.settings.places import is_container
from portalkey.settings.secret_files import is_for_others

_CGROUPS = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Place that a process runs in.

    ``environ`` are its variables, ``mounts`` what is mounted where. Of the file that the settings
    were read from, ``open_file`` is it where others may read it, ``key_file`` where it has the
    keys.
    """

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    mounts: str = field(default="", repr=False)
    is_container: bool = False
    open_file: Path | None = None
    key_file: Path | None = None

    @classmethod
    def look(
        cls, env_file: str | Path | None = None, environ: Mapping[str, str] = os.environ
    ) -> Self:
        """Look around; *env_file* is what settings were read from, and may be missing."""
        path = Path(env_file) if env_file is not None else None
        return cls(
            environ=environ,
            mounts=read_mounts(),
            is_container=is_container(environ, _read(_CGROUPS)),
            open_file=path if path is not None and is_for_others(path) else None,
            key_file=path if path is not None and _has_keys(path, environ) else None,
        )


def _has_keys(path: Path, environ: Mapping[str, str]) -> bool:
    """Return True where the settings' file has the keys, which the environment may replace."""
    is_replaced = bool(environ.get("PORTALKEY_KEYS", "").strip())
    return not is_replaced and bool(dotenv_values(path, interpolate=False).get("PORTALKEY_KEYS"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An app that serves our pages, as its framework knows it: is it debugged, and its session."""

    is_debug: bool = False
    is_secure: bool = True
    is_httponly: bool = True
    samesite: str | None = "Lax"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Place that a request found the app at, as far as its framework knows.

    ``root`` is the prefix that it is mounted at, and ``session_path`` the path that its session's
    cookie is for. ``session_name`` is that cookie's name, and ``is_session_foreign`` is True where
    one came that this app did not sign. ``trouble`` is why the session cannot have what is ours, or
    why nobody can tell whose it is.
    """

    root: str = ""
    session_name: str = "session"
    session_path: str = "/"
    is_session_foreign: bool = False
    trouble: PortalkeyError | None = None


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
