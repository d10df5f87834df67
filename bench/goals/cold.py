"""Goals 3 and 4: a token that has to come from the store, and be opened."""

import base64
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bench.askers import Asker, Portalkey
from bench.flask_dance_peer import FlaskDance
from bench.peers import AuthlibTable, RequestsOAuthlib
from bench.place import OWNER, Place
from bench.report import Result, Row, duration
from bench.rounds import Measure, interleaved, ratio, slow
from bench.workbench import POSTGRES, SQLITE, Workbench

LIMIT = "limit: select, derive the key, open"
LESS = "the same without deriving a key"
_PARTS = "part of portalkey: "

_SELECT = (
    "SELECT id, generation, sealed_access, access_expires_at, {clock} FROM {schema}"
    "portalkey_connections WHERE owner = {mark} AND client_id = {mark} AND status != 'disconnected'"
)
Select = Callable[[], Sequence[Any]]


def from_sqlite(bench: Workbench) -> Result:
    """Goal 3."""
    place = bench.place(SQLITE)
    asker = bench.asker(Portalkey, place)
    kinds: tuple[type[Asker], ...] = (AuthlibTable, RequestsOAuthlib, FlaskDance)
    peers = {kind.name: bench.asker(kind, place) for kind in kinds}
    path = Path(place.database_url.removeprefix("sqlite:///"))
    connection = bench.stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
    clock = "(julianday('now') - 2440587.5) * 86400.0"
    text = _SELECT.format(clock=clock, mark="?", schema="")

    def select() -> Sequence[Any]:
        return connection.execute(text, (OWNER, "client")).fetchall()

    found = _measured(bench, asker, place, select, peers)
    return _result("G3 cold from SQLite", found, 2.5)


def from_postgres(bench: Workbench) -> Result:
    """Goal 4."""
    place = bench.place(POSTGRES)
    asker = bench.asker(Portalkey, place)
    connection = bench.stack.enter_context(psycopg.connect(place.database_url, autocommit=True))
    connection.prepare_threshold = 0
    clock = "extract(epoch FROM clock_timestamp())::float8"
    text = _SELECT.format(clock=clock, mark="%s", schema="portalkey.").encode()

    def select() -> Sequence[Any]:
        return connection.execute(text, (OWNER, "client")).fetchall()

    peers = {FlaskDance.name: bench.asker(FlaskDance, place)}
    return _result("G4 cold from PostgreSQL", _measured(bench, asker, place, select, peers), 1.6)


def _measured(
    bench: Workbench,
    asker: Portalkey,
    place: Place,
    select: Select,
    peers: Mapping[str, Asker],
) -> dict[str, list[float]]:
    times = bench.times(800, 200)
    measures: dict[str, Measure] = {
        LIMIT: slow(_limit(place, select), times),
        LESS: slow(_less(place, select), times),
        Portalkey.name: slow(asker.token, times, asker.empty),
    }
    measures |= {name: slow(peer.token, times) for name, peer in peers.items()}
    measures |= {_PARTS + name: slow(call, times) for name, call in _parts(asker).items()}
    return interleaved(measures, bench.rounds, lambda: bench.tell("cold"))


def _parts(asker: Portalkey) -> dict[str, Callable[[], object]]:
    broker = asker.broker
    vault, store = broker.vault, broker.vault.store
    (seen,) = broker.connections(OWNER)
    return {
        "the count of commits": store.version,
        "the row, as a connection": lambda: store.connections(OWNER, "client"),
        "opening the seal": lambda: vault.open_access(seen),
        "a hot token": asker.token,
    }


def _limit(place: Place, select: Select) -> Callable[[], object]:
    master = base64.urlsafe_b64decode(place.key)

    def call() -> bytes:
        ((row_id, generation, sealed, _, _),) = select()
        info = _prefixed("portalkey", "v1", "client", row_id, "access_token", str(generation))
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master)
        return Fernet(base64.urlsafe_b64encode(key)).decrypt(sealed.split(".")[2])

    assert call().startswith(b"at.1.")
    return call


def _less(place: Place, select: Select) -> Callable[[], object]:
    fernet = Fernet(place.key)
    token = fernet.encrypt(b"x" * 300)

    def call() -> bytes:
        select()
        return fernet.decrypt(token)

    return call


def _prefixed(*parts: str) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part.encode() for part in parts)


def _result(goal: str, found: dict[str, list[float]], most: float) -> Result:
    ratios = {name: ratio(values, found[LIMIT]) for name, values in found.items()}
    ours = ratios[Portalkey.name]
    part = ratio(found[Portalkey.name], found[FlaskDance.name])
    return Result(
        goal=goal,
        wanted=f"at most {most} times a select over a kept connection and opening the seal, the "
        "derivation of its key included, and under a fifth of Flask-Dance's request",
        is_met=ours <= most and part < 1 / 5,
        verdict=f"{ours:.2f} times the limit, and {part:.2f} of Flask-Dance's request",
        columns=("one call", "times the limit"),
        rows=[
            Row(name, (duration(median(values)), f"{ratios[name]:.2f}"))
            for name, values in found.items()
        ],
        raw={"seconds": found, "ratios": ratios},
    )
