"""Names and values of the environment: those in files, and those that are misspelt."""

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values

from portalkey.errors import BadSettings
from portalkey.settings.secret_files import read_secret_file

# A service called "portalkey" makes Kubernetes set the last three in every pod beside it.
_NOT_OURS = re.compile(r"PORTALKEY_(TEST_.*|SERVICE_.*|PORT|PORT_.*)")
_NEAR_MISS = 0.75
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


def misspellings(values: Mapping[str, str], names: set[str | None]) -> Iterator[str]:
    """Yield a sentence for each of *values* that is hardly meant for anybody but us.

    *names* are those of the settings.
    """
    aliases = sorted(filter(None, names))
    hubspots = [name for name in aliases if name.startswith("HUBSPOT_")]
    for name in sorted(values.keys() - names):
        upper = name.upper()
        near: list[str] = []
        if upper.startswith("PORTALKEY_") and not _NOT_OURS.fullmatch(upper):
            near = difflib.get_close_matches(upper, aliases, n=1, cutoff=0)
        elif upper.startswith("HUBSPOT_"):
            # Other programs have names of this kind too. One of ours that is set is not missed.
            unset = [each for each in hubspots if each not in values]
            near = [each for each in unset if _is_near_miss(upper, each)][:1]
        if near:
            yield f"{name} is not a setting; did you mean {near[0]}?"


def _is_near_miss(name: str, alias: str) -> bool:
    # Without the shared prefix, which would make all names look alike.
    pair = name.removeprefix("HUBSPOT_"), alias.removeprefix("HUBSPOT_")
    return difflib.SequenceMatcher(None, *pair).ratio() >= _NEAR_MISS
