"""The address of one of Django's databases, for a site that wants portalkey's tables there."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

_KINDS = {"sqlite3": "sqlite", "postgresql": "postgresql", "postgis": "postgresql"}
_PASSED_ON = ("sslmode", "sslrootcert", "sslcert", "sslkey")


def database_url(database: Mapping[str, object]) -> str:
    """Return what ``PORTALKEY_DATABASE_URL`` has to be for one of ``DATABASES``.

    It is never guessed: without a word of the site's, portalkey keeps a file of its own. ::

        PORTALKEY = {"PORTALKEY_DATABASE_URL": database_url(DATABASES["default"])}

    Args:
        database: An entry of ``DATABASES``, as it stands in the settings.

    Raises:
        ValueError: Its engine is neither SQLite nor PostgreSQL, or it is in memory.
    """
    engine = str(database.get("ENGINE", "")).rpartition(".")[2]
    name = str(database.get("NAME") or "")
    if engine not in _KINDS or not name or name == ":memory:":
        raise ValueError(
            "portalkey keeps its tables in SQLite files and in PostgreSQL; this database is "
            f"{engine or 'nothing'}{' in memory' if name == ':memory:' else ''}. Name another in "
            "PORTALKEY_DATABASE_URL."
        )
    if _KINDS[engine] == "sqlite":
        return f"sqlite:///{quote(str(Path(name).absolute()))}"
    return f"postgresql://{_who(database)}{_where(database)}/{quote(name, safe='')}{_how(database)}"


def _who(database: Mapping[str, object]) -> str:
    user, password = (quote(str(database.get(key) or ""), safe="") for key in ("USER", "PASSWORD"))
    return f"{user}{':' if password else ''}{password}@" if user else ""


def _where(database: Mapping[str, object]) -> str:
    host, port = str(database.get("HOST") or ""), str(database.get("PORT") or "")
    if host.startswith("/"):  # a socket's folder
        return quote(host, safe="") + (f":{port}" if port else "")
    return f"[{host}]" if ":" in host else host + (f":{port}" if port else "")


def _how(database: Mapping[str, object]) -> str:
    options = database.get("OPTIONS")
    kept = {
        key: str(options[key])
        for key in _PASSED_ON
        if isinstance(options, Mapping) and options.get(key)
    }
    return f"?{urlencode(kept)}" if kept else ""
