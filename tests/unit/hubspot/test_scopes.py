import pytest

from portalkey.hubspot import scopes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("a", ("a",)),
        ("  a\tb\n a ", ("a", "b")),
        (["b", "a", "b"], ("b", "a")),
        ("crm.objects.contacts.read x:y", ("crm.objects.contacts.read", "x:y")),
    ],
)
def test_parse(text: str | list[str], expected: tuple[str, ...]) -> None:
    """Scopes keep their order and stand there once."""
    assert scopes.parse(text) == expected


@pytest.mark.parametrize(
    "text", ['a"b', "a\\b", "ä", ["a b"], [""], [7], "x" * 201, "a\x7fb", "a\0b"]
)
def test_what_is_no_scope(text: str | list[str]) -> None:
    """What RFC 6749 does not have is refused."""
    with pytest.raises(ValueError, match="visible ASCII"):
        scopes.parse(text)


@pytest.mark.parametrize("text", ["", "oauth", "a oauth b", "a b"])
def test_oauth_is_always_asked_for(text: str) -> None:
    """HubSpot breaks installs without it."""
    asked = scopes.parse_required(text)

    assert asked[0] == "oauth"
    assert asked.count("oauth") == 1
    assert set(text.split()) <= set(asked)


def test_further_scopes_have_hubspots_form() -> None:
    """One connect may ask for names of HubSpot's, each once."""
    asked = "crm.objects.deals.read tickets e-commerce tickets"

    assert scopes.parse_further(asked) == ("crm.objects.deals.read", "tickets", "e-commerce")
    assert scopes.parse_further(()) == ()


@pytest.mark.parametrize(
    "text",
    [
        ["a b"],
        "tick&ets",
        "crm..read",
        ".read",
        "x" * 101,
        [str(number) for number in range(scopes.MOST_FURTHER + 1)],
        [f"{'x' * 60}{number}" for number in range(10)],
    ],
)
def test_further_scopes_are_bounded(text: str | list[str]) -> None:
    """Neither another form, nor a long one, nor too many."""
    with pytest.raises(ValueError, match="scope"):
        scopes.parse_further(text)
