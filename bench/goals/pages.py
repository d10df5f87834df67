"""Goals 24 and 25: what a page loads, and what people who wait at HubSpot cost."""

import gzip
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from itertools import repeat
from pathlib import Path
from urllib.parse import urljoin

from bench.goals.routes import Visitor
from bench.load import Reply, get, send
from bench.report import Result, Row, duration
from bench.servers import serving_process
from bench.workbench import Workbench
from portalkey.web.static_files import STATIC_FOLDER

SETUP = "/connections/setup"
FIRST_LOAD, CROWD, HALF_A_MINUTE, POLLS = 24 * 1024, 1000, 30.0, 3000
_RELS = {"stylesheet", "icon", "modulepreload"}
_IMPORT = re.compile(r"from \"(\./[\w-]+\.js)\"")
_FROM_BROWSER = ("Accept-Encoding: gzip, deflate, br, zstd",)


class _Links(HTMLParser):
    """The addresses that a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "link" and told.get("rel") in _RELS:
            self.found.append(told.get("href") or "")
        if tag == "script" and told.get("src"):
            self.found.append(told["src"] or "")


def first_load(bench: Workbench) -> Result:
    """Goal 24."""
    bench.tell("G24")
    with serving_process("waitress", "portalkey", bench.place(), 4) as (port, _):
        replies, plain = _loaded(port, _FROM_BROWSER), _loaded(port, ())
    total, before = _bytes(replies.values()), _bytes(plain.values())
    again = [path for path, reply in replies.items() if not _is_kept(reply)]
    return Result(
        goal="G24 the setup page",
        wanted="a first load of at most 24 KB, heads included; a second view asks for one thing",
        is_met=total <= FIRST_LOAD and again == [SETUP],
        verdict=f"{total / 1024:.1f} KB by {len(replies)} requests (not compressed "
        f"{before / 1024:.1f} KB); a second view asks for {len(again)}",
        columns=("bytes", "not compressed", "a second view"),
        rows=[
            Row(
                path.rpartition("/")[2],
                (
                    f"{_bytes([reply]):,}",
                    f"{_bytes([plain[path]]):,}",
                    "from the cache" if _is_kept(reply) else "asked for",
                ),
            )
            for path, reply in replies.items()
        ],
        raw={"bytes": total, "plain": before, "again": again},
    )


def _bytes(replies: Iterable[Reply]) -> int:
    return sum(len(each.head) + len(each.body) for each in replies)


def _loaded(port: int, headers: tuple[str, ...]) -> dict[str, Reply]:
    """The setup page and all that it leads to, each once, as a browser comes to it."""
    found: dict[str, Reply] = {}
    waiting = [SETUP]
    visitor = Visitor.new()
    while waiting:
        path = waiting.pop(0)
        if path in found or path.startswith("data:"):
            continue
        found[path] = _ask(port, path, *visitor.headers, *headers)
        assert found[path].status == 200, found[path]
        waiting += [urljoin(path, each) for each in _linked(found[path])]
    return found


def _ask(port: int, path: str, *headers: str) -> Reply:
    replies: list[Reply] = []
    send(port, iter([(get(path, *headers), None)]), lambda _, reply: replies.append(reply), 1)
    return replies[0]


def _linked(reply: Reply) -> list[str]:
    is_packed = reply.headers("content-encoding") == ["gzip"]
    text = (gzip.decompress(reply.body) if is_packed else reply.body).decode()
    if "html" in reply.headers("content-type")[0]:
        links = _Links()
        links.feed(text)
        return links.found
    return _IMPORT.findall(text)


def _is_kept(reply: Reply) -> bool:
    """Nobody asks whether it has changed."""
    return any("immutable" in each for each in reply.headers("cache-control"))


def waiting(bench: Workbench) -> Result:
    """Goal 25."""
    bench.tell("G25")
    schedule = Schedule((STATIC_FOLDER / "wait.js").read_text())
    polls = bench.times(POLLS, 300)
    seconds = _cost_of_poll(bench, polls)
    rates = {
        name: CROWD * len(list(schedule.asked(HALF_A_MINUTE, in_sight=in_sight))) / HALF_A_MINUTE
        for name, in_sight in (("in sight", True), ("cut off", False))
    }
    rate = rates["in sight"]
    return Result(
        goal="G25 a thousand people at HubSpot",
        wanted="at most 100 requests a second in the first half minute, and 0.1 of a core",
        is_met=rate <= 100 and rate * seconds <= 0.1,
        verdict=f"{rate:.0f} requests a second, {rate * seconds:.3f} of a core at "
        f"{duration(seconds)} of CPU each",
        columns=("requests a second", "cores"),
        rows=[
            Row(f"every window is {name}", (f"{each:.0f}", f"{each * seconds:.2f}"))
            for name, each in rates.items()
        ],
        why="The rates follow from the schedule in wait.js; the CPU is the server's own, waitress "
        f"with SQLite, over {polls:,} questions. After a window that a header of HubSpot's "
        "or of the app's cut off, a page has to ask every two seconds.",
        raw={"rates": rates, "seconds": seconds},
    )


class Schedule:
    """When a page asks, read from the script that does it."""

    def __init__(self, script: str) -> None:
        """Read the numbers of *script*; a script that is written otherwise is an error."""
        (first,) = _numbers(r"due = popup && Date\.now\(\) \+ (\S+);", script)
        (self._seldom,) = _numbers(r"away \? (\S+) : soon;", script)
        self._part, self._least, self._most = _numbers(
            r"Math\.min\(Math\.max\(\(Date\.now\(\) - began\) / (\S+), (\S+)\), (\S+)\);", script
        )
        (self._tick,) = _numbers(r"setInterval\(tick, (\S+)\)", script)
        self._first = first

    def asked(self, seconds: float, *, in_sight: bool) -> Iterator[float]:
        """The milliseconds after the click at which a page asks, within so many *seconds*.

        One that is cut off is seen to be, and asked after, as soon as HubSpot's page is there.
        """
        now, due = 0.0, self._first if in_sight else 0.0
        while (now := now + self._tick) <= seconds * 1e3:
            if now > due:
                yield now
                soon = min(max(now / self._part, self._least), self._most)
                due = now + (self._seldom if in_sight else soon)


def _numbers(pattern: str, script: str) -> tuple[float, ...]:
    found = re.search(pattern, script)
    assert found, f"wait.js has no {pattern}"
    return tuple(map(float, found.groups()))


def _cost_of_poll(bench: Workbench, times: int) -> float:
    """The server's seconds of CPU for one question about an attempt that is at HubSpot."""
    with serving_process("waitress", "portalkey", bench.place(), 4) as (port, pid):
        reply = _ask(port, "/link", *(visitor := Visitor.new()).headers)
        visitor, attempt = visitor.given(reply), secrets.token_urlsafe(16)
        reply = _ask(port, f"{reply.body.decode()}&attempt={attempt}", *visitor.headers)
        assert reply.status == 303, reply
        visitor = visitor.given(reply)
        request = get(f"/api/hubspot/status?attempt={attempt}", *visitor.headers)

        def take(_: None, reply: Reply) -> None:
            assert reply.status == 200, reply

        send(port, repeat((request, None), 100), take, 4)
        before = _cpu(pid)
        send(port, repeat((request, None), times), take, 4)
        return (_cpu(pid) - before) / times


def _cpu(pid: int) -> float:
    """The seconds of CPU that the process *pid* has had (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
