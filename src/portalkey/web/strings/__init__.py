"""All texts of our pages, in one dictionary: English and German whole, and what a host adds.

``Strings({"fr": {"back": "Retour"}})`` adds a language or changes a text. It has the sentences for
error codes by itself where ``portalkey.sentences`` has them; what else it lacks is said in English.
A ``scope:...`` that we have no sentence for gets one in the same way.
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
from portalkey.web.permissions import SCOPE, UNKNOWN, permission_words
from portalkey.web.strings import de, en

Language = str | Callable[[], str | None]

_PAGES: Mapping[str, Words] = {
    ENGLISH: {**en.PAGES, **permission_words(ENGLISH)},
    "de": {**de.PAGES, **permission_words("de")},
}
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_WEIGHT = re.compile(r"q=([01](?:\.\d{0,3})?)")
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_MONTHS = 12
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_MOST_TAGS = 20
"""More languages than a person speaks are not looked at."""


class Strings:
    """The texts, by language and key.

    Args:
        changes: By language, the texts that differ from ours.
        default: The language where nobody asks for one, as a BCP 47 tag, or what returns it; None
            leaves it to the visitor's browser.

    Raises:
        ValueError: A language, a key or a placeholder in *changes* is none; the message says which.
    """

    def __init__(
        self, changes: Mapping[str, Words] | None = None, default: Language | None = None
    ) -> None:
        self._words: dict[str, Words] = {}
        for tag in dict.fromkeys([*_PAGES, *(changes or {})]):
            own = (changes or {}).get(tag, {})
            _check(tag, own)
            self._words[tag] = {**read_words(tag), **own}
        self._default = self._match(default) if isinstance(default, str) else default

    def language(self, tag: str | None = None, accepts: str | None = None) -> str:
        """Return the language for somebody who asked for *tag*; the default's where none will do.

        Where there is no default either, *accepts* decides, which is the ``Accept-Language`` of
        their browser. ``de-AT`` gets ``de``.
        """
        chosen = (self._match(tag) if tag else None) or self._default_language()
        return chosen or next(filter(None, map(self._match, read_tags(accepts))), ENGLISH)

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

    def has(self, key: str, /, language: str) -> bool:
        """Return True where there is a text *key*."""
        return key in self._words[language]

    def date(self, language: str, moment: datetime) -> str:
        """Return the day of *moment* as people write it, in UTC."""
        utc, words = moment.astimezone(UTC), self._words[language]
        month = words["months"].split(", ")[utc.month - 1]
        return words["date"].format(day=utc.day, month=month, year=utc.year)

    def ago(self, language: str, moment: datetime, now: datetime) -> str:
        """Return how long ago *moment* was, by the minute and by the hour; its day, if earlier."""
        seconds = (now - moment).total_seconds()
        if seconds >= _DAY:
            return self.date(language, moment)
        if seconds < 2 * _MINUTE:
            return self.plain(language, "just_now")
        if seconds < _HOUR:
            return self.plain(language, "minutes_ago", number=int(seconds // _MINUTE))
        if seconds < 2 * _HOUR:
            return self.plain(language, "hour_ago")
        return self.plain(language, "hours_ago", number=int(seconds // _HOUR))


def read_tags(accepts: str | None) -> list[str]:
    """Return the tags of an ``Accept-Language``, most wanted first (RFC 9110 section 12.5.4)."""
    tags: list[tuple[float, str]] = []
    for part in (accepts or "").split(",")[:_MOST_TAGS]:
        tag, _, weight = part.partition(";")
        match = _WEIGHT.fullmatch(weight.strip() or "q=1")
        if match and _TAG.fullmatch(tag.strip()) and float(match[1]) > 0:
            tags.append((float(match[1]), tag.strip()))
    return [tag for _, tag in sorted(tags, key=lambda pair: -pair[0])]


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
        known = UNKNOWN if key.startswith(SCOPE) else key
        if known not in english:
            near = get_close_matches(key, english, n=1, cutoff=0)
            raise ValueError(f"strings[{tag!r}]: there is no {key!r}; did you mean {near[0]!r}?")
        odd = _placeholders(text) - _placeholders(english[known])
        if odd:
            raise ValueError(f"strings[{tag!r}][{key!r}]: nothing is known of {sorted(odd)}")
    if len(words.get("months", english["months"]).split(", ")) != _MONTHS:
        raise ValueError(f"strings[{tag!r}]['months']: twelve names, each but the last before ', '")


def _placeholders(text: str) -> set[str]:
    """Return the names in braces in *text*."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
