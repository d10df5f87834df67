"""When a redirect URI counts as registered. HubSpot says that it has to match, and not how."""

from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

_FORMS: Mapping[str, Callable[[SplitResult], SplitResult]] = {
    "any_slash": lambda parts: parts._replace(path=parts.path.rstrip("/")),
    "any_query": lambda parts: parts._replace(query=""),
    "any_case": lambda parts: urlsplit(parts.geturl().casefold()),
    "any_port": lambda parts: parts._replace(netloc=_without_port(parts.netloc)),
}


def is_registered(uri: str, registered: tuple[str, ...], match: str) -> bool:
    """Whether *uri* is one of those *registered*, as the switch ``redirect_match`` has it."""
    if match == "exact" or uri in registered:
        return uri in registered
    try:
        asked = _FORMS[match](urlsplit(uri))
    except ValueError:  # no address at all, such as http://[
        return False
    return asked in {_FORMS[match](urlsplit(one)) for one in registered}


def _without_port(netloc: str) -> str:
    name, colon, port = netloc.rpartition(":")
    return name if colon and (port.isdigit() or not port) else netloc
