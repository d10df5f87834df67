"""The texts of the pages, and the choice of a language."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest

import portalkey
from portalkey.sentences import read_languages
from portalkey.web.strings import Strings, de, direction, en, read_words

PACKAGE = Path(portalkey.__file__).parent
TEMPLATES = "".join(path.read_text() for path in (PACKAGE / "web/templates").rglob("*.html"))
NOT_IN_TEMPLATES = {
    "connected_to",
    "date",
    "months",
    "just_now",
    "minutes_ago",
    "hour_ago",
    "hours_ago",
    "retrying",
    "ended",
}
ENGLISH, GERMAN, FRENCH = (read_words(tag) for tag in ("en", "de", "fr"))


def said_in_templates() -> set[str]:
    """Every key in quotes that a template could say."""
    return set(re.findall(r'"([\w:]+)"', TEMPLATES))


def test_german_is_whole() -> None:
    """Both languages have the same keys, in the same order, and say the same facts."""
    assert list(de.PAGES) == list(en.PAGES)
    for key, text in en.PAGES.items():
        assert event_facts(de.PAGES[key]) == event_facts(text), key


def event_facts(text: str) -> set[str | None]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text)} - {None}


def test_everything_said_exists() -> None:
    """Each ``say("...")`` of a template names a key."""
    asked = set(re.findall(r'say\("([^"]+)"[,)]', TEMPLATES))

    assert asked
    assert asked <= en.PAGES.keys()


def test_nothing_is_never_said() -> None:
    """Each text of the pages is in a template."""
    prefixes = {"status:", "kind:", "note_", "invitation:"}
    said = said_in_templates() | NOT_IN_TEMPLATES
    unused = {key for key in en.PAGES if key not in said and not key.startswith(tuple(prefixes))}

    assert unused == set()
    assert all(prefix in TEMPLATES for prefix in prefixes)


@pytest.mark.parametrize(
    ("tag", "spoken"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("de_CH", "de"),
        ("DE-Latn-DE-1996", "de"),
        ("en-GB", "en"),
        ("pt-BR", "pt-BR"),
        ("pt-br-x", "pt-BR"),
        ("pt", "en"),
        ("x", "en"),
        ("", "en"),
        (None, "en"),
        ("None", "en"),
        ("de<script>", "en"),
    ],
)
def test_a_tag_finds_its_language(tag: str | None, spoken: str) -> None:
    """The longest part of a tag that is known decides; what is unknown gets English."""
    assert Strings({"pt-BR": {}}).language(tag) == spoken


@pytest.mark.parametrize(
    ("default", "spoken"),
    [("de", "de"), ("de-AT", "de"), (lambda: "de", "de"), (lambda: None, "en")],
)
def test_nobody_asks_for_a_language(default: str, spoken: str) -> None:
    """The host's default decides, given as a tag or by what returns one."""
    strings = Strings(default=default)

    assert [strings.language(tag) for tag in (None, "xx")] == [spoken, spoken]
    assert strings.language("en") == "en"


@pytest.mark.parametrize(
    ("accepts", "spoken"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.4, de;q=0.7", "de"),
        ("fr-FR, fr;q=0.9, de;q=0.5", "de"),
        ("en-US,de;q=0.9", "en"),
        ("de;q=0, fr", "en"),
        ("*", "en"),
        ("de;q=2", "en"),
        ("de;q=x, <script>", "en"),
        (f"{'fr,' * 20}de", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_browser_asks_for_a_language(accepts: str | None, spoken: str) -> None:
    """The one that is wanted most and spoken here, where nobody else has said one."""
    assert Strings().language(None, accepts) == spoken
    assert Strings().language("xx", accepts) == spoken


def test_the_browser_comes_last() -> None:
    """Before it comes what the request asks for, and what the app has decided."""
    assert Strings().language("en", "de") == "en"
    assert Strings(default="en").language(None, "de") == "en"
    assert Strings(default=lambda: None).language(None, "de") == "de"


def test_a_host_has_words_for_a_permission_of_its_own() -> None:
    """One that we have no sentence for; it may name itself."""
    strings = Strings({"en": {"scope:my.things": "Use {scope}"}})

    assert strings.say("en", "scope:my.things", scope="it") == "Use it"
    assert not Strings().has("scope:my.things", language="en")
    with pytest.raises(ValueError, match="nothing is known of"):
        Strings({"en": {"scope:my.things": "{account}"}})


def test_a_host_changes_one_text() -> None:
    """All others stay as they are."""
    strings = Strings({"de": {"declined": "Schade."}})

    assert strings.sentence("declined", "de") == "Schade."
    assert strings.sentence("expired", "de") == GERMAN["expired"]
    assert strings.sentence("declined", "en") == ENGLISH["declined"]


def test_a_host_adds_a_language() -> None:
    """A text that it lacks is said in English."""
    strings = Strings({"fr": {"back": "Retour"}})

    assert strings.language("fr-CA") == "fr"
    assert strings.say("fr", "back") == "Retour"
    assert strings.say("fr", "close") == ENGLISH["close"]


def test_a_host_adds_a_language_that_has_sentences() -> None:
    """It has them by itself, and may change each; all other texts that it lacks are English."""
    strings = Strings({"fr-CA": {"declined": "Dommage.", "back": "Retour"}})

    assert strings.sentence("expired", "fr-CA") == FRENCH["expired"]
    assert strings.title("signed_out", "fr-CA") == FRENCH["title:signed_out"]
    assert strings.sentence("declined", "fr-CA") == "Dommage."
    assert strings.say("fr-CA", "close") == ENGLISH["close"]


def test_a_host_adds_a_kind_of_german() -> None:
    """What it does not say is said in German."""
    strings = Strings({"de-AT": {"back": "Retour zur App"}})

    assert strings.language("de-AT") == "de-AT"
    assert strings.sentence("expired", "de-AT") == GERMAN["expired"]
    assert strings.say("de-AT", "close") == GERMAN["close"]


def test_a_page_is_in_one_language() -> None:
    """Sentences alone make no page: who asks for French reads a page that is English throughout."""
    assert "fr" in read_languages()
    assert Strings().language("fr-CA") == "en"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"de": {"declned": "x"}}, "did you mean 'declined'"),
        ({"de": {"title:signedout": "x"}}, "did you mean 'title:signed_out'"),
        ({"de": {"setup_some": "{user}"}}, r"nothing is known of \['user'\]"),
        ({"de": {"setup_some": "{owner.__class__}"}}, "nothing is known"),
        ({"de": {"setup_some": "{}"}}, "nothing is known"),
        ({"de": {"months": "January, February"}}, "twelve names"),
        ({"deutsch!": {}}, "no language tag"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    changes: dict[str, dict[str, str]], message: str
) -> None:
    """At once, not on the page of whoever reads it first."""
    with pytest.raises(ValueError, match=message):
        Strings(changes)


def test_an_unknown_code_has_a_sentence() -> None:
    """One that fits any, in each language."""
    strings = Strings()

    assert strings.sentence("newer", "de") == GERMAN["otherwise"]
    assert strings.sentence(None, "en") == ENGLISH["otherwise"]
    assert strings.title("newer", "de") == GERMAN["title:otherwise"]


def test_facts_are_escaped() -> None:
    """A name is text, and so is a text of the host's."""
    strings = Strings({"en": {"setup_none": "<b>{owner}</b>"}})

    assert strings.say("en", "setup_none", owner="<i>") == "&lt;b&gt;&lt;i&gt;&lt;/b&gt;"


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "9 March 2026"), ("de", "9. März 2026")],
)
def test_dates_are_written_in_the_language(language: str, written: str) -> None:
    """The month has its name, and the hour of what is old is nobody's concern."""
    assert Strings().date(language, datetime(2026, 3, 9, 8, 5, tzinfo=UTC)) == written


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (-5, "just now", "gerade eben"),
        (119, "just now", "gerade eben"),
        (120, "2 minutes ago", "vor 2 Minuten"),
        (3_599, "59 minutes ago", "vor 59 Minuten"),
        (3_600, "an hour ago", "vor einer Stunde"),
        (7_200, "2 hours ago", "vor 2 Stunden"),
        (86_399, "23 hours ago", "vor 23 Stunden"),
        (86_400, "9 March 2026", "9. März 2026"),
    ],
)
def test_what_is_recent_is_told_by_its_age(seconds: int, english: str, german: str) -> None:
    """By the minute, then by the hour; what is a day old has its date."""
    moment = datetime(2026, 3, 9, 8, 5, tzinfo=UTC)
    now = moment + timedelta(seconds=seconds)

    assert [Strings().ago(each, moment, now) for each in ("en", "de")] == [english, german]


@pytest.mark.parametrize(
    ("language", "way"),
    [("en", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("fa", "rtl"), ("ur", "rtl")],
)
def test_the_direction_follows_the_language(language: str, way: str) -> None:
    """Arabic, Hebrew, Persian and Urdu run from right to left."""
    assert direction(language) == way
