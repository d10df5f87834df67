"""Names of scopes: the rights of an app in a HubSpot account.

HubSpot knows three classes of scopes. A **required** one has to be in ``scope`` on every install.
A **conditionally required** one may be asked for, and then in ``scope`` only. An **optional** one
goes into ``optional_scope`` and is silently dropped where the account cannot have it. So what is
in ``scope`` must be granted, and only granted scopes count. Source: HubSpot, "Scopes".
"""

import re
from collections.abc import Iterable

OAUTH = "oauth"
"""The scope that every app has to ask for, or HubSpot breaks its installs."""

SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,200}")
"""The grammar of one scope (RFC 6749 section 3.3)."""


def parse(text: str | Iterable[str]) -> tuple[str, ...]:
    """Return the scopes in *text*, in their order and each once.

    *text* holds them between spaces, or is a sequence of them.

    Raises:
        ValueError: One does not follow the grammar ``SCOPE``.
    """
    names = tuple(text.split() if isinstance(text, str) else text)
    if not all(isinstance(name, str) and SCOPE.fullmatch(name) for name in names):
        raise ValueError("a scope has visible ASCII characters only, no quote and no backslash")
    return tuple(dict.fromkeys(names))


def parse_required(text: str | Iterable[str]) -> tuple[str, ...]:
    """Return the scopes to put into ``scope``: ``oauth`` first, then those of *text*.

    Raises:
        ValueError: As ``parse()`` does.
    """
    return parse((OAUTH, *parse(text)))
