"""Sentences for people, by error code: one file a language, all read when the first is wanted.

``en.toml`` describes the keys. What another language lacks is said in English.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from math import ceil
from pathlib import Path

Words = Mapping[str, str]

ENGLISH = "en"
OTHERWISE = "otherwise"
"""The key of what fits any code."""
OURS = Path(__file__).parent
_MOMENT = 10
"""Seconds; whoever has read the sentence has waited about as long."""
_UNITS = (("seconds", 1), ("minutes", 60), ("hours", 3600))
_MOST = 90
"""A longer wait is told in the next unit."""


def explain(
    language: str | None,
    code: str,
    *,
    cause: str = "",
    wait: float | None = None,
    folder: Path = OURS,
) -> str:
    """Return the sentence for an error *code*, in the nearest *language* that has a file."""
    languages = read_languages(folder)
    words = languages[find_language(language, languages) or ENGLISH]
    return choose_sentence(words, code, cause=cause, wait=wait)


def choose_sentence(words: Words, code: str, *, cause: str = "", wait: float | None = None) -> str:
    """Return the sentence of *words* for an error *code*, or one that fits any.

    Args:
        words: The texts of one language.
        code: Of an error, or where an attempt stands.
        cause: What came to it, where that may have a sentence of its own.
        wait: In how many seconds it is worth trying again.
    """
    keys = f"{code}:{cause}", code, OTHERWISE
    text = next(words[key] for key in keys if key in words)
    return text.format(wait=_describe_wait(words, wait or 0))


def choose_title(words: Words, code: str) -> str:
    """Return the heading over that sentence, where it stands alone on a page."""
    return words.get(f"title:{code}", words[f"title:{OTHERWISE}"])


def _describe_wait(words: Words, seconds: float) -> str:
    if seconds <= _MOMENT:
        return words["wait:moment"]
    numbers = [(unit, ceil(seconds / length)) for unit, length in _UNITS]
    unit, number = next((each for each in numbers if each[1] <= _MOST), numbers[-1])
    return words[f"wait:{unit}"].format(number=number)


def find_language(tag: str | None, known: Iterable[str]) -> str | None:
    """Return the longest part of *tag* that is *known*: ``de`` for ``de-AT``; None without one."""
    # str() of a Babel locale says de_AT.
    parts = (tag or "").replace("_", "-").lower().split("-")
    shorter = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    tags = {each.lower(): each for each in known}
    return next((tags[each] for each in shorter if each in tags), None)


@cache
def read_languages(folder: Path = OURS) -> Mapping[str, Words]:
    """Return the texts of every file in *folder*, by language and key."""
    read = {file.stem: _read(file) for file in sorted(folder.glob("*.toml"))}
    return {tag: {**read[ENGLISH], **words} for tag, words in read.items()}


def _read(file: Path) -> Words:
    import tomllib  # noqa: PLC0415 - whoever only imports errors reads none

    tables = tomllib.loads(file.read_text("utf-8"))
    return {
        **tables["sentences"],
        **{f"title:{code}": text for code, text in tables.get("titles", {}).items()},
        **{f"wait:{unit}": text for unit, text in tables.get("waits", {}).items()},
    }
