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

MOST_FURTHER = 20
"""So many scopes one connect may ask for beyond those of the settings."""
_FURTHER = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
_LONGEST, _LONGEST_IN_ALL = 100, 600
"""Characters of one, and of all: they stand in addresses."""


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


def parse_further(text: str | Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that one connect asks for beyond the settings', each once.

    Raises:
        ValueError: One has not the form of HubSpot's names, or there are too many.
    """
    names = parse(text)
    is_short = len(names) <= MOST_FURTHER and len(" ".join(names)) <= _LONGEST_IN_ALL
    if not is_short or not all(map(_is_further, names)):
        raise ValueError(
            "scopes must be names of HubSpot's, such as crm.objects.deals.read, and at most "
            f"{MOST_FURTHER} of them in {_LONGEST_IN_ALL} characters"
        )
    return names


def _is_further(name: str) -> bool:
    return len(name) <= _LONGEST and _FURTHER.fullmatch(name) is not None
