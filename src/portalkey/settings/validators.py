"""Validators of ``Settings``: one function a setting, from text to value.

Each takes text as it stands in the environment, or the value itself. Each argument of its
``ValueError`` is one problem, written as the end of a sentence
that begins with the setting's name and says what to do. Values that may be secret are not quoted.
"""

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote

from pydantic import SecretStr, ValidationInfo

from portalkey.hubspot import scopes
from portalkey.hubspot.endpoints import NEWEST, V1_ENDS, VERSIONS, ApiVersion, is_later
from portalkey.settings import keys, places, urls
from portalkey.settings.keys import Key
from portalkey.settings.secret_files import read_secret_file

_VISIBLE = re.compile(r"[\x21-\x7E]{1,512}")
_SQLITE = re.compile(r"sqlite:///(?!:memory:)[^?\s].*")
_POSTGRESQL = re.compile(rf"{urls.POSTGRESQL}\S+")
_CONFIG_FILE = re.compile(r"file://([^/?]*)(/[^?]*)?(?:\?(.*))?", re.DOTALL)
_DRIVE = re.compile(r"/[A-Za-z]:/")
_ANY_PERMISSIONS = "permissions=any"
_SCHEMA = re.compile(r"(?!pg_)[A-Za-z_][A-Za-z0-9_]{0,62}")
_SWITCH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
_SLOWEST, _MANY = 0.1, 10_000
_LONGEST_SCOPES = 6000
"""Characters of the scopes in one list: more than those of all that HubSpot has."""
_QUOTED = re.compile(r"(?s)\A(['\"])(.*)\1\Z")
_PATH = re.compile(r"(?:/(?!\.)[A-Za-z0-9._~-]+)+")


def text(value: object) -> str:
    """Return text without the space around it."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - pydantic collects ValueErrors only
    return value.strip()


def credential(value: object) -> str:
    """A client id or secret."""
    content = text(value)
    if not content:
        raise ValueError("is missing; copy it from the app's Auth settings at HubSpot")
    if not _VISIBLE.fullmatch(content):
        raise ValueError("has spaces or unusual characters in it; copy it again from HubSpot")
    return content


def api_version(value: object) -> ApiVersion:
    """A version of HubSpot's API that is still supported, or will be."""
    version = text(value)
    if version == "v1":
        raise ValueError(f"is v1, which HubSpot ends on {V1_ENDS}; set it to {NEWEST}")
    if version not in VERSIONS and not is_later(version):
        raise ValueError(
            f"must be one of {', '.join(VERSIONS)}, or a later date version; set it to {NEWEST}"
        )
    return version


def hubspot(value: object) -> str:
    """The origin of HubSpot or of a simulator."""
    return urls.hubspot(text(value))


def any_scopes(value: object) -> tuple[str, ...]:
    """Scopes between spaces, or a sequence of them."""
    # Quotes of an .env reach us where a reader takes them for a part, as `docker run` does.
    names = value if isinstance(value, tuple | list) else _QUOTED.sub(r"\2", text(value))
    length = len(names if isinstance(names, str) else " ".join(map(str, names)))
    if length > _LONGEST_SCOPES:
        raise ValueError(f"has {length} characters, and {_LONGEST_SCOPES} at most; ask for fewer")
    if "," in "".join(map(str, names)):
        raise ValueError("has a comma in it; put spaces between the scopes")
    try:
        return scopes.parse(names)
    except ValueError as error:
        raise ValueError(f"cannot be used, as {error}; copy the names from HubSpot") from None


def required_scopes(value: object) -> tuple[str, ...]:
    """Scopes, ``oauth`` among them."""
    return scopes.parse_required(any_scopes(value))


def optional_scopes(value: object, info: ValidationInfo) -> tuple[str, ...]:
    """Scopes that are not required ones too, as HubSpot refuses a scope in both lists."""
    optional = any_scopes(value)
    twice = [scope for scope in optional if scope in info.data.get("scopes", ())]
    if twice:
        raise ValueError(f"repeats {', '.join(twice)} of HUBSPOT_SCOPES; keep each in one list")
    return optional


def switch(value: object) -> bool:
    """On or off."""
    is_on = value if isinstance(value, bool) else _SWITCH.get(text(value).lower())
    if is_on is None:
        raise ValueError("must be on or off")
    return is_on


def yes(value: object) -> bool:
    """A consent, in one word."""
    is_yes = value if isinstance(value, bool) else {"yes": True, "no": False}.get(text(value))
    if is_yes is None:
        raise ValueError("must be yes, or be left out")
    return is_yes


def public_url(value: object) -> str:
    """The app's own origin."""
    return urls.origin(text(value))


def redirect_uri(value: object, info: ValidationInfo) -> str:
    """An address of our callback on the public URL."""
    uri = text(value)
    parts, public = urls.redirect_uri(uri), info.data.get("public_url")
    if public not in (None, parts.origin):
        right = f"{public}{parts.mount}{urls.CALLBACK}"
        raise ValueError(
            f"is not at PORTALKEY_PUBLIC_URL; set it to {right} here and in HubSpot's settings of "
            f"the app, or set PORTALKEY_PUBLIC_URL to {parts.origin}"
        )
    return uri


def allowed_origins(value: object, info: ValidationInfo) -> tuple[str, ...]:
    """Origins between spaces or commas, the public URL's own before them."""
    parts = value if isinstance(value, tuple | list) else text(value).replace(",", " ").split()
    others = [public_url(each) for each in parts]
    own = info.data.get("public_url")
    if own is None:  # it has a problem of its own
        return ()
    for other in others:
        _require_same_site(other, own)
    return tuple(dict.fromkeys([own, *others]))


def _require_same_site(other: str, own: str) -> None:
    try:
        is_same = urls.is_same_site(other, own)
    except urls.SuffixesMissing:
        raise ValueError(
            f"names {other}, another host than that of {own}, and whether browsers take the two "
            "for one site stands in the list of public suffixes, which is not installed here; "
            "install it with: pip install 'portalkey[origins]'"
        ) from None
    if not is_same:
        raise ValueError(
            f"names {other}, which to browsers is another site than {own}: they would keep "
            "the session's cookie back, and nobody would ever be seen as connected. Serve "
            "both from one domain, such as https://app.example.com and "
            "https://api.example.com"
        )


def bridge_path(value: object) -> str:
    """A path on the other origins."""
    path = text(value)
    if not _PATH.fullmatch(path):
        raise ValueError("must be a path such as /portalkey/bridge.html, without a query")
    return path


def keys_file(value: object) -> Path | None:
    """A file of usable keys."""
    path = value if isinstance(value, Path) else Path(text(value or "") or "/")
    if path == Path("/"):
        return None
    _read_keys(path)
    return path


def usable_keys(value: object, info: ValidationInfo) -> tuple[Key, ...]:
    """The keys, from the setting itself or from the file."""
    content = text(value) if isinstance(value, str | SecretStr) else value
    if "keys_file" not in info.data:  # the file has a problem of its own
        return ()
    if path := info.data["keys_file"]:
        if content:
            raise ValueError("and PORTALKEY_KEYS_FILE are both set; keep one of them")
        return _read_keys(path)
    if isinstance(content, tuple | list) and all(isinstance(key, Key) for key in content):
        return keys.require_usable(content)
    return keys.parse(text(content))


def _read_keys(path: Path) -> tuple[Key, ...]:
    try:
        return keys.parse(read_secret_file(path, should_hold=f"label:key lines, or {keys.MAKE}"))
    except ValueError as error:
        # What is no path is not quoted: it may be the keys themselves.
        place = f"({path}) " if path.is_absolute() or path.exists() else ""
        raise ValueError(*(f"{place}{each}" for each in error.args)) from None


def database_url(value: object) -> str:
    """The address of a SQLite file, of a PostgreSQL database or of a config file.

    Without one it is a SQLite file in this user's data directory.
    """
    url = text(value) or sqlite_url(places.store_in_data_directory())
    if is_config_file(url):
        config_file(url)
    elif problem := urls.postgresql_problem(url):
        raise ValueError(problem)
    elif not _SQLITE.fullmatch(url) and not _POSTGRESQL.fullmatch(url):
        raise ValueError(
            "must be sqlite:///portalkey.db (four slashes for an absolute path), "
            "file:///PATH/connections.json, or begin with "
            "postgresql://, postgresql+psycopg:// or postgres://"
        )
    return url


def is_config_file(url: str) -> bool:
    """Return True where *url* is meant to name a config file."""
    return url.startswith("file:")


def config_file(url: str, *, windows: bool = os.name == "nt") -> tuple[Path, bool]:
    """Return the config file that *url* names, and True where others may read it.

    Args:
        url: ``file:///PATH``, with ``%3F`` for a question mark in the path, and
            ``?permissions=any`` after it where others may read the file.
        windows: True where a path begins with the letter of a drive.
    """
    parts = _CONFIG_FILE.fullmatch(url)
    host, path, query = parts.groups("") if parts else ("", "", "")
    path = unquote(path)
    if host or not path.strip("/") or path.endswith("/") or "\0" in path:
        raise ValueError(
            "names no file by its whole path; write file:///PATH/connections.json, with three "
            "slashes before the path"
        )
    if query not in {"", _ANY_PERMISSIONS}:
        raise ValueError(
            f"has something after its path that is not ?{_ANY_PERMISSIONS}; take it out, or write "
            "%3F for a question mark in the path"
        )
    if windows is not bool(_DRIVE.match(path)):
        raise ValueError(
            "names no drive; write file:///C:/PATH/connections.json"
            if windows
            else "names a drive of Windows, and there are none here; write file:///PATH"
        )
    return Path(path.removeprefix("/") if windows else path), bool(query)


def database_schema(value: object) -> str:
    """The name of a schema of PostgreSQL, or nothing."""
    schema = text(value)
    if schema and not _SCHEMA.fullmatch(schema):
        raise ValueError("must be a name such as portalkey, of letters, digits and underscores")
    return schema


def database_seconds(value: object) -> float:
    """A number of seconds, whole or with a fraction."""
    number = str(value) if type(value) in {int, float} else text(value)
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", number) or not 2 <= float(number) <= 60:  # noqa: PLR2004 - as the sentence says
        raise ValueError("must be a number of seconds from 2 to 60")
    return float(number)


def sqlite_url(path: Path) -> str:
    """Return the address of a SQLite file, quoted as a URL."""
    return f"sqlite:///{quote(path.resolve().as_posix(), safe='/:')}"


def file_url(path: Path) -> str:
    """Return the address of a config file, quoted likewise."""
    return f"file://{quote(path.resolve().as_posix(), safe='/:')}"


def refresh_rate(value: object) -> float:
    """A number of requests a second, whole or with a fraction."""
    number = str(value) if type(value) in {int, float} else text(value)
    if (
        not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", number)
        or not _SLOWEST <= float(number) <= _MANY
    ):
        raise ValueError("must be a number of requests a second from 0.1 to 10000")
    return float(number)
