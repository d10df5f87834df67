"""Goal 11: the two routes of the popup, under three servers."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, cycle, islice
from statistics import median
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.apps import OWNER_HEADER
from bench.flask_dance_peer import FlaskDance
from bench.goals.person import CALLBACK, START, route_cpu
from bench.load import Load, Reply, get, send
from bench.place import Place
from bench.report import Result, Row, duration
from bench.rounds import percentile
from bench.servers import SERVERS, serving
from bench.workbench import SQLITE, Workbench

CONNECTIONS = 16
THREADS = {"waitress": 4, "gunicorn gthread": 16, "granian": 16}
REQUESTS = 600
_VISITORS = 16
_START, _TAIL = 0.065, 1.5
_CPU = {START: 0.0007, CALLBACK: 0.0018}
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with a browser: who the app takes them for, and their cookies."""

    owner: str
    cookies: tuple[str, ...] = ()

    @classmethod
    def new(cls) -> "Visitor":
        """Somebody who was never here."""
        return cls(secrets.token_hex(4))

    @property
    def headers(self) -> tuple[str, ...]:
        """What the browser sends along, from a page of the app's own."""
        own = (f"{OWNER_HEADER}: {self.owner}", "Sec-Fetch-Site: same-origin")
        return (*own, f"Cookie: {'; '.join(self.cookies)}") if self.cookies else own

    def given(self, reply: Reply) -> "Visitor":
        """The same with the cookies that *reply* sets."""
        new = [value.split(";")[0] for value in reply.headers("set-cookie")]
        return replace(self, cookies=(*self.cookies, *new))


@dataclass(frozen=True, slots=True)
class Both:
    """Start and callback of one app under one server, and how many callbacks *failed*.

    A failure of ours ends the measurement; a peer's counts as served.
    """

    start: Load
    callback: Load
    failed: int = 0


def routes(bench: Workbench) -> Result:
    """Goal 11."""
    ours, peers = bench.place(), bench.place()
    FlaskDance.prepare(peers)
    number = bench.times(REQUESTS, 100)
    found: dict[str, dict[str, list[Both]]] = {}
    for server in SERVERS:
        found[server] = {"portalkey": [], "flask_dance": []}
        for _ in range(max(1, bench.rounds // 2)):
            bench.tell(f"G11 {server}")
            found[server]["portalkey"].append(_portalkey(server, ours, number))
            found[server]["flask_dance"].append(_flask_dance(server, peers, number))
    ours_only = {server: each["portalkey"] for server, each in found.items()}
    start = max(median(_p99(run.start) for run in runs) for runs in ours_only.values())
    tails = {server: _tail(each) for server, each in found.items()}
    cpu = route_cpu(bench)
    return Result(
        goal="G11 the popup's routes",
        wanted=f"p99 of start at most {_START * 1e3:.0f} ms, p99 of callback at most {_TAIL} times "
        "Flask-Dance's (0 ms endpoint, 16 connections, three servers), and at most "
        f"{_CPU[START] * 1e3:.1f} and {_CPU[CALLBACK] * 1e3:.1f} ms of CPU",
        is_met=start <= _START
        and max(tails.values()) <= _TAIL
        and all(cpu[f"{what}, {SQLITE}"] <= most for what, most in _CPU.items()),
        verdict=f"at the worst server {start * 1e3:.0f} ms and {max(tails.values()):.1f} times; "
        f"{cpu[f'{START}, {SQLITE}'] * 1e3:.2f} and {cpu[f'{CALLBACK}, {SQLITE}'] * 1e3:.2f} ms of "
        "CPU",
        columns=("start, a second", "p99", "callback, a second", "p99"),
        rows=[
            _row(server, name, runs)
            for server, each in found.items()
            for name, runs in each.items()
        ]
        + [Row(f"CPU of one {what}", (duration(spent),)) for what, spent in cpu.items()],
        raw={"callback's p99, times Flask-Dance's": tails, "cpu": cpu},
    )


def _tail(each: Mapping[str, list[Both]]) -> float:
    pairs = zip(each["portalkey"], each["flask_dance"], strict=True)
    return median(_p99(ours.callback) / _p99(peer.callback) for ours, peer in pairs)


def _p99(load: Load) -> float:
    return percentile(load.latencies, 99)


def _portalkey(server: str, place: Place, number: int) -> Both:
    with serving(server, "portalkey", place, THREADS[server]) as port:
        visitors = [_with_link(port, Visitor.new()) for _ in range(_VISITORS)]
        starts = (
            (f"{link}&attempt={secrets.token_urlsafe(16)}", visitor)
            for link, visitor in islice(cycle(visitors), number)
        )
        return _both(port, starts, "/auth/hubspot/callback", 303)


def _with_link(port: int, visitor: Visitor) -> tuple[str, Visitor]:
    """A link into the journey, and the visitor with the cookie that it holds for."""
    replies: list[Reply] = []
    request = get("/link", *visitor.headers)
    send(port, iter([(request, visitor)]), lambda _, reply: replies.append(reply), 1)
    return replies[0].body.decode(), visitor.given(replies[0])


def _flask_dance(server: str, place: Place, number: int) -> Both:
    with serving(server, "flask_dance", place, THREADS[server]) as port:
        starts = (("/login/hubspot", Visitor.new()) for _ in range(number))
        return _both(port, starts, "/login/hubspot/authorized", 302, may_fail=True)


def _both(
    port: int,
    starts: Iterator[tuple[str, Visitor]],
    callback: str,
    status: int,
    *,
    may_fail: bool = False,
) -> Both:
    """Every journey begun, and then every one ended."""
    returns: list[tuple[bytes, None]] = []
    failed: list[Reply] = []

    def begun(visitor: Visitor, reply: Reply) -> None:
        assert reply.status == status, reply
        state = parse_qs(urlsplit(reply.headers("location")[0]).query)["state"][0]
        query = urlencode({"code": f"code.{next(_numbers)}", "state": state})
        back = get(f"{callback}?{query}", *visitor.given(reply).headers)
        returns.append((back, None))

    def ended(_: None, reply: Reply) -> None:
        if may_fail and reply.status >= 500:
            failed.append(reply)
            return
        assert reply.status == status, reply
        assert "error" not in reply.headers("location")[0], reply

    requests = ((get(path, *visitor.headers), visitor) for path, visitor in starts)
    start = send(port, requests, begun, CONNECTIONS)
    return Both(start, send(port, iter(returns), ended, CONNECTIONS), len(failed))


def _row(server: str, name: str, runs: list[Both]) -> Row:
    def of(load: Callable[[Both], Load]) -> tuple[str, str]:
        return (
            f"{median(load(each).rate for each in runs):,.0f}",
            f"{median(_p99(load(each)) for each in runs) * 1e3:.0f} ms",
        )

    start, callback = of(lambda each: each.start), of(lambda each: each.callback)
    failed = sum(each.failed for each in runs)
    told = f", {failed} callbacks failed" if failed else ""
    return Row(f"{name.replace('flask_dance', 'Flask-Dance')}, {server}{told}", (*start, *callback))
