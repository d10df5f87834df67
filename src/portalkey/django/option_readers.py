"""Readers of the options of ``portalkey.django``: each returns it, or says what is wrong."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.module_loading import import_string


def _function(value: object) -> Callable[..., Any]:
    found = _import(value) if isinstance(value, str) else value
    if not callable(found):
        raise TypeError("must be a function, or the dotted path of one")
    return found


def _import(path: str) -> object:
    if "." not in path:
        return path
    try:
        return import_string(path)
    except ImportError as missing:
        raise ValueError(
            f"names {path}, which cannot be imported ({missing}); write the dotted path of a "
            "function, such as app.hubspot.find_owner"
        ) from missing


def _address(value: object) -> object:
    """An address, a URL's name, or a function."""
    is_path = isinstance(value, str) and "." in value and "/" not in value
    return value if isinstance(value, str) and value and not is_path else _function(value)


def _tag(value: object) -> object:
    return value if isinstance(value, str) and "." not in value else _function(value)


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        raise TypeError("must be True or False")
    return value


def _words(value: object) -> object:
    found = _import(value) if isinstance(value, str) else value
    if not isinstance(found, Mapping):
        raise TypeError("must be a dict of texts by language, or the dotted path of one")
    # Imported here: with it come all texts of ours.
    from portalkey.web.strings import Strings  # noqa: PLC0415 - see above

    try:
        Strings(found)
    except ValueError as trouble:
        raise ValueError(f"has a text that cannot be used: {trouble}") from trouble
    return found


def _template(value: object) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError("must be the name of a template")
    return value


def _deliver(value: object) -> object:
    if value != "access_token":
        raise ValueError('must be "access_token", or left out')
    return value


READERS: Mapping[str, Callable[[object], Any]] = {
    "owner": _function,
    "person": _function,
    "owner_name": _function,
    "login_url": _address,
    "setup_page": _flag,
    "strings": _words,
    "language": _tag,
    "base_template": _template,
    "deliver": _deliver,
    "allow_debug": _flag,
    "may_disconnect": _function,
    "may_deliver": _function,
    "console_allow": _function,
}
"""Reader of each option; its ``TypeError`` or ``ValueError`` is the end of a sentence."""
