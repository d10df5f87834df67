"""Comparison of redirect URIs. HubSpot says that one has to match, and not how."""

from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

_FORMS: Mapping[str, Callable[[SplitResult], SplitResult]] = {
    "any_slash": lambda parts: parts._replace(path=parts.path.rstrip("/")),
    "any_query": lambda parts: parts._replace(query=""),
    "any_case": lambda parts: urlsplit(parts.geturl().casefold()),
    "any_port": lambda parts: parts._replace(netloc=_strip_port(parts.netloc)),
}


def is_registered(uri: str, registered: tuple[str, ...], match: str) -> bool:
    """Return True where *uri* is *registered*, as the switch ``redirect_match`` has it."""
    if match == "exact" or uri in registered:
        return uri in registered
    try:
        normalized = _FORMS[match](urlsplit(uri))
    except ValueError:  # no address at all, such as http://[
        return False
    return normalized in {_FORMS[match](urlsplit(one)) for one in registered}


def _strip_port(netloc: str) -> str:
    name, colon, port = netloc.rpartition(":")
    return name if colon and (port.isdigit() or not port) else netloc
