"""Misspelt names of settings in the environment, told from the names of other programs.

All that begins with ``PORTALKEY_`` is meant for us. Of any other name, other programs may have a
like one, so the rule is narrow: it is misspelt where, but for underscores, it has at most one slip
in each word of one of ours that is not set. A slip is a letter too many, too few or wrong, or two
that are swapped; in a word of three letters, only the last or an ``S`` at its end. ``URL`` and
``URI`` are the same.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

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
        if not upper.startswith("PORTALKEY_"):
            near = next((alias for alias in unset if is_misspelt(upper, alias)), None)
            if near:
                yield (
                    f"{name} is not a setting; did you mean {near}? "
                    f"If it is another program's, set {near} as well."
                )
        elif not _NOT_OURS.fullmatch(upper):
            near = difflib.get_close_matches(upper, aliases, n=1, cutoff=0)[0]
            yield f"{name} is not a setting; did you mean {near}?"


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
