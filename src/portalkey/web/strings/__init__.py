"""All texts of our pages, in one dictionary: English and German whole, and what a host adds.

``Strings({"fr": {"back": "Retour"}})`` adds a language or changes a text. It has the sentences for
error codes by itself where ``portalkey.sentences`` has them; what else it lacks is said in English.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from string import Formatter

from markupsafe import Markup

from portalkey.sentences import (
    ENGLISH,
    OTHERWISE,
    Words,
    choose_sentence,
    choose_title,
    find_language,
    read_languages,
)
from portalkey.web.strings import de, en

Language = str | Callable[[], str | None]

_PAGES: Mapping[str, Words] = {ENGLISH: en.PAGES, "de": de.PAGES}
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_MONTHS = 12


class Strings:
    """The texts, by language and key.

    Args:
        changes: By language, the texts that differ from ours.
        default: The language where nobody asks for one, as a BCP 47 tag, or what returns it.

    Raises:
        ValueError: A language, a key or a placeholder in *changes* is none; the message says which.
    """

    def __init__(
        self, changes: Mapping[str, Words] | None = None, default: Language = ENGLISH
    ) -> None:
        self._words: dict[str, Words] = {}
        for tag in dict.fromkeys([*_PAGES, *(changes or {})]):
            own = (changes or {}).get(tag, {})
            _check(tag, own)
            self._words[tag] = {**read_words(tag), **own}
        self._default = self._match(default) if isinstance(default, str) else default

    def language(self, tag: str | None = None) -> str:
        """Return the language for somebody who asked for *tag*; the default's where none will do.

        ``de-AT`` gets ``de``.
        """
        asked = self._match(tag) if tag else None
        return asked or self._default_language() or ENGLISH

    def _default_language(self) -> str | None:
        return self._match(self._default()) if callable(self._default) else self._default

    def _match(self, tag: str | None) -> str | None:
        return find_language(tag, self._words)

    def say(self, language: str, key: str, /, **facts: object) -> Markup:
        """Return the text *key*, with *facts* in place; both are escaped."""
        return Markup.escape(self._words[language][key]).format(**facts)

    def plain(self, language: str, key: str, /, **facts: object) -> str:
        """Return the same as a program has it, with nothing escaped."""
        return self._words[language][key].format(**facts)

    def sentence(
        self, code: str | None, language: str, *, cause: str = "", wait: float | None = None
    ) -> str:
        """Return the sentence for an error *code*, or one that fits any."""
        key = code if code is not None and is_error_code(code) else OTHERWISE
        return choose_sentence(self._words[language], key, cause=cause, wait=wait)

    def title(self, code: str, language: str) -> str:
        """Return the heading over that sentence, where it stands alone on a page."""
        return choose_title(self._words[language], code)

    def date(self, language: str, moment: datetime) -> str:
        """Return *moment* as people write it, in UTC."""
        utc, words = moment.astimezone(UTC), self._words[language]
        month = words["months"].split(", ")[utc.month - 1]
        return words["date"].format(day=utc.day, month=month, year=utc.year, time=f"{utc:%H:%M}")


def read_words(tag: str) -> Words:
    """Return our own texts for *tag*: in the nearest languages that are here, else in English."""
    words: dict[str, str] = {}
    for ours in (read_languages(), _PAGES):
        words |= {**ours[ENGLISH], **ours[find_language(tag, ours) or ENGLISH]}
    return words


def is_error_code(code: str) -> bool:
    """Return True where there is a sentence for an error *code*."""
    return code in read_languages()[ENGLISH]


def direction(language: str) -> str:
    """Return the direction that *language* is written in, as HTML says it."""
    return "rtl" if language.split("-", maxsplit=1)[0].lower() in _RIGHT_TO_LEFT else "ltr"


def _check(tag: str, words: Words) -> None:
    if not _TAG.fullmatch(tag):
        raise ValueError(f"strings: {tag!r} is no language tag such as de or pt-BR")
    english = read_words(ENGLISH)
    for key, text in words.items():
        if key not in english:
            near = get_close_matches(key, english, n=1, cutoff=0)
            raise ValueError(f"strings[{tag!r}]: there is no {key!r}; did you mean {near[0]!r}?")
        odd = _placeholders(text) - _placeholders(english[key])
        if odd:
            raise ValueError(f"strings[{tag!r}][{key!r}]: nothing is known of {sorted(odd)}")
    if len(words.get("months", english["months"]).split(", ")) != _MONTHS:
        raise ValueError(f"strings[{tag!r}]['months']: twelve names, each but the last before ', '")


def _placeholders(text: str) -> set[str]:
    """Return the names in braces in *text*."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
