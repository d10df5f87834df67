"""What an app may do, in words."""

from collections.abc import Iterable
from functools import partial
from string import Formatter

import pytest

from portalkey.web.permissions import group, permission_words, show
from portalkey.web.strings import Strings


def told(scopes: Iterable[str], language: str = "en") -> list[tuple[str, list[str]]]:
    """Groups and sentences, as a page has them."""
    strings = Strings()
    say, known = partial(strings.say, language), partial(strings.has, language=language)
    return [
        (str(each.name), [str(one.sentence) for one in each.permissions])
        for each in group(scopes, say, known)
    ]


def test_scopes_are_sentences_in_groups() -> None:
    """In the order of the groups, whatever that of the scopes."""
    scopes = ["crm.objects.deals.read", "crm.objects.contacts.read", "crm.objects.contacts.write"]

    assert told(scopes) == [
        ("Contacts", ["See contacts and their details", "Create, change and delete contacts"]),
        ("Sales", ["See deals"]),
    ]
    assert told(scopes[:1], "de") == [("Vertrieb", ["Deals sehen"])]


def test_an_unknown_scope_is_shown_as_it_is() -> None:
    """Nobody guesses what it allows; what is odd in it stays text."""
    assert told(["crm.new.read", "otherwise", "<b>{x}"]) == [
        (
            "Other",
            [
                "Use the permission crm.new.read",
                "Use the permission otherwise",
                "Use the permission &lt;b&gt;{x}",
            ],
        )
    ]


def test_what_every_app_has_is_not_shown() -> None:
    """It says nothing about this one."""
    assert told(["oauth"]) == []
    assert show(("oauth", "tickets")) == ("tickets",)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_sentence_is_whole(language: str) -> None:
    """None is empty, and only the one for all others names the scope."""
    words = permission_words(language)
    facts = {
        key: {name for _, name, _, _ in Formatter().parse(text) if name}
        for key, text in words.items()
    }

    assert all(text.strip() == text != "" for text in words.values())
    assert {key for key, names in facts.items() if names} == {"scope:otherwise"}
    assert facts["scope:otherwise"] == {"scope"}
    assert words.keys() == permission_words("en").keys()
