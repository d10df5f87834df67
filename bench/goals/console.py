"""Goal 26: the operator's console, and what it finds, over a hundred thousand connections."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle
from statistics import median

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text

from bench.place import Place, connect, make_broker
from bench.report import Result, Row, duration
from bench.rounds import percentile
from bench.workbench import POSTGRES, Workbench
from portalkey.broker import Broker
from portalkey.flask import HubSpotConsole
from portalkey.vault import SQLStore
from portalkey.vault.sql.tables import events

_MANY = 100_000
_CHUNK = 1000
_EVENTS = 3
"""Events of each connection, on average as many as a year of one that is seldom touched."""
_STRIDE = 7919
"""Between two owners who are looked for, so that no two share a page."""
_PAGE, _FIND = 0.1, 0.05
"""Seconds that 95 of 100 may take: a page, and a search."""
_SPREAD = """
UPDATE portalkey.portalkey_connections SET hub_domain = 'domain-' || hub_id % 20000 || '.example',
  status = CASE WHEN hub_id % 100 = 0 THEN 'needs_reconnect' WHEN hub_id % 100 = 1 THEN 'failing'
  ELSE 'connected' END
"""
_CURSOR = re.compile(r'href="([^"]*cursor=[^"]*)"')


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds that each call of a kind took, and how many it may take."""

    name: str
    limit: float
    seconds: list[float]

    @property
    def p95(self) -> float:
        """What 95 of 100 calls took at most."""
        return percentile(self.seconds, 95)

    @property
    def row(self) -> Row:
        """One line of the table."""
        figures = (duration(median(self.seconds)), duration(self.p95), duration(max(self.seconds)))
        return Row(self.name, figures)


def console(bench: Workbench) -> Result:
    """Goal 26."""
    size, times = bench.times(_MANY), bench.times(200, 40)
    place = bench.place(POSTGRES)
    broker = make_broker(place)
    bench.stack.callback(broker.close)
    _fill(bench, place, broker, size)
    calls = {name: (_FIND, call) for name, call in _searches(broker, size).items()}
    calls |= {name: (_PAGE, call) for name, call in _pages(broker, size).items()}
    found = []
    for name, (limit, call) in calls.items():
        bench.tell(f"G26 {name}")
        found.append(Timed(name, limit, [_time(call) for _ in range(times)]))
    slowest = {limit: max(e.p95 for e in found if e.limit == limit) for limit in (_FIND, _PAGE)}
    return Result(
        goal=f"G26 the console over {size:,} connections",
        wanted="95 of 100 pages within 100 ms, and 95 of 100 searches within 50 ms, on PostgreSQL",
        is_met=all(each.p95 <= each.limit for each in found) if size == _MANY else None,
        verdict=f"the slowest page {duration(slowest[_PAGE])}, "
        f"the slowest search {duration(slowest[_FIND])} at the 95th percentile",
        columns=("middle", "95th percentile", "longest"),
        rows=[each.row for each in found],
        why="A page is a request to a Flask app in this process, its rendering included. The "
        "longest of keys and health is the look that all others of that minute go by.",
        raw={"seconds": {each.name: each.seconds for each in found}},
    )


def _time(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _fill(bench: Workbench, place: Place, broker: Broker, size: int) -> None:
    for begin in range(1, size + 1, _CHUNK):
        bench.tell(f"G26 connecting {begin:,} of {size:,}")
        connect(broker, range(begin, min(begin + _CHUNK, size + 1)))
    store = broker.vault.store
    assert isinstance(store, SQLStore)
    store._database.write(lambda tx: tx.execute(text(_SPREAD)))
    cursor: str | None = None
    while True:
        page = broker.find(cursor=cursor, limit=_CHUNK)
        rows = [
            {"at": 1.0 + n, "name": "connected", "owner": row.owner, "connection_id": row.id}
            | {"facts": "{}"}
            for row in page.connections
            for n in range(_EVENTS)
        ]
        store._database.write(lambda tx, rows=rows: tx.execute(insert(events), rows))  # type: ignore[misc]
        cursor = page.cursor
        if cursor is None:
            break
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")  # as the server does by itself after a while


def _numbers(size: int) -> Iterator[int]:
    return (n * _STRIDE % size + 1 for n in count())


def _searches(broker: Broker, size: int) -> dict[str, Callable[[], object]]:
    numbers = _numbers(size)
    cursors = cycle(_cursors(broker))
    return {
        "find, a page in between": lambda: broker.find(cursor=next(cursors), limit=50),
        "find an owner": lambda: broker.find(owner=f"owner-{next(numbers)}"),
        "find an account": lambda: broker.find(hub_id=next(numbers)),
        "find a domain": lambda: broker.find(domain=f"domain-{next(numbers) % 20000}.example"),
        "find by status": lambda: broker.find(status="needs_reconnect", limit=50),
        "find by key": lambda: broker.find(key="bench", limit=50),
    }


def _cursors(broker: Broker) -> list[str]:
    """Places all over the list, for pages of any size."""
    found: list[str] = []
    cursor = broker.find(limit=_CHUNK).cursor
    while cursor is not None and len(found) < 50:
        found.append(cursor)
        cursor = broker.find(limit=_CHUNK, cursor=cursor).cursor
    return found or [str(broker.find(limit=1).cursor)]


def _pages(broker: Broker, size: int) -> dict[str, Callable[[], object]]:
    app = Flask("console")
    HubSpotConsole(app, broker, allow=lambda _: "bench")
    http, numbers = app.test_client(), _numbers(size)
    ids = cycle([row.id for row in broker.find(limit=_CHUNK).connections])
    onward = _Onward(http)
    paths = {
        "page of connections": lambda: "",
        "the next page": onward.path,
        "page of one status": lambda: "?status=failing",
        "page of a search": lambda: f"?q=owner-{next(numbers)}",
        "page of an account": lambda: f"?q={next(numbers)}",
        "page of a connection": lambda: f"/connections/{next(ids)}",
        "page that asks to disconnect": lambda: f"/connections/{next(ids)}/disconnect",
        "page of keys": lambda: "/keys",
        "page of health": lambda: "/health",
    }
    return {name: _asking(http, path) for name, path in paths.items()}


def _asking(http: FlaskClient, path: Callable[[], str]) -> Callable[[], object]:
    def ask() -> None:
        answer = http.get(f"/console{path()}")
        assert answer.status_code == 200, answer.text

    return ask


class _Onward:
    """Pages of the list, one after another."""

    def __init__(self, http: FlaskClient) -> None:
        self._http = http
        self._paths = self._walk()

    def path(self) -> str:
        """The address of the next one, which was not asked for yet."""
        return next(self._paths)

    def _walk(self) -> Iterator[str]:
        while True:
            path = "/console"
            for _ in range(40):
                match = _CURSOR.search(self._http.get(path).text)
                if match is None:
                    break
                path = match[1].replace("&amp;", "&")
                yield path.removeprefix("/console")
