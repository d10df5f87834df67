"""Settings of the standalone app, which no app of one's own needs."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import SecretStr

from portalkey.errors import BadSettings
from portalkey.settings import environment

LogFormat = Literal["text", "json"]

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_TOKEN = re.compile(r"[\x21-\x7E]{16,512}")


def _log_format(value: str) -> LogFormat:
    formats: Mapping[str, LogFormat] = {"text": "text", "json": "json"}
    if value not in formats:
        raise ValueError("must be text or json")
    return formats[value]


def _log_level(value: str) -> int:
    if value.upper() not in _LEVELS:
        raise ValueError(f"must be one of {', '.join(_LEVELS).lower()}")
    return int(logging.getLevelNamesMapping()[value.upper()])


def _metrics_token(value: str) -> SecretStr:
    if not _TOKEN.fullmatch(value):
        raise ValueError("must be 16 to 512 visible characters without a space between them")
    if find_spec(_METRICS) is None:
        raise ValueError("needs pip install 'portalkey[metrics]'")
    return SecretStr(value)


def _console_password(value: str) -> SecretStr:
    if not _LEAST_PASSWORD <= len(value) <= _MOST_PASSWORD:
        raise ValueError(f"must have {_LEAST_PASSWORD} to {_MOST_PASSWORD} characters")
    return SecretStr(value)


def _owner_header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise ValueError("must be the name of a header, such as X-Forwarded-User")
    return value


def _proxies(value: str) -> tuple[str, ...]:
    networks = value.replace(",", " ").split()
    for each in networks:
        try:
            ip_network(each)
        except ValueError:
            raise ValueError(
                f"names {each}, which is no address such as 10.0.0.7 and no network such as "
                "10.0.0.0/24"
            ) from None
    return tuple(networks)


_METRICS = "prometheus_client"
_LEAST_PASSWORD, _MOST_PASSWORD = 12, 512

_READERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "PORTALKEY_LOG_FORMAT": ("log_format", _log_format),
    "PORTALKEY_LOG_LEVEL": ("log_level", _log_level),
    "PORTALKEY_CONSOLE_PASSWORD": ("console_password", _console_password),
    "PORTALKEY_METRICS_TOKEN": ("metrics_token", _metrics_token),
    "PORTALKEY_OWNER": ("owner", str),
    "PORTALKEY_OWNER_HEADER": ("owner_header", _owner_header),
    "PORTALKEY_TRUSTED_PROXIES": ("trusted_proxies", _proxies),
}
NAMES = frozenset(_READERS)


def read_log_settings(
    env_file: str | Path | None, environ: Mapping[str, str]
) -> tuple[LogFormat, int] | None:
    """Return form and least level of the log; None where neither is set.

    For the worker, which obeys none of the others.

    Raises:
        BadSettings: One is none that there is.
    """
    names = ("PORTALKEY_LOG_FORMAT", "PORTALKEY_LOG_LEVEL")
    values = environment.read_all(env_file, environ)
    chosen = {name: values[name] for name in names if name in values}
    if not chosen:
        return None
    settings = StandaloneSettings.from_env(None, chosen)
    return settings.log_format, settings.log_level


def attribute_of(name: str) -> str:
    """Return the attribute of ``StandaloneSettings`` that the variable *name* sets."""
    return _READERS[name][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandaloneSettings:
    """The operator's settings of the standalone app."""

    log_format: LogFormat = "text"
    """Form of the lines of the log: ``text``, or ``json`` for a collector."""
    log_level: int = logging.INFO
    """Least level that is logged: ``debug``, ``info``, ``warning`` or ``error``."""
    metrics_token: SecretStr | None = field(default=None, repr=False)
    """Token that opens ``/metrics``, 16 to 512 characters; without one there is no such page."""
    console_password: SecretStr | None = field(default=None, repr=False)
    """Password of the console, 12 to 512 characters; without one there is no console."""
    owner: str = ""
    """The one owner of a tool for one person; without it or a header, each session is an owner."""
    owner_header: str = ""
    """Header in which a proxy names the owner, such as ``X-Forwarded-User``."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose word on the owner is taken; needed with the header."""

    @classmethod
    def from_env(cls, env_file: str | Path | None, environ: Mapping[str, str]) -> Self:
        """Read the settings from *environ*, or else from *env_file*; a blank one counts as unset.

        Raises:
            BadSettings: With all problems together.
        """
        values = environment.read_all(env_file, environ)
        problems, found = [], {}
        for name, (field_name, read) in _READERS.items():
            try:
                if name in values:
                    found[field_name] = read(values[name].strip())
            except ValueError as problem:
                problems.append(f"{name} {problem}.")
        together = _find_problem(values.keys() & NAMES)
        if problems or together:
            raise BadSettings([*problems, *filter(None, [together])])
        return cls(**found)


def _find_problem(names: set[str]) -> str | None:
    """Return what is wrong with the settings of these *names* together."""
    header, proxies = "PORTALKEY_OWNER_HEADER", "PORTALKEY_TRUSTED_PROXIES"
    if header in names and proxies not in names:
        return (
            f"{header} needs {proxies}, the address of whoever sends it; otherwise every visitor "
            "could say who they are."
        )
    if proxies in names and header not in names:
        return f"{proxies} is of no use without {header}; set that too, or neither."
    if header in names and "PORTALKEY_OWNER" in names:
        return f"PORTALKEY_OWNER and {header} both say who visitors are; keep one of them."
    return None
