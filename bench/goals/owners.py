"""Goal 10: nobody's request goes out with somebody else's token."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bench.apps import OWNER_HEADER
from bench.flask_dance_peer import prepare
from bench.load import Reply, get, send
from bench.place import Place, connect, make_broker
from bench.report import Result, Row
from bench.servers import SERVERS, serving
from bench.workbench import Workbench

API_DELAY = 0.05
OWNERS = 200
CALLS = 100_000


@dataclass(frozen=True, slots=True)
class Way:
    """How an app is called: so many requests at once, and so many calls of the API in each."""

    app: str
    threads: int
    calls_each: int


# Ours make many calls in little time; of the other's, a few show it.
_OURS, _PEER = Way("portalkey", 128, 10), Way("flask_dance", 8, 1)
_PEER_CALLS = 400


def right_owner(bench: Workbench) -> Result:
    """Goal 10."""
    place, calls = bench.place(), bench.times(CALLS) // len(SERVERS)
    broker = make_broker(place)
    connect(broker, range(1, OWNERS + 1))
    broker.close()
    peers = bench.place()
    prepare(peers, OWNERS)
    bench.rested(api_delay=API_DELAY)
    ours, theirs = {}, {}
    for server in SERVERS:
        bench.tell(f"G10 {server}")
        ours[server] = _called(server, _OURS, place, calls)
        theirs[server] = _called(server, _PEER, peers, bench.times(_PEER_CALLS, 200))
    wrong, all_calls = (sum(each[what] for each in ours.values()) for what in ("wrong", "calls"))
    failed = sum(each["failed"] for each in ours.values())
    return Result(
        goal="G10 nobody else's token",
        wanted=f"0 wrong-owner tokens in {CALLS:,} calls under three servers with 50 ms API calls",
        is_met=not wrong and not failed,
        verdict=f"{wrong} wrong and {failed} failed of {all_calls:,} calls",
        columns=("calls", "with somebody else's token", "failed"),
        rows=[
            *[_row(f"portalkey, {server}", counts) for server, counts in ours.items()],
            *[_row(f"Flask-Dance, {server}", counts) for server, counts in theirs.items()],
        ],
        raw={"portalkey": ours, "Flask-Dance": theirs},
    )


def _called(server: str, way: Way, place: Place, calls: int) -> Counter[str]:
    counts: Counter[str] = Counter()

    def requests() -> Iterator[tuple[bytes, int]]:
        for number in range(calls // way.calls_each):
            owner = number % OWNERS + 1
            yield get(f"/call?times={way.calls_each}", f"{OWNER_HEADER}: owner-{owner}"), owner

    def take(owner: int, reply: Reply) -> None:
        counts["calls"] += way.calls_each
        if reply.status != 200:
            counts["failed"] += way.calls_each
        else:
            counts["wrong"] += sum(each != owner for each in json.loads(reply.body)["hub_ids"])

    with serving(server, way.app, place, way.threads) as port:
        send(port, requests(), take, way.threads)
    return counts


def _row(name: str, counts: Counter[str]) -> Row:
    share = counts["wrong"] / counts["calls"]
    return Row(
        name,
        (f"{counts['calls']:,}", f"{counts['wrong']:,} ({share:.0%})", f"{counts['failed']:,}"),
    )
