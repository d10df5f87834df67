"""What an app may do in a HubSpot account, by name.

HubSpot knows three classes of scopes. A **required** one has to be in ``scope`` on every install.
A **conditionally required** one may be asked for, and then in ``scope`` only. An **optional** one
goes into ``optional_scope`` and is silently dropped where the account cannot have it. So what is
in ``scope`` must come back, and only what came back counts. Source: HubSpot, "Scopes".
"""

import re
from collections.abc import Iterable
from typing import TypeGuard

OAUTH = "oauth"
"""HubSpot breaks installs that do not ask for it."""

_TOKEN = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,200}")


def parse(text: str | Iterable[str]) -> tuple[str, ...]:
    """The scopes in *text*, in their order and each once.

    *text* holds them between spaces, or is a sequence of them.

    Raises:
        ValueError: One does not follow the grammar of RFC 6749 section 3.3.
    """
    names = tuple(text.split() if isinstance(text, str) else text)
    if not all(map(_is_scope, names)):
        raise ValueError("a scope has visible ASCII characters only, no quote and no backslash")
    return tuple(dict.fromkeys(names))


def required(text: str | Iterable[str]) -> tuple[str, ...]:
    """The scopes to put into ``scope``: ``oauth`` first, then those of *text*.

    Raises:
        ValueError: As ``parse()`` does.
    """
    return parse((OAUTH, *parse(text)))


def known(names: Iterable[object]) -> tuple[str, ...]:
    """Those of *names* that can be scopes, in their order and each once."""
    return tuple(dict.fromkeys(filter(_is_scope, names)))


def _is_scope(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and _TOKEN.fullmatch(name) is not None
