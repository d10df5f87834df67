"""Sentences for people: whole in every language, plain, and the same wherever they are shown."""

import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from flask import Flask, get_flashed_messages

import portalkey
from portalkey import errors
from portalkey.errors import OperatorMustAct, PortalkeyError, TryLater
from portalkey.model.attempt import OPEN, AttemptStatus
from portalkey.model.authorization import OWNER, SESSION
from portalkey.sentences import OURS, Words, explain, read_languages
from portalkey.web.strings import Strings, de, en

PACKAGE = Path(portalkey.__file__).parent
CODE = "".join(path.read_text() for path in PACKAGE.rglob("*.py") if path.parent.name != "strings")
LANGUAGES = read_languages()
ENGLISH = LANGUAGES["en"]
FILES = sorted(OURS.glob("*.toml"))


def kinds_of(base: type[PortalkeyError] = PortalkeyError) -> Iterator[type[PortalkeyError]]:
    """*base* and every kind of error below it that an app can meet."""
    yield base
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield from kinds_of(kind)


KINDS = sorted(kinds_of(), key=lambda kind: kind.__name__)


def one_of(kind: type[PortalkeyError]) -> PortalkeyError:
    """An error of this *kind*, with what a person should not read in every field."""
    made: dict[type[PortalkeyError], PortalkeyError] = {
        errors.AccountNotNamed: errors.AccountNotNamed([1, 2]),
        errors.ScopesMissing: errors.ScopesMissing(["crm.lists.read"]),
        errors.BadSettings: errors.BadSettings(["HUBSPOT_CLIENT_ID is missing"]),
        errors.SessionFull: errors.SessionFull(5000, 4093),
    }
    return made.get(kind) or kind("no row of owner ada has this hub_id")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language that has a file."""
    return str(request.param)


@pytest.fixture
def words(language: str) -> Words:
    """Its texts."""
    return LANGUAGES[language]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_sentence_for_people(kind: type[PortalkeyError], language: str) -> None:
    """Its own, but for an error of no kind at all; nothing of the message for developers."""
    error = one_of(kind)

    said = error.for_person(language)

    is_known = kind is not PortalkeyError
    assert (said != explain(language, "otherwise")) is is_known
    assert "{" not in said
    assert not re.search(r"owner|hub_id|crm\.|HUBSPOT_|PORTALKEY_|\btoken|4093|\bNone\b", said)
    assert all(part not in said for part in (str(error), kind.__name__, kind.code))


LOOKS = {
    "en": "hoever runs the app has to look into it.",
    "de": "Betreiber der App",
    "fr": "responsable de l",
}
"""The part of a sentence that says whose turn it is."""


@pytest.mark.parametrize("kind", [*kinds_of(OperatorMustAct)], ids=lambda kind: kind.__name__)
def test_the_operator_must_act(kind: type[PortalkeyError], language: str) -> None:
    """Whoever reads it is told that it is not theirs to put right."""
    assert LOOKS[language] in one_of(kind).for_person(language)


WAITS = [
    (0.5, "Please try again in a moment."),
    (10, "Please try again in a moment."),
    (10.2, "Try again in 11 seconds."),
    (40, "Try again in 40 seconds."),
    (90, "Try again in 90 seconds."),
    (90.5, "Try again in 2 minutes."),
    (5400, "Try again in 90 minutes."),
    (5401, "Try again in 2 hours."),
    (864_000, "Try again in 240 hours."),
]


@pytest.mark.parametrize(("seconds", "ending"), WAITS)
@pytest.mark.parametrize("kind", [*kinds_of(TryLater)], ids=lambda kind: kind.__name__)
def test_waiting_helps(kind: type[TryLater], seconds: float, ending: str) -> None:
    """The sentence ends with how long, rounded up, in the unit that people would use."""
    assert kind(retry_after=seconds).for_person().endswith(f". {ending}")


@pytest.mark.parametrize(
    ("asked", "same_as"),
    [
        ("de-AT", "de"),
        ("de_CH", "de"),
        ("FR", "fr"),
        ("en-GB", "en"),
        ("xx", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_somebody_asks_for_a_language(asked: str | None, same_as: str) -> None:
    """The nearest that has a file answers; English where none is near."""
    error = errors.Declined()

    assert error.for_person(asked) == LANGUAGES[same_as]["declined"]


def test_nobody_asks_for_a_language() -> None:
    """English."""
    assert errors.Declined().for_person() == ENGLISH["declined"]


def test_a_cause_has_a_sentence_of_its_own(language: str) -> None:
    """Another session is no stranger; a cause without one gets that of its code."""
    error, other = errors.AttemptMismatch(), errors.AttemptMismatch()
    error.cause, other.cause = SESSION, OWNER

    assert error.for_person(language) == LANGUAGES[language]["attempt_mismatch:session"]
    assert other.for_person(language) == LANGUAGES[language]["attempt_mismatch"]


def test_an_app_makes_an_error_of_its_own() -> None:
    """A kind without a code is said like its parent, and one with a new code like any."""

    class Quota(errors.RateLimited):
        """The app's own limit."""

    class Billing(errors.OperatorMustAct, code="billing"):
        """The app's own trouble."""

    assert Quota(retry_after=40).for_person() == errors.RateLimited(retry_after=40).for_person()
    assert (Quota.code, Billing.code) == ("rate_limited", "billing")
    assert Billing().for_person("de") == LANGUAGES["de"]["otherwise"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("spoken", ["en", "de"])
def test_pages_say_the_same(kind: type[PortalkeyError], spoken: str) -> None:
    """Word for word, and with the same wait."""
    error = one_of(kind)
    wait = getattr(error, "retry_after", None)

    assert Strings().sentence(error.code, spoken, wait=wait) == error.for_person(spoken)


@pytest.mark.parametrize("pages", [en.PAGES, de.PAGES], ids=["en", "de"])
def test_no_sentence_is_written_twice(pages: Words) -> None:
    """The pages' own texts have neither a key nor a sentence of these files."""
    said = {text for words in LANGUAGES.values() for text in words.values() if text[-1] in ".}"}

    assert pages.keys().isdisjoint(ENGLISH)
    assert said.isdisjoint(pages.values())


def test_a_language_is_whole(language: str, words: Words) -> None:
    """Its file has every key of the English one, in the same order, with the same facts."""
    own = (OURS / f"{language}.toml").read_text("utf-8")

    assert list(words) == list(ENGLISH)
    assert keys_of(own) == keys_of((OURS / "en.toml").read_text("utf-8"))
    for key, text in ENGLISH.items():
        assert facts_of(words[key]) == facts_of(text), key


def keys_of(text: str) -> list[str]:
    """The names of tables and keys in a file."""
    return re.findall(r"^(?:\[\w+\]|[\w:\"]+(?= = ))", text, re.MULTILINE)


def facts_of(text: str) -> set[str | None]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text)} - {None}


def test_every_sentence_is_for_a_code_that_exists() -> None:
    """Each part of a key is a word in the code; a heading stands over a sentence."""
    codes = set(re.findall(r'"([a-z_]+)"', CODE))
    keys = {key for key in ENGLISH if not key.startswith(("title:", "wait:"))}
    titles = {key.removeprefix("title:") for key in ENGLISH if key.startswith("title:")}

    assert {part for key in keys for part in key.split(":")} <= codes
    assert titles <= keys


def test_every_sentence_has_a_heading(words: Words) -> None:
    """But for those that say where an open attempt stands: no page stands under them alone."""
    codes = {key for key in words if ":" not in key} - {*OPEN}

    assert {f"title:{code}" for code in codes} <= words.keys()


def test_every_attempt_has_a_sentence() -> None:
    """The page of one says where it stands; what is connected or failed says more than that."""
    silent = {AttemptStatus.CONNECTED, AttemptStatus.FAILED}

    assert {*AttemptStatus} - silent <= ENGLISH.keys()


def test_sentences_are_set_well(words: Words) -> None:
    """Typographic marks, one space at a time, a full stop at the end; never "this app"."""
    for key, text in words.items():
        assert not re.search(r"['\"`]|\s\s|\s[;:!?]|\.\.\.|this app|diese[rs]? App", text), key
        assert text == text.strip(), key
        if not key.startswith("title:"):
            assert text.endswith((".", "{wait}")), key


def test_a_language_is_one_file(tmp_path: Path) -> None:
    """Put beside the others it answers, and what it lacks is said in English."""
    for file in FILES:
        shutil.copy(file, tmp_path)
    (tmp_path / "it.toml").write_text(
        '[sentences]\ndeclined = "Non è stato cambiato nulla."\nrate_limited = "Pausa. {wait}"\n',
        encoding="utf-8",
    )

    assert explain("it-CH", "declined", folder=tmp_path) == "Non è stato cambiato nulla."
    assert explain("it", "rate_limited", wait=40, folder=tmp_path) == (
        f"Pausa. {ENGLISH['wait:seconds'].format(number=40)}"
    )
    assert explain("it", "expired", folder=tmp_path) == ENGLISH["expired"]
    assert explain("de", "expired", folder=tmp_path) == LANGUAGES["de"]["expired"]
    assert explain("it", "declined") == ENGLISH["declined"]


def test_the_handler_in_the_docs_speaks_to_people() -> None:
    """In the language of their browser; whoever has to connect is led there."""
    text = (PACKAGE.parents[1] / "docs" / "errors.md").read_text()
    handler, *_ = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    app = Flask("docs")
    app.secret_key = secrets.token_hex()

    @app.get("/work")
    def work() -> str:
        raise errors.NotConnected

    exec(handler, {"app": app})  # noqa: S102 - our own
    with app.test_client() as client:
        answer = client.get("/work", headers={"Accept-Language": "fr-CH, en;q=0.8"})

        assert answer.headers["Location"] == "/connections/setup"
        assert get_flashed_messages() == [errors.NotConnected().for_person("fr")]


def test_nothing_is_read_before_it_is_wanted() -> None:
    """Who only imports portalkey, or raises an error, pays for no sentence."""
    code = """
import sys
from portalkey import Broker, NotConnected
str(NotConnected())
print({"portalkey.sentences"} & {*sys.modules})
NotConnected().for_person()
print({"portalkey.sentences"} - {*sys.modules})
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["set()", "set()"]
