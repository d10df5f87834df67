"""Outcomes of a row: asking HubSpot, and writing in order."""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.broker.adopt import Known
from portalkey.cli.import_ import import_
from portalkey.cli.importing import SOURCES, MoveIn, Names, Outcome, Result, Row, read_rows
from portalkey.cli.importing.move_in import BATCH
from portalkey.cli.importing.outcomes import GOOD
from portalkey.cli.importing.rows import owner_of, read_members
from portalkey.cli.importing.token_inspector import TRIES, TokenInspector, Useless
from portalkey.errors import HubSpotRefused, HubSpotUnavailable, RateLimited
from portalkey.hubspot.client import HubSpotClient, Send
from portalkey.hubspot.http import Request, Response
from portalkey.model.connection import Account, ConnectionStatus
from portalkey.settings import Settings
from portalkey.testing.samples import connect
from portalkey.vault import MemoryStore
from portalkey.vault.adoption import Adoption
from portalkey.vault.store import Mark
from portalkey_simulator import HubSpot
from support.old_app import issued, make
from support.patience import PATIENCE

TOKEN = SecretStr("canary-refresh-token")


@pytest.fixture
def naps() -> list[float]:
    """How long was waited, each time."""
    return []


@pytest.fixture
def client() -> Iterator[HubSpotClient]:
    """A client of the test's own."""
    with closing(HubSpotClient()) as made:
        yield made


@pytest.fixture
def importer(
    broker: Broker, settings: Settings, client: HubSpotClient, naps: list[float]
) -> Callable[..., MoveIn]:
    """Makes an import into the broker's store, which does not really sleep."""

    def made(send: Send = client.send) -> MoveIn:
        inspector = TokenInspector(settings, send, sleep=naps.append)
        return MoveIn(broker, inspector, imported_from="csv")

    return made


def rows_of(hubspot: HubSpot, number: int) -> list[Row]:
    """So many rows that can be imported."""
    return [
        Row(f"row {each.user_id}", str(each.user_id), SecretStr(each.refresh_token or ""))
        for each in issued(hubspot, number)
    ]


def answering(*answers: Response) -> Send:
    """Answers in this order, whatever is asked."""
    left = iter(answers)

    def send(request: Request) -> Response:
        del request
        return next(left)

    return send


def said(status: int, body: str, **headers: str) -> Response:
    """An answer of HubSpot's."""
    return Response(status, headers, body.encode())


ALIVE = said(200, '{"active": true, "hub_id": 7, "scopes": ["oauth"]}')
KNOWN = Known(Account(7), ("oauth",))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (said(200, '{"active": false}'), Outcome.DEAD),
        (said(400, '{"status": "BAD_REFRESH_TOKEN"}'), Outcome.DEAD),
        (said(400, '{"status": "MISMATCH_REFRESH_TOKEN_CLIENT"}'), Outcome.OTHER_APP),
        (said(200, '{"active": true, "hub_id": 7, "client_id": "other"}'), Outcome.OTHER_APP),
        (said(200, '{"active": true, "hub_id": 7, "token_use": []}'), Outcome.WRONG_KIND),
        (said(200, '{"active": true}'), Outcome.UNCLEAR),
        (said(200, "[]"), Outcome.UNCLEAR),
        (said(418, "{}"), Outcome.UNCLEAR),
    ],
)
def test_an_answer_that_ends_a_row(settings: Settings, answer: Response, outcome: Outcome) -> None:
    """It is this row's trouble alone, and says so in a sentence."""
    found = TokenInspector(settings, answering(answer)).look_up(TOKEN)

    assert isinstance(found, Useless)
    assert found.outcome is outcome
    assert found.why.endswith(".")


def test_hubspot_is_not_well_for_a_moment(settings: Settings, naps: list[float]) -> None:
    """Each row is asked about again, after as long as HubSpot asks for, and longer each time.

    A page in place of JSON is of something on the way, and says nothing of the token.
    """
    answers = (said(503, ""), said(429, "", **{"retry-after": "7"}), said(200, "<html>"), ALIVE)

    assert TokenInspector(settings, answering(*answers), sleep=naps.append).look_up(TOKEN) == KNOWN
    assert naps == [5.0, 7.0, 4.0]


def test_an_account_that_is_locked(settings: Settings, naps: list[float]) -> None:
    """Its row is for another time; the others go on."""
    locked = answering(*[said(423, "")] * TRIES)

    found = TokenInspector(settings, locked, sleep=naps.append).look_up(TOKEN)

    assert isinstance(found, Useless)
    assert found.outcome is Outcome.LATER
    assert naps == [2.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("answers", "error", "slept"),
    [
        ([said(503, "")] * TRIES, HubSpotUnavailable, [5.0, 5.0, 5.0]),
        ([said(429, "", **{"retry-after": "61"})], RateLimited, []),
        ([said(400, '{"status": "BAD_CLIENT_SECRET"}')], HubSpotRefused, []),
    ],
    ids=["away", "for long", "refused"],
)
def test_trouble_that_every_row_would_meet(
    settings: Settings,
    naps: list[float],
    answers: Sequence[Response],
    error: type[Exception],
    slept: list[float],
) -> None:
    """It is raised, and nobody sits a long wait out."""
    with pytest.raises(error):
        TokenInspector(settings, answering(*answers), sleep=naps.append).look_up(TOKEN)

    assert naps == slept


def test_hubspot_goes_away_in_the_middle(
    importer: Callable[..., MoveIn], hubspot: HubSpot, broker: Broker, naps: list[float]
) -> None:
    """What was told of is done, in the order of the source; the next run does the rest."""
    rows = rows_of(hubspot, BATCH + 10)
    told: list[Result] = []

    def tell(result: Result) -> None:
        told.append(result)
        if len(told) == BATCH:
            hubspot.stop()

    with pytest.raises(HubSpotUnavailable):
        importer().run(rows, tell)
    assert [result.row for result in told] == [row.name for row in rows[:BATCH]]
    assert naps
    hubspot.start()
    importer().run(rows, told.append)

    outcomes = Counter(result.outcome for result in told)
    assert outcomes == {Outcome.IMPORTED: len(rows), Outcome.ALREADY_CONNECTED: BATCH}
    assert all(len(broker.connections(row.owner)) == 1 for row in rows)


def test_answers_come_in_another_order(
    importer: Callable[..., MoveIn], hubspot: HubSpot, client: HubSpotClient
) -> None:
    """The report keeps the order of the source, whoever was answered first."""
    rows = rows_of(hubspot, 2)
    second_is_through = Event()

    def send(request: Request) -> Response:
        answer = client.send(request)
        assert rows[0].refresh_token
        if request.form["token"] != rows[0].refresh_token.get_secret_value():
            second_is_through.set()
        assert second_is_through.wait(PATIENCE)
        return answer

    told: list[Result] = []
    importer(send).run(rows, told.append)

    assert [result.row for result in told] == ["row 1", "row 2"]


class Overtaken(MemoryStore):
    """A store in which somebody connects just before we do."""

    def connect(self, *_: object, **__: object) -> bool:
        """Too late."""
        return False


def test_somebody_connects_at_the_same_moment(broker: Broker, settings: Settings) -> None:
    """Theirs stays."""
    store = Overtaken()
    broker.close()  # the store that it was made over is left behind
    broker.wrap_store(lambda _: store)
    row, found = Row("row 1", "ada", TOKEN), answering(ALIVE)
    told: list[Result] = []
    MoveIn(broker, TokenInspector(settings, found), imported_from="csv").run([row], told.append)

    assert [result.outcome for result in told] == [Outcome.ALREADY_CONNECTED]


@pytest.mark.parametrize("status", ["needs_reconnect", "disconnected", "connected"])
def test_what_is_here_is_told_as_it_is(broker: Broker, settings: Settings, status: str) -> None:
    """A connection that needs its person is not reported as fine."""
    store = broker.vault.store
    there = connect(store, owner="ada", client_id=settings.client_id, account=KNOWN.account)
    if status == "needs_reconnect":
        store.mark(there, Mark(ConnectionStatus.NEEDS_RECONNECT, reason="x"))
    elif status == "disconnected":
        store.disconnect(there, None)
    told: list[Result] = []

    MoveIn(broker, TokenInspector(settings, answering(ALIVE)), imported_from="csv").run(
        [Row("row 1", "ada", TOKEN)], told.append
    )

    expected = {"connected": Outcome.ALREADY_CONNECTED}.get(status) or Outcome(status)
    assert [result.outcome for result in told] == [expected]
    assert (expected in GOOD) == (status != "needs_reconnect")


def test_nothing_is_adopted_twice(broker: Broker, settings: Settings) -> None:
    """What an owner has with an account stays, by the store's own word."""
    vault = Adoption(broker.vault.keyring, broker.vault.store, settings.client_id)
    assert vault.adopt("ada", TOKEN, Account(7), ("oauth",), imported_from="csv")
    before = broker.connections("ada")

    assert vault.adopt("ada", SecretStr("other"), Account(7), (), imported_from="csv") is None
    (after,) = broker.connections("ada")
    assert [after.sealed] == [each.sealed for each in before]
    assert len(broker.vault.store.events(owner="ada")) == 1


def test_a_row_tells_no_token() -> None:
    """Neither a row nor what becomes of it shows one."""
    assert "canary" not in repr(Row("row 1", "ada", TOKEN))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ("[1]", None),
        ("{", None),
        ("null", {}),
        ('"\\"\\\\\\"{}\\\\\\""""', None),
        (None, {}),
    ],
)
def test_json_in_a_column(value: object, found: object) -> None:
    """A driver reads it or not, and older libraries kept JSON as text in JSON."""
    assert read_members(value) == found


def test_owners() -> None:
    """An id is the app's own as text; what looks like a UUID is one only in a column of UUIDs."""
    bare = "0b3f7d6e5c7a4f0e9a551d2c3b4a5968"

    assert owner_of(17) == "17"
    assert owner_of(None) == ""
    assert owner_of(bare) == bare
    assert owner_of(bare, is_bare_uuid=True) == "0b3f7d6e-5c7a-4f0e-9a55-1d2c3b4a5968"
    assert owner_of("ada", is_bare_uuid=True) == "ada"


def test_a_token_column_that_holds_none(hubspot: HubSpot, tmp_path: Path) -> None:
    """A row whose JSON is none, or has no refresh token, is one row's trouble."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    make("flask-dance", url, issued(hubspot, 3))
    with closing(sqlite3.connect(tmp_path / "old.db")) as database, database:
        database.execute("UPDATE flask_dance_oauth SET token = '{}' WHERE id = 1")
        database.execute("UPDATE flask_dance_oauth SET token = 'nonsense' WHERE id = 2")

    empty, broken, good = read_rows("flask-dance", url, Names())

    assert broken.flaw == "Its token is not a JSON object."
    assert (empty.refresh_token, empty.flaw) == (None, "")
    assert good.refresh_token


DOCS = (Path(__file__).parents[3] / "docs" / "moving-in.md").read_text()


def test_every_outcome_is_listed_with_its_exit_code() -> None:
    """Programs read the report, and go by these names."""
    rows = [line.split("|") for line in DOCS.splitlines() if line.endswith(("| 0 |", "| 1 |"))]
    listed = [(name.strip(" `"), code.strip()) for _, name, _, code, _ in rows]

    assert listed == [(each.value, "0" if each in GOOD else "1") for each in Outcome]


def test_the_commands_of_the_docs_are_the_commands() -> None:
    """Each source is shown, and each option that is named exists."""
    options = {name for each in import_.params for name in each.opts}
    shown = re.findall(r"^portalkey import (\S+)", DOCS, re.MULTILINE)

    assert tuple(shown) == SOURCES
    assert set(re.findall(r"--[a-z][a-z-]+", DOCS)) <= options


def test_the_file_of_the_docs_can_be_read(tmp_path: Path) -> None:
    """Its header and its lines are as they have to be."""
    (tmp_path / "tokens.csv").write_text(DOCS.partition("```csv\n")[2].partition("```")[0])

    first, second = read_rows("csv", str(tmp_path / "tokens.csv"), Names())

    assert (first.name, first.owner, first.hub_id) == ("line 2", "17", 4410001)
    assert (second.name, second.owner, second.hub_id) == ("line 3", "18", None)
    assert first.refresh_token
    assert second.refresh_token
