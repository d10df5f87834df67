"""What a config file may say, and at which line it says something else."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Account, Connection, SealedGrant
from portalkey.model.events import Event, EventName
from portalkey.model.invitation import Invitation
from portalkey.model.notifications import Notification
from portalkey.model.throttle import Throttle
from portalkey.vault.json_file import format as file_format
from portalkey.vault.json_file.format import Newer, Wrong
from portalkey.vault.snapshot import MetaRow, Snapshot, ThrottleRow
from portalkey.vault.store import OwedRevocation

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
NEVER = datetime.fromtimestamp(0, UTC)
SNAPSHOT = Snapshot(
    connections=(
        Connection(
            id="connection",
            owner="ada",
            client_id="app",
            account=Account(1, hub_domain="example.com"),
            scopes=("oauth", "crm.objects.contacts.read"),
            sealed=SealedGrant("access", "refresh", "fingerprint", "first"),
            access_expires_at=NOW,
            connected_at=NOW,
            updated_at=NOW,
            seen_at=NEVER,
        ),
    ),
    attempts=(
        Attempt(
            id="attempt",
            owner="ada",
            state_hash="state",
            cookie_hash="cookie",
            browser_hash="browser",
            sealed_verifier=None,
            redirect_uri="http://localhost:6001/auth/hubspot/callback",
            opener_origin="",
            next="/",
            language="en",
            created_at=NOW,
            expires_at=NOW,
            seen_at=NEVER,
        ),
    ),
    invitations=(Invitation("invitation", "app", "ada", "secret", NOW, NOW, NEVER, hub_id=7),),
    outbox=(OwedRevocation("owed", "app", None, "sealed", "fingerprint", "first", 0, NOW),),
    notifications=(
        Notification(
            *("billing evt_1_1", "app", "billing", "lane", 1, "evt_1_1"),
            *(EventName.HEALED, NOW, NOW, 0),
            hub_id=7,
            facts={"word": "x"},
        ),
    ),
    provider=(ThrottleRow("app", Throttle(19.5, NOW)),),
    events=(Event(EventName.CONNECTED, "ada", facts={"n": 1, "none": None}, at=NOW),),
    meta=(MetaRow("key_check app first", "value"),),
)
TEXT = file_format.write(SNAPSHOT).decode()
SCOPES = TEXT[TEXT.index('"scopes"') : TEXT.index("]") + 1]


def line(part: str) -> int:
    """The line of TEXT that *part* is in."""
    return TEXT[: TEXT.index(part)].count("\n") + 1


def complaint(content: str | bytes) -> str:
    """What is said of a file of this *content*."""
    with pytest.raises(Wrong) as wrong:
        file_format.read(content.encode() if isinstance(content, str) else content)
    assert "canary" not in str(wrong.value)
    return str(wrong.value)


def test_what_is_written_is_read() -> None:
    """Every field of every row, in their order; what is None is left out."""
    assert file_format.read(TEXT.encode()) == SNAPSHOT
    assert "null" not in TEXT.replace('"none": null', "")
    assert "seen_at" not in TEXT


def test_an_empty_store_is_written_and_read() -> None:
    """Every list is there."""
    assert file_format.read(file_format.write(Snapshot())) == Snapshot()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("  ", "\t"),
        lambda text: text.replace("+00:00", "Z").replace("12:30:00Z", "13:30:00+01:00"),
        lambda text: text.replace('"failures": 0', '"failures": 0, "status_reason": null'),
        lambda text: text.replace("kept by portalkey", "kept by us"),
    ],
    ids=["mark", "carriage returns", "tabs", "zones", "null", "about"],
)
def test_what_an_editor_may_do(change: Callable[[str], str]) -> None:
    """It means the same, however it is laid out."""
    assert file_format.read(change(TEXT).encode()) == SNAPSHOT


WRONG = [
    ('"owner": "ada",\n      "client_id"', '"client_id"', '"owner": "ada"', '"owner" is missing'),
    ('"owner": "ada"', '"owner": 7', None, "must be text"),
    ('"owner": "ada"', '"owner": null', None, "must not be null"),
    ('"owner": "ada"', '"owner": " "', None, "must be the app's own id"),
    ('"owner": "ada"', '"owner": "a\\u0000"', None, "must be the app's own id"),
    ('"owner": "ada"', '"owner": "ada", "canary": 1', None, "this name is not known here"),
    ('"owner": "ada"', '"owner": "ada", "owner": "canary"', None, "stands there a second time"),
    ('"hub_id": 1', '"hub_id": true', None, "must be a whole number"),
    ('"hub_id": 1', '"hub_id": 1.5', None, "must be a whole number"),
    ('"hub_id": 1', '"hub_id": -1', None, "must be a whole number, 0 or more"),
    ('"bucket": 19.5', '"bucket": "canary"', None, "must be a number"),
    ('"bucket": 19.5', '"bucket": 1e999', None, "must be a number"),
    ('"owner": "ada"', '"owner": "\\ud800"', None, "must be text"),
    ('"n": 1', '"n": 1e999', None, "must be one plain value"),
    ('"bucket": 19.5', '"bucket": NaN', "{", "it holds NaN"),
    ('"status": "connected"', '"status": "canary"', None, "must be one of connected, failing"),
    ('"status": "connected"', '"status": []', None, "must be one of connected, failing"),
    ('"name": "connected"', '"name": "canary"', None, "must be one of attempt_started,"),
    ('"n": 1', '"n": [1]', None, "must be one plain value"),
    ('{"n": 1, "none": null}', "7", '"n": 1', "must be an object in braces"),
    ('"crm.objects.contacts.read"', "1", None, "must be text"),
    (SCOPES, '"scopes": "oauth"', None, "must be a list in brackets"),
    ('"sealed": {', '"sealed": 7, "_": {', None, "this name is not known here"),
    ('"due_at": "2026', '"due_at": "canary', None, "must be a time with its zone"),
    ('12:30:00+00:00",\n      "conn', '12:30:00",\n      "conn', None, "must be a time with its"),
    ('"due_at": "2026-03-01T12:30:00', '"due_at": "0001-01-01T00:00:00', None, ""),
    ('"format": 7', '"format": "1"', None, '"format" must be there, and be 7 at most'),
    ('"format": 7', '"format": 0', None, '"format" must be there'),
    ('  "format": 7,\n', "", "{", '"format" must be there'),
    ('"format": 7,', '"format": 7', '"connections"', "Expecting ',' delimiter at column 3"),
    ('"owner": "ada"', '"owner": "ada', None, "Invalid control character at column"),
    ('"events"', '"event"', "{", '"events" is missing here'),
]


@pytest.mark.parametrize(("old", "new", "at", "words"), WRONG)
def test_a_slip_of_the_hand(old: str, new: str, at: str | None, words: str) -> None:
    """It is found at its line, what should be there is said, and what is there is not quoted."""
    spoilt = TEXT.replace(old, new, 1)
    assert spoilt != TEXT
    if not words:
        assert file_format.read(spoilt.encode())
        return

    expected = line(at or old)
    if words.startswith('"owner" is missing'):
        expected -= 2  # the row's first brace
    found = complaint(spoilt)
    assert found.startswith(f"line {expected}: ")
    assert words in found


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "line 1: it is empty"),
        (" \n", "line 1: it is empty"),
        ("[]", "line 1: must be an object in braces"),
        ("7", "line 1: must be an object in braces"),
        (TEXT + TEXT, f"line {TEXT.count(chr(10)) + 1}: Extra data at column 1"),
        (
            "[" * 100_000,
            "line 1: it holds NaN, Infinity or too many digits, or is nested too deeply",
        ),
        ("\n\n\xff".encode("latin-1"), "line 3: this is not UTF-8 text"),
    ],
)
def test_a_file_of_something_else(content: str | bytes, words: str) -> None:
    """It is refused, not taken for an empty one."""
    assert complaint(content).startswith(words)


def test_a_torn_file_is_never_taken_for_a_whole_one() -> None:
    """Wherever it was cut off, be it one brace before its end."""
    for end in range(len(TEXT) - 1):
        assert complaint(TEXT[:end]).startswith("line ")


def test_a_section_is_a_list() -> None:
    """A single row without its brackets is none."""
    empty = file_format.write(Snapshot()).decode()

    assert complaint(empty.replace('"outbox": []', '"outbox": {}')) == (
        "line 7: must be a list in brackets"
    )
    assert complaint(empty.replace('"outbox": []', '"outbox": [\n7]')) == (
        "line 8: must be an object in braces"
    )


@pytest.mark.parametrize(
    "name", ["connections", "attempts", "outbox", "notifications", "provider", "meta"]
)
def test_a_row_stands_there_once(name: str) -> None:
    """A row that was pasted twice is refused at its second place."""
    twice = Snapshot(**{name: getattr(SNAPSHOT, name) * 2})
    text = file_format.write(twice).decode()

    found = complaint(text)
    before = text[: text.rindex("\n    {")]
    assert found == f"line {before.count(chr(10)) + 2}: this row stands there a second time"


def test_an_owner_has_one_connection_to_an_account() -> None:
    """A row that was pasted under another id is no second connection."""
    second = TEXT.replace('"id": "connection"', '"id": "other"')
    row = second[second.index("    {") : second.index("    }\n  ],") + 5]
    both = TEXT.replace('"connections": [\n', f'"connections": [\n{row},\n', 1)

    assert "this owner has another connection to the same account" in complaint(both)


def test_a_newer_format_says_which() -> None:
    """Nothing else is looked at."""
    with pytest.raises(Newer) as newer:
        file_format.read(b'{"format": 8, "what": "ever"}')

    assert newer.value.format == 8


@pytest.mark.parametrize(
    ("number", "since"),
    [
        (1, ("counters", "meta", "notifications", "invitations")),
        (2, ("meta", "notifications", "invitations")),
        (5, ("notifications", "invitations")),
        (6, ("invitations",)),
    ],
)
def test_an_older_format_is_read(number: int, since: tuple[str, ...]) -> None:
    """What came later is not there yet."""
    older = TEXT.replace('"format": 7', f'"format": {number}')
    for name in since:
        older = re.sub(rf',\n  "{name}": \[[^]]*\]', "", older)

    later = {"meta": (), "notifications": (), "invitations": ()}
    expected = replace(SNAPSHOT, **{name: later[name] for name in later.keys() & set(since)})
    assert file_format.read(older.encode()) == expected


def test_nothing_is_written_that_could_not_be_read() -> None:
    """A number that JSON does not know is refused before it gets into the file."""
    event = Event(EventName.CONNECTED, facts={"seconds": float("nan")}, at=NOW)

    with pytest.raises(ValueError, match="not JSON compliant"):
        file_format.write(Snapshot(events=(event,)))
