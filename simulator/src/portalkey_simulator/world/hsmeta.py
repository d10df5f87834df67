"""``app-hsmeta.json``, in which a HubSpot project configures its app, read for its OAuth part.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

Distribution: TypeAlias = Literal["marketplace", "private"]


@dataclass(frozen=True, slots=True)
class AppConfiguration:
    """The file's content, under the names that ``App`` has for it."""

    name: str
    redirect_uris: tuple[str, ...]
    required_scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...]
    conditional_scopes: tuple[str, ...]
    distribution: Distribution
    is_user_level: bool


def read_hsmeta(source: str | Path | Mapping[str, Any]) -> AppConfiguration:
    """Read the file at *source*, or its content where *source* is that.

    Raises:
        ValueError: It is malformed; the message names the field and what belongs there.
        OSError: The file cannot be read.
    """
    whole = _read_part({"file": _load(source)}, "file")
    config = _read_part(whole, "config")
    auth = _read_part(config, "config.auth")
    if auth.get("type") != "oauth":
        raise _Malformed("config.auth.type", '"oauth"; other apps need no OAuth')
    distribution = config.get("distribution", "marketplace")
    if distribution not in get_args(Distribution):
        raise _Malformed("config.distribution", '"marketplace" or "private"')
    is_user_level = config.get("isUserLevel", False)
    if not isinstance(is_user_level, bool):
        raise _Malformed("config.isUserLevel", "true or false")
    return AppConfiguration(
        name=_read_name(whole, config),
        redirect_uris=_read_texts(auth, "redirectUrls", least=1),
        required_scopes=_read_texts(auth, "requiredScopes", least=1),
        optional_scopes=_read_texts(auth, "optionalScopes"),
        conditional_scopes=_read_texts(auth, "conditionallyRequiredScopes"),
        distribution=distribution,
        is_user_level=is_user_level,
    )


class _Malformed(ValueError):
    def __init__(self, field: str, belongs: str) -> None:
        super().__init__(f"app-hsmeta.json: {field} has to be {belongs}")


def _load(source: str | Path | Mapping[str, Any]) -> object:
    if isinstance(source, Mapping):
        return source
    try:
        return json.loads(Path(source).read_bytes())
    except ValueError:
        raise _Malformed("the file", "JSON") from None


def _read_part(whole: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """Return the object at the last name of *path*."""
    part = whole.get(path.rpartition(".")[2])
    if not isinstance(part, Mapping):
        raise _Malformed(path, "an object")
    return part


def _read_texts(auth: Mapping[str, Any], name: str, *, least: int = 0) -> tuple[str, ...]:
    texts = auth.get(name, [])
    if not isinstance(texts, list | tuple) or not all(isinstance(one, str) for one in texts):
        raise _Malformed(f"config.auth.{name}", "a list of texts")
    if len(texts) < least:
        raise _Malformed(f"config.auth.{name}", "a list of at least one text")
    return tuple(texts)


def _read_name(whole: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Return the app's name, or the ``uid`` above ``config`` where it has none."""
    name, field = (config["name"], "config.name") if "name" in config else (whole.get("uid"), "uid")
    if not isinstance(name, str) or not name:
        raise _Malformed(field, "a text")
    return name
