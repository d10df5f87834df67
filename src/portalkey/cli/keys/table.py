"""Status of keys in words and columns, within 80 of them."""

from collections import Counter
from collections.abc import Iterator, Sequence

from portalkey.broker.keys import KeyStatus
from portalkey.cli.lines import fold

_WIDTH = 80
_HEAD = ("Key", "Here", "Connections", "Attempts", "Outbox")
_FORKED = (
    "Each process is listed from its start. One that was forked from another, as by gunicorn's "
    "--preload or Celery's pool, has its keys from there, and is listed within a minute of work."
)
SESSIONS = (
    "Some processes keep connections in visitors' sessions. What a key has sealed there cannot be "
    "counted or rotated: it goes over with its next renewal, or ends with its session."
)


def lines_of(status: KeyStatus) -> Iterator[str]:
    """Yield the lines that an operator reads."""
    rows = [
        (
            each.label,
            each.role.value,
            *[f"{n:,}" for n in (each.count.connections, each.count.attempts, each.count.outbox)],
        )
        for each in status.keys
    ]
    yield from _columns([_HEAD, *rows])
    yield ""
    if not status.processes:
        yield from ("No process of the app is known to live.", "", fold(_FORKED, _WIDTH))
        return
    yield "Processes that live, and what their keys do:"
    groups = Counter((each.label, each.keys) for each in status.processes)
    for (label, keys), number in groups.items():
        yield f"  {number:,} of {label}: {keys[0]} seals"
        if keys[1:]:
            yield f"    only {'open' if keys[2:] else 'opens'}: {', '.join(keys[1:])}"
    for process in status.processes:
        if lacking := status.find_lacking(process):
            yield f"  {process.name} lacks {', '.join(lacking)}"
    yield from ("", fold(_FORKED, _WIDTH))
    if any(each.has_sessions for each in status.processes):
        yield from ("", fold(SESSIONS, _WIDTH))


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        words = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        words += [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        yield "  ".join(words)
