"""Values of the environment, those in files among them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values

from portalkey.errors import BadSettings
from portalkey.settings.secret_files import read_secret_file

_IN_FILES = {
    "HUBSPOT_CLIENT_SECRET": "the client secret",
    "PORTALKEY_DATABASE_URL": "the address of the database",
    "PORTALKEY_PROXY_URL": "the address of the proxy",
}
"""Settings that hold a secret and can also be named by a file of it, beside the keys."""


def read_all(env_file: str | Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what stands in *env_file* and in *environ*, which wins; what is blank is left out.

    Raises:
        BadSettings: The file is not text.
    """
    # Without interpolation, as a secret may hold a $.
    try:
        stored = dotenv_values(env_file, interpolate=False) if env_file is not None else {}
    except UnicodeDecodeError:
        stored = None
    if stored is None:  # raised out here, as the original error quotes the file
        raise BadSettings([f"{env_file} is not UTF-8 text; save it as such."])
    values = {**stored, **environ}
    return {name: value for name, value in values.items() if value and not value.isspace()}


def read_files(values: dict[str, str]) -> Iterator[str]:
    """Put what is in the files of ``NAME_FILE`` in the place of ``NAME``; yield the problems."""
    for name, should_hold in _IN_FILES.items():
        path = values.pop(f"{name}_FILE", None)
        if path is None:
            continue
        if name in values:
            yield f"{name} and {name}_FILE are both set; keep one of them."
            continue
        try:
            values[name] = read_secret_file(Path(path), should_hold=should_hold)
        except ValueError as problem:
            yield f"{name}_FILE {problem}."
