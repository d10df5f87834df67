"""Format of a config file: JSON that people can read, and edit with care.

Every row is an object whose names are the fields of the value. What is None is left out; everything
else has to be there, and nothing but that, so a slip of the hand is found at its line.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection, is_owner
from portalkey.model.counters import Counter
from portalkey.model.events import Event
from portalkey.model.invitation import Invitation
from portalkey.model.notifications import Notification
from portalkey.vault.json_file.lines import line_of, line_of_repeated
from portalkey.vault.json_file.readers import Misplaced, names_of, reader, require_names
from portalkey.vault.snapshot import MetaRow, Snapshot, ThrottleRow
from portalkey.vault.store import OwedRevocation

FORMAT = 7
"""Grows with every change that an older portalkey could not read."""

_ABOUT = (
    "HubSpot connections, kept by portalkey. Tokens are sealed; what is plain may be edited while "
    "the app is stopped. See docs/configfile.md."
)
_ROWS = {
    "connections": Connection,
    "attempts": Attempt,
    "invitations": Invitation,
    "outbox": OwedRevocation,
    "notifications": Notification,
    "provider": ThrottleRow,
    "events": Event,
    "counters": Counter,
    "meta": MetaRow,
}
_SINCE = {
    2: frozenset({"counters"}),
    3: frozenset({"meta"}),
    6: frozenset({"notifications"}),
    7: frozenset({"invitations"}),
}
"""By format, the kinds of rows that came with it."""
_ONE_LINE_A_ROW = frozenset({"events", "notifications", "counters", "meta"})


class Wrong(Exception):
    """The file does not say what a config file says; *line* counts from 1."""

    def __init__(self, line: int, words: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {words}")


class Newer(Exception):
    """The file was written by a newer portalkey, in a *format* of which nothing is known here."""

    def __init__(self, file_format: int) -> None:
        self.format = file_format
        super().__init__()


class _Repeated(Exception):
    pass


def write(snapshot: Snapshot) -> bytes:
    """Return the file's content: two spaces a step, and one line an event or counter.

    Raises:
        ValueError: It cannot be written: half a character, or a number that is none.
    """
    head = [f'  "about": {json.dumps(_ABOUT)}', f'  "format": {FORMAT}']
    parts = [f'  "{name}": {_write_rows(name, getattr(snapshot, name))}' for name in _ROWS]
    text = "{\n" + ",\n".join(head + parts) + "\n}\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass  # raised below: the original holds all that is in the file
    raise ValueError("A text with half a character in it (a lone surrogate) cannot be stored.")


def _write_rows(name: str, rows: Iterable[Any]) -> str:
    indent = None if name in _ONE_LINE_A_ROW else 2
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=indent, default=dict)
    texts = [encoder.encode(_to_json(row)) for row in rows]
    lines = ",\n    ".join(text.replace("\n", "\n    ") for text in texts)
    return f"[\n    {lines}\n  ]" if texts else "[]"


def _to_json(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    kind: Any = type(value)
    if kind is datetime:
        return value.isoformat()
    names = names_of(kind)
    if not names:
        return value
    values = {name: getattr(value, name) for name in names}
    return {name: _to_json(each) for name, each in values.items() if each is not None}


def read(content: bytes) -> Snapshot:
    """Return the snapshot in a file of this *content*.

    Raises:
        Wrong: It is torn, or was edited into something else; the line is named, nothing is quoted.
        Newer: It was written by a newer portalkey.
    """
    text = _decode(content)
    try:
        snapshot = _read_snapshot(_parse(text))
    except Misplaced as error:
        raise Wrong(line_of(text, error.place), error.words) from None
    return snapshot


def _decode(content: bytes) -> str:
    if not content.strip():
        raise Wrong(1, "it is empty")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
    raise Wrong(before.count(b"\n") + 1, "this is not UTF-8 text")


def _parse(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        line, words = error.lineno, f"{error.msg.removesuffix(' at')} at column {error.colno}"
    except _Repeated:
        line, words = line_of_repeated(text), "this name stands there a second time"
    except (ValueError, RecursionError):
        line, words = 1, "it holds NaN, Infinity or too many digits, or is nested too deeply"
    raise Wrong(line, words)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise _Repeated
    return row


def _no_constant(_: str) -> None:
    raise ValueError


def _read_snapshot(document: Any) -> Snapshot:  # noqa: ANN401 - JSON
    if not isinstance(document, dict):
        raise Misplaced((), "must be an object in braces")
    file_format = document.get("format")
    if type(file_format) is not int or file_format < 1:
        where = ("format",) if "format" in document else ()
        raise Misplaced(where, f'"format" must be there, and be {FORMAT} at most')
    if file_format > FORMAT:
        raise Newer(file_format)
    newer = (names for since, names in _SINCE.items() if since > file_format)
    optional = frozenset[str]().union(*newer)
    require_names(document, {*_ROWS, "format"} - optional, {"about", *optional}, ())
    kinds = {name: kind for name, kind in _ROWS.items() if name in document}
    snapshot = Snapshot(**{name: _read_rows(document, name, kind) for name, kind in kinds.items()})
    _require_distinct(snapshot)
    return snapshot


def _read_rows(document: Mapping[str, Any], name: str, kind: type) -> tuple[Any, ...]:
    rows, read_row = document[name], reader(kind)
    if not isinstance(rows, list):
        raise Misplaced((name,), "must be a list in brackets")
    return tuple(read_row(row, (name, at)) for at, row in enumerate(rows))


def _require_distinct(snapshot: Snapshot) -> None:
    """Refuse rows that no store keeps side by side."""
    for at, each in enumerate(snapshot.connections):
        if not is_owner(each.owner):
            raise Misplaced(("connections", at, "owner"), "must be the app's own id of somebody")
    keys: Mapping[str, Iterable[object]] = {
        "connections": [each.id for each in snapshot.connections],
        "attempts": [each.id for each in snapshot.attempts],
        "invitations": [each.id for each in snapshot.invitations],
        "outbox": [each.id for each in snapshot.outbox],
        "notifications": [each.id for each in snapshot.notifications],
        "provider": [each.client_id for each in snapshot.provider],
        "counters": [each.id for each in snapshot.counters],
        "meta": [each.id for each in snapshot.meta],
    }
    for name, ids in keys.items():
        _require_once(ids, name, "this row stands there a second time")
    places = [(each.owner, each.client_id, each.hub_id) for each in snapshot.connections]
    _require_once(places, "connections", "this owner has another connection to the same account")


def _require_once(keys: Iterable[object], name: str, words: str) -> None:
    before: set[object] = set()
    for at, key in enumerate(keys):
        if key in before:
            raise Misplaced((name, at), words)
        before.add(key)
