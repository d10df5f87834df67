"""All texts of our pages, in one dictionary: English and German whole, and what a host adds.

``Strings({"fr": {"declined": "..."}})`` adds a language or changes a text; what a language lacks
is said in English.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from string import Formatter

from markupsafe import Markup

from portalkey.web.strings import de, en

Words = Mapping[str, str]
Language = str | Callable[[], str | None]

ENGLISH = "en"
_OURS: Mapping[str, Words] = {ENGLISH: en.WORDS, "de": de.WORDS}
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
        self._default = default
        self._words: dict[str, Words] = {}
        for tag in dict.fromkeys([*_OURS, *(changes or {})]):
            own = (changes or {}).get(tag, {})
            _check(tag, own)
            self._words[tag] = {**en.WORDS, **_OURS.get(tag, {}), **own}
        self._tags = {tag.lower(): tag for tag in self._words}

    def language(self, tag: str | None = None) -> str:
        """Return the language for somebody who asked for *tag*; the default's where none will do.

        ``de-AT`` gets ``de``.
        """
        return self._match(tag) or self._match(self._default_tag()) or ENGLISH

    def _default_tag(self) -> str | None:
        return self._default if isinstance(self._default, str) else self._default()

    def _match(self, tag: str | None) -> str | None:
        # str() of a Babel locale says de_AT.
        parts = (tag or "").replace("_", "-").lower().split("-")
        shorter = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((self._tags[name] for name in shorter if name in self._tags), None)

    def say(self, language: str, key: str, /, **facts: object) -> Markup:
        """Return the text *key*, with *facts* in place; both are escaped."""
        return Markup.escape(self._words[language][key]).format(**facts)

    def plain(self, language: str, key: str, /, **facts: object) -> str:
        """Return the same as a program has it, with nothing escaped."""
        return self._words[language][key].format(**facts)

    def sentence(self, code: str | None, language: str) -> str:
        """Return the sentence for an error *code*, or one that fits any."""
        key = code if code is not None and is_error_code(code) else "otherwise"
        return self._words[language][key]

    def title(self, code: str, language: str) -> str:
        """Return the heading over that sentence, where it stands alone on a page."""
        key = f"title:{code}"
        return self._words[language][key if key in en.TITLES else "title:otherwise"]

    def date(self, language: str, moment: datetime) -> str:
        """Return *moment* as people write it, in UTC."""
        utc, words = moment.astimezone(UTC), self._words[language]
        month = words["months"].split(", ")[utc.month - 1]
        return words["date"].format(day=utc.day, month=month, year=utc.year, time=f"{utc:%H:%M}")


def is_error_code(code: str) -> bool:
    """Return True where there is a sentence for an error *code*."""
    return code in en.SENTENCES


def direction(language: str) -> str:
    """Return the direction that *language* is written in, as HTML says it."""
    return "rtl" if language.split("-", maxsplit=1)[0].lower() in _RIGHT_TO_LEFT else "ltr"


def _check(tag: str, words: Words) -> None:
    if not _TAG.fullmatch(tag):
        raise ValueError(f"strings: {tag!r} is no language tag such as de or pt-BR")
    for key, text in words.items():
        if key not in en.WORDS:
            near = get_close_matches(key, en.WORDS, n=1, cutoff=0)
            raise ValueError(f"strings[{tag!r}]: there is no {key!r}; did you mean {near[0]!r}?")
        odd = _placeholders(text) - _placeholders(en.WORDS[key])
        if odd:
            raise ValueError(f"strings[{tag!r}][{key!r}]: nothing is known of {sorted(odd)}")
    if len(words.get("months", en.WORDS["months"]).split(", ")) != _MONTHS:
        raise ValueError(f"strings[{tag!r}]['months']: twelve names, each but the last before ', '")


def _placeholders(text: str) -> set[str]:
    """Return the names in braces in *text*."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
