"""Values of the environment, those in files among them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values

from portalkey.errors import BadSettings
from portalkey.settings.secret_files import read_secret_file

_IN_FILES = {
    "HUBSPOT_CLIENT_SECRET": "the client secret",
    "PORTALKEY_DATABASE_URL": "the address of the database",
    "PORTALKEY_PROXY_URL": "the address of the proxy",
    "PORTALKEY_WEBHOOK_SECRET": "the secrets that webhooks are signed by",
}
"""Settings that hold a secret and can also be named by a file of it, beside the keys."""
FILES = tuple(f"{name}_FILE" for name in _IN_FILES)
"""Names of those files' settings."""
OPERATOR = "PORTALKEY_OPERATOR"
"""The variable that names whoever types a command."""
OF_COMMANDS = frozenset({OPERATOR})
"""Settings that commands alone read."""
LOOKED, LACKS = "What is missing", " is missing;"
"""Beginning of the sentence on where was looked, and words of each about what is missing."""
_NEEDED = frozenset({"HUBSPOT_CLIENT_ID", "HUBSPOT_CLIENT_SECRET"})
"""Settings that have no default, beside the keys."""


PREFIX = "PORTALKEY_ENV_PREFIX"
"""The variable that names the prefix of another HubSpot app's settings."""
_PREFIX = re.compile(r"(?!HUBSPOT_|PORTALKEY_)[A-Z][A-Z0-9][A-Z0-9_]{0,29}_")
_NO_PREFIX = (
    f"{PREFIX} must be capitals, digits and underscores that end in an underscore, such as EU_, "
    "and is none of portalkey's own."
)
_OF_ONE_APP = frozenset(
    {
        "HUBSPOT_CLIENT_ID",
        "HUBSPOT_CLIENT_SECRET",
        "HUBSPOT_CLIENT_SECRET_FILE",
        "HUBSPOT_REDIRECT_URI",
        "HUBSPOT_SCOPES",
        "HUBSPOT_OPTIONAL_SCOPES",
    }
)
"""Settings that are never another HubSpot app's: one with a prefix has its own, or none."""


def read_all(
    env_file: str | Path | None, environ: Mapping[str, str], prefix: str | None = None
) -> dict[str, str]:
    """Return what stands in *env_file* and in *environ*, which wins; what is blank is left out.

    *prefix* is that of a HubSpot app whose settings stand beside another's, as in
    ``EU_HUBSPOT_CLIENT_ID``; where it is None, *environ* may name one. What has no prefix is
    everybody's, but for what is one app's own.

    Raises:
        BadSettings: The file is not text; the prefix cannot be one.
    """
    # Without interpolation, as a secret may hold a $.
    try:
        stored = dotenv_values(env_file, interpolate=False) if env_file is not None else {}
    except UnicodeDecodeError:
        stored = None
    if stored is None:  # raised out here, as the original error quotes the file
        raise BadSettings([f"{env_file} is not UTF-8 text; save it as such."])
    values = {**stored, **environ}
    named = {name: value for name, value in values.items() if value and not value.isspace()}
    prefix = environ.get(PREFIX, "") if prefix is None else prefix
    named.pop(PREFIX, None)
    return _choose(named, prefix) if prefix else named


def _choose(values: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the settings of the HubSpot app with this *prefix*, and what everybody's are."""
    if not _PREFIX.fullmatch(prefix):
        raise BadSettings([_NO_PREFIX])
    own = {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith((f"{prefix}HUBSPOT_", f"{prefix}PORTALKEY_"))
    }
    # One that names a file takes the place of everybody's that names none, and the other way round.
    hidden = {f"{name}_FILE" for name in own} | {name.removesuffix("_FILE") for name in own}
    shared = {
        name: value
        for name, value in values.items()
        if name not in _OF_ONE_APP | hidden and not name.startswith(prefix)
    }
    return {**shared, **own}


def describe_missing(env_file: str | Path | None, values: Mapping[str, str]) -> Iterator[str]:
    """Yield where was looked, if *values* lack what has no default."""
    has_keys = "PORTALKEY_KEYS" in values or "PORTALKEY_KEYS_FILE" in values
    if env_file is None or (has_keys and values.keys() >= _NEEDED):
        return
    path = Path(env_file).absolute()
    if path.exists():
        yield f"{LOOKED} is neither in the environment nor in {path}, which was read."
    else:
        yield (
            f"{LOOKED} is not in the environment, and there is no {path.name} in "
            f"{path.parent}; start in the folder that has it, or set the environment."
        )


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
