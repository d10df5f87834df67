"""How a config file says what a store keeps: JSON that people can read, and edit with care.

Every row is an object whose names are the fields of the value. What is None is left out; everything
else has to be there, and nothing but that, so a slip of the hand is found at its line.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.events import Event
from portalkey.vault.json_file.lines import line_of, line_of_repeated
from portalkey.vault.json_file.readers import Misplaced, names_of, reader, require_names
from portalkey.vault.snapshot import Endpoint, Snapshot
from portalkey.vault.store import OwedRevocation

FORMAT = 1
"""Grows with every change that an older portalkey could not read."""

_ABOUT = (
    "HubSpot connections, kept by portalkey. Tokens are sealed; what is plain may be edited while "
    "the app is stopped. See docs/configfile.md."
)
_ROWS = {
    "connections": Connection,
    "attempts": Attempt,
    "outbox": OwedRevocation,
    "provider": Endpoint,
    "events": Event,
}


class Wrong(Exception):
    """The file does not say what a config file says; *line* counts from 1."""

    def __init__(self, line: int, words: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {words}")


class Newer(Exception):
    """The file was written by a newer portalkey, in a *format* of which nothing is known here."""

    def __init__(self, known: int) -> None:
        self.format = known
        super().__init__()


class _Repeated(Exception):
    pass


def written(kept: Snapshot) -> bytes:
    """The file that says what is *kept*: two spaces a step, and one line an event."""
    head = [f'  "about": {json.dumps(_ABOUT)}', f'  "format": {FORMAT}']
    parts = [f'  "{name}": {_list(name, getattr(kept, name))}' for name in _ROWS]
    return ("{\n" + ",\n".join(head + parts) + "\n}\n").encode()


def _list(name: str, rows: Iterable[Any]) -> str:
    indent = None if name == "events" else 2
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=indent, default=dict)
    texts = [encoder.encode(_plain(row)) for row in rows]
    lines = ",\n    ".join(text.replace("\n", "\n    ") for text in texts)
    return f"[\n    {lines}\n  ]" if texts else "[]"


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    kind: Any = type(value)
    if kind is datetime:
        return value.isoformat()
    names = names_of(kind)
    if not names:
        return value
    found = {name: getattr(value, name) for name in names}
    return {name: _plain(each) for name, each in found.items() if each is not None}


def read(content: bytes) -> Snapshot:
    """What the file of this *content* says is kept.

    Raises:
        Wrong: It is torn, or was edited into something else; the line is named, nothing is quoted.
        Newer: It was written by a newer portalkey.
    """
    text = _text(content)
    try:
        kept = _kept(_parsed(text))
    except Misplaced as found:
        raise Wrong(line_of(text, found.place), found.words) from None
    return kept


def _text(content: bytes) -> str:
    if not content.strip():
        raise Wrong(1, "it is empty")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
    raise Wrong(before.count(b"\n") + 1, "this is not UTF-8 text")


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        line, words = error.lineno, f"{error.msg.removesuffix(' at')} at column {error.colno}"
    except _Repeated:
        line, words = line_of_repeated(text), "this name stands there a second time"
    except (ValueError, RecursionError):
        line, words = 1, "it holds a number that is none, or is nested too deeply"
    raise Wrong(line, words)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _Repeated
    return made


def _no_constant(_: str) -> None:
    raise ValueError


def _kept(document: Any) -> Snapshot:  # noqa: ANN401 - JSON
    if not isinstance(document, dict):
        raise Misplaced((), "must be an object in braces")
    known = document.get("format")
    if type(known) is not int or known < 1:
        where = ("format",) if "format" in document else ()
        raise Misplaced(where, f'"format" must be there, and be {FORMAT}')
    if known > FORMAT:
        raise Newer(known)
    require_names(document, {*_ROWS, "format"}, {"about"}, ())
    kept = Snapshot(**{name: _rows(document, name, kind) for name, kind in _ROWS.items()})
    _distinct(kept)
    return kept


def _rows(document: Mapping[str, Any], name: str, kind: type) -> tuple[Any, ...]:
    rows, read_row = document[name], reader(kind)
    if not isinstance(rows, list):
        raise Misplaced((name,), "must be a list in brackets")
    return tuple(read_row(row, (name, at)) for at, row in enumerate(rows))


def _distinct(kept: Snapshot) -> None:
    """Refuse rows that no store keeps side by side."""
    for at, each in enumerate(kept.connections):
        if not each.owner.strip() or "\0" in each.owner:
            raise Misplaced(("connections", at, "owner"), "must be the app's own id of somebody")
    keys: Mapping[str, Iterable[object]] = {
        "connections": [each.id for each in kept.connections],
        "attempts": [each.id for each in kept.attempts],
        "outbox": [each.id for each in kept.outbox],
        "provider": [each.client_id for each in kept.provider],
    }
    for name, ids in keys.items():
        _once(ids, name, "this row stands there a second time")
    places = [(each.owner, each.client_id, each.hub_id) for each in kept.connections]
    _once(places, "connections", "this owner has another connection to the same account")


def _once(keys: Iterable[object], name: str, words: str) -> None:
    seen: set[object] = set()
    for at, key in enumerate(keys):
        if key in seen:
            raise Misplaced((name, at), words)
        seen.add(key)
