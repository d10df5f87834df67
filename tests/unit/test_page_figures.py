"""Numbers on pages are those of the files that the runs wrote, or these tests fail."""

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def read(page: str) -> str:
    """The text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def cells_of(goal: str) -> dict[str, list[str]]:
    """The rows of the benchmark's table of one *goal*, by their first cell."""
    results = json.loads(read("bench/results.json"))["results"]
    (found,) = [each for each in results if each["goal"] == goal]
    return {name: cells for name, *cells in found["rows"]}


def row_of(page: str, begins: str) -> list[str]:
    """The cells behind the first one of a row of *page*."""
    (line,) = [each for each in read(page).splitlines() if each.startswith(f"| {begins}")]
    return [cell.strip() for cell in line.strip("| ").split(" | ")][1:]


def test_the_comparison_says_what_the_benchmark_measured() -> None:
    """A new run of ``make bench`` asks for a new row, and nobody's figure is made up."""
    once, cold, late = (
        cells_of(goal)
        for goal in (
            "G6 one request, whoever asks",
            "G3 cold from SQLite",
            "G5 expired, renewed first",
        )
    )
    dance, authlib = "Flask-Dance, whole request (plain text)", "Authlib, own table (plain text)"
    crowd, single = ", 4 x 12", ", 4 x 12, single-use refresh tokens"
    page = "docs/comparison.md"

    assert row_of(page, "requests for one token that is over") == [
        once[f"{name}{crowd}"][1] for name in ("portalkey, SQLite", dance, authlib)
    ]
    assert row_of(page, "the same with refresh tokens for one use") == [
        once[f"{name}{single}"][4] for name in ("portalkey, SQLite", dance, authlib)
    ]
    assert row_of(page, "a token that is not in memory, SQLite") == [
        f"{cold['portalkey'][0]}, sealed",
        f"{cold[dance][0]}, clear text",
        f"{cold[authlib][0]}, clear text",
    ]
    assert row_of(page, "a renewal at an endpoint of 50 ms") == [
        late[name][0] for name in ("portalkey, SQLite", dance, authlib)
    ]


def test_the_comparison_counts_others_tokens_as_the_benchmark_did() -> None:
    """The sum over the servers."""
    calls = cells_of("G10 nobody else's token")

    def total(name: str) -> str:
        mine = [cells for row, cells in calls.items() if row.startswith(name)]
        wrong, tried = (sum(number(cells[at]) for cells in mine) for at in (1, 0))
        return f"{wrong:,} of {tried:,}"

    found = row_of("docs/comparison.md", "requests with another user's token")
    assert found[:2] == [total("portalkey"), total("Flask-Dance")]


def test_the_comparisons_sentences_have_the_figures_too() -> None:
    """Those that stand outside of its tables."""
    hot, calls = cells_of("G1 token open in this process"), cells_of("G10 nobody else's token")
    shares = [found[1] for name in calls if (found := re.search(r"\((\d+)%\)", calls[name][1]))]
    wrong = sorted(int(share) for share in shares if share != "0")
    text = read("docs/comparison.md")

    mine, theirs = hot["portalkey"][0], hot["Authlib, session kept in process"][0]
    assert f"takes {theirs}, portalkey's {mine} " in text
    assert f"Measured: {wrong[0]} to {wrong[-1]} of 100 requests" in text


def figure(name: str) -> Any:
    """The facts that ``make figures`` wrote, of a run in which nothing was bad."""
    found = json.loads(read(f"bench/figures/{name}.json"))
    assert not found["bad"]
    return {"done": found["done"], **found["facts"]}


def constant_of(path: str, name: str) -> ast.expr:
    """What a module of tests calls *name*, in an assignment of one or of several."""
    for node in ast.parse(read(path)).body:
        if isinstance(node, ast.AnnAssign) and node.value and ast.unparse(node.target) == name:
            return node.value
        if isinstance(node, ast.Assign):
            names = ast.unparse(node.targets[0]).strip("()").split(", ")
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            if name in names:
                return values[names.index(name)]
    raise LookupError(name)


def number_of(path: str, name: str) -> int:
    """The number that a module calls *name*."""
    return int(ast.literal_eval(constant_of(path, name)))


def size_of(path: str, name: str) -> int:
    """How many entries the dict has that a module calls *name*."""
    table = constant_of(path, name)
    assert isinstance(table, ast.Dict)
    return len(table.keys)


WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def told_of_the_herd() -> list[str]:
    """The first figure."""
    herd, test = figure("herd"), "tests/processes/test_herd.py"
    processes, threads = number_of(test, "PROCESSES"), number_of(test, "THREADS")
    return [
        f"in {herd['expiries']:,} expiries ",
        f"asked for a new token {herd['requests']:,} times",
        f"up to {processes * threads} callers in {processes} processes",
    ]


def told_of_schedules() -> list[str]:
    """The second."""
    schedules = figure("schedules")
    return [
        f"{schedules['done']:,} schedules of faults, {schedules['distinct']:,} of them different",
        f"lost on the way {schedules['lost in flight, all told as such']:,} times",
        f"{size_of('tests/simulation/mutants.py', 'MUTANTS')} guards are taken out",
    ]


def told_of_kills() -> list[str]:
    """The third."""
    kills = figure("kills")
    sqlite, postgres = kills["SQLite"], kills["PostgreSQL, its server killed"]
    caller = sqlite["next_caller"]
    return [
        f"{kills['done']:,} processes were killed with `kill -9`",
        f"in {postgres['kills']} of these cases",
        f"after {caller['p50_ms']:.0f} ms in the middle",
        f"after {caller['longest_ms'] / 1e3:.1f} s at the latest",
        f"the count sees it: {sqlite['lost in flight'] + postgres['lost in flight']} times",
    ]


def told_of_the_matrix() -> list[str]:
    """The fourth."""
    matrix = figure("matrix")
    checks = size_of("tests/security/test_checks_are_needed.py", "CHECKS")
    return [
        f"{matrix['cells off the diagonal']:,} times somebody asked",
        f"by each of {WORDS[len(matrix['by route'])]} routes",
        f"And {WORDS[checks]} checks of the callback are taken out",
    ]


def told_of_rotations() -> list[str]:
    """The fifth."""
    longest = figure("rotate")["SQLite"]
    right, other = longest["right_answers"], longest["other_answers"]
    test = "tests/processes/test_rotation.py"
    return [
        f"{number_of(test, 'ROWS'):,} rows were sealed anew",
        f"the rotation was killed {number_of(test, 'KILLS')} times",
        f"sealed {longest['rows']:,} rows anew on SQLite under 512 callers",
        f"was killed {longest['kills']} times",
        f"it gave {right:,} right answers and {other:,} others",
    ]


@pytest.mark.parametrize(
    "tell",
    [told_of_the_herd, told_of_schedules, told_of_kills, told_of_the_matrix, told_of_rotations],
)
def test_the_page_of_figures_is_that_of_the_runs(tell: Callable[[], list[str]]) -> None:
    """A longer run, or a guard more, asks for the page to say so."""
    assert [each for each in tell() if each not in read("docs/figures.md")] == []


def test_the_readme_has_the_same_figures() -> None:
    """What is read first is held like the rest."""
    cells = figure("matrix")["cells off the diagonal"]
    told = [
        f"[{figure('schedules')['done']:,} schedules of faults](bench/figures.md)",
        f"{figure('kills')['done']:,} processes killed half way",
        f"{cells:,} attempts to get at what is somebody else's",
    ]

    assert [each for each in told if each not in read("README.md")] == []


def test_the_comparison_of_the_herd_is_that_of_the_benchmark() -> None:
    """The peers beside the first figure."""
    asked = cells_of("G6 one request, whoever asks")
    peers = {row: cells[1] for row, cells in asked.items() if row.startswith(("Flask-D", "Auth"))}

    assert set(peers.values()) == {"48"}
    assert "Flask-Dance and Authlib, which have none, send 48 requests" in read("docs/figures.md")


def number(cell: str) -> int:
    """The number that a cell begins with."""
    return int(cell.split(" ", maxsplit=1)[0].replace(",", ""))
