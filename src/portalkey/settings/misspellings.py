"""Misspelt names of settings in the environment, told from the names of other programs.

All that begins with ``PORTALKEY_`` is meant for us. Of any other name, other programs may have a
like one, so the rule is narrow: it is misspelt where, but for underscores, it has at most one slip
in each word of one of ours that is not set. A slip is a letter too many, too few or wrong, or two
that are swapped; in a word of three letters, only the last or an ``S`` at its end. ``URL`` and
``URI`` are the same. What has no default is also told by other names for it, where it is missing.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from portalkey.settings.keys import MAKE

_OURS = "PORTALKEY_"
_MEANT = "is not a setting; did you mean {}?"
_UNKNOWN = "is not a setting; docs/settings.md has the names of all."
_NEAR = 0.6
"""Share of the letters that a name has in common with what it is taken for."""
_NO_KEY = "PORTALKEY_KEYS holds no key"
_BY_MEANING: Mapping[str, str] = {
    **dict.fromkeys(
        ("URL", "BASE_URL", "APP_URL", "SITE_URL", "ORIGIN", "HOST", "DOMAIN"),
        "PORTALKEY_PUBLIC_URL",
    ),
    **dict.fromkeys(
        ("DB", "DB_URL", "DATABASE", "DATABASE_PATH", "DSN", "POSTGRES_URL", "STORE", "STORE_URL"),
        "PORTALKEY_DATABASE_URL",
    ),
    **dict.fromkeys(
        ("SECRET_KEY", "ENCRYPTION_KEY", "ENCRYPTION_KEYS", "FERNET_KEY", "FERNET_KEYS"),
        "PORTALKEY_KEYS",
    ),
    **dict.fromkeys(("ORIGINS", "CORS_ORIGINS"), "PORTALKEY_ALLOWED_ORIGINS"),
    **dict.fromkeys(("CALLBACK", "CALLBACK_URL"), "HUBSPOT_REDIRECT_URI"),
}
"""By what stands behind our own name in one that people make up, the setting that they mean."""
_NEEDED: Mapping[str, str] = {
    **dict.fromkeys(("CLIENT_ID", "HUBSPOT_ID", "HUBSPOT_CLIENT"), "HUBSPOT_CLIENT_ID"),
    **dict.fromkeys(
        ("CLIENT_SECRET", "HUBSPOT_SECRET", "HUBSPOT_APP_SECRET"), "HUBSPOT_CLIENT_SECRET"
    ),
    **dict.fromkeys(("PORTAL_KEY", "PORTAL_KEYS", "PORTALKEY", "PORTALKEYS"), "PORTALKEY_KEYS"),
}
"""Names that others have for what has no default here, HubSpot's own examples among them."""
# A service called "portalkey" makes Kubernetes set the last three in every pod beside it.
_NOT_OURS = re.compile(r"PORTALKEY_(TEST_.*|SERVICE_.*|PORT|PORT_.*)")
_SHORT = 3
"""Letters of words like API and APP, which one wrong letter makes another word."""


def misspellings(values: Mapping[str, str], names: set[str | None]) -> Iterator[str]:
    """Yield a sentence for each of *values* that is hardly meant for anybody but us.

    *names* are those of the settings.
    """
    aliases = sorted(filter(None, names))
    # One of ours that is set is not missed.
    unset = [alias for alias in aliases if alias not in values]
    for name in sorted(values.keys() - names):
        upper = name.upper()
        if not upper.startswith(_OURS):
            near = next((alias for alias in unset if is_misspelt(upper, alias)), None)
            near = near or _guess_needed(upper, values)
            if near:
                yield (
                    f"{name} {_MEANT.format(near)} If it is another program's, set {near} as well."
                )
        elif not _NOT_OURS.fullmatch(upper):
            near = guess_setting(upper, aliases)
            yield f"{name} {_MEANT.format(near) if near else _UNKNOWN}"


def drop_key_advice(misspelt: Sequence[str], problems: Sequence[str]) -> list[str]:
    """Return *problems* without the advice to make a key, where one has a *misspelt* name.

    A fresh key would open nothing of what that one sealed.
    """
    if not any(_MEANT.format("PORTALKEY_KEYS") in each for each in misspelt):
        return [*problems]
    return [each.partition(f"; {MAKE}")[0] + "." if _NO_KEY in each else each for each in problems]


def guess_setting(name: str, aliases: Sequence[str]) -> str | None:
    """Return the one of *aliases* that *name*, which begins with our own, was likely to name."""
    word = re.sub(r"URI\b", "URL", name.removeprefix(_OURS))
    if word in _BY_MEANING:
        return _BY_MEANING[word]
    # HubSpot's credentials are often taken for settings of ours.
    by_word = {alias.partition("_")[2]: alias for alias in aliases}
    near = difflib.get_close_matches(word, by_word, n=1, cutoff=_NEAR)
    return by_word[near[0]] if near else None


def _guess_needed(name: str, values: Mapping[str, str]) -> str | None:
    """Return the setting that others call *name*, where it is missing: nothing starts then anyway.

    Any other name of another program's is left alone.
    """
    needed = _NEEDED.get(name)
    is_there = needed in values or (needed == "PORTALKEY_KEYS" and f"{needed}_FILE" in values)
    return None if is_there else needed


def is_misspelt(name: str, alias: str) -> bool:
    """Return True where *name* has at most one slip in each word of *alias*."""
    return _consists_of(_letters(name), [_letters(word) for word in alias.split("_")])


def _letters(name: str) -> str:
    return name.replace("_", "").replace("URI", "URL")


def _consists_of(letters: str, words: Sequence[str]) -> bool:
    if not words:
        return not letters
    first, *rest = words
    return any(
        _is_nearly(letters[:length], first) and _consists_of(letters[length:], rest)
        for length in range(len(first) - 1, len(first) + 2)
    )


def _is_nearly(word: str, right: str) -> bool:
    if word in (right, right + "S"):
        return True
    before = _count_same(word, right)
    after = _count_same(word[::-1], right[::-1])
    longest = max(len(word), len(right))
    if len(right) > _SHORT and before + after >= longest - 1:
        return True
    differing = slice(before, longest - after)
    return len(word) == len(right) and word[differing] == right[differing][1::-1]


def _count_same(one: str, other: str) -> int:
    """Return how many letters both begin with."""
    pairs = zip(one, other, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
