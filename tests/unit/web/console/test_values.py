"""Values of the console's pages: words, timelines, charts, and looks that are kept for a minute."""

from datetime import UTC, datetime, timedelta

import pytest

from portalkey.model.connection import ConnectionStatus
from portalkey.model.counters import Counter, CounterKind, day_of
from portalkey.model.events import Event, EventName, Fact
from portalkey.web.console.context import exact, exact_span, mark_code, read_operator
from portalkey.web.console.minute import MINUTE, Minute
from portalkey.web.console.renewals import DAYS, HEIGHT, LEAST, begin_of, make_chart
from portalkey.web.console.words import EVENTS, STATUSES, make_timeline

NOW = datetime(2026, 11, 29, 13, 5, tzinfo=UTC)


def test_every_event_and_status_has_words() -> None:
    """A new one is put into words before it comes to a page."""
    assert set(EVENTS) == set(EventName)
    assert set(STATUSES) == set(ConnectionStatus)


def failed(minute: int, error: str = "hubspot_unavailable", wait: float = 30.0) -> Event:
    """A renewal that failed in this minute of the hour."""
    facts: dict[str, Fact] = {"error": error, "wait": wait}
    return Event(EventName.REFRESH_FAILED, "ada", facts=facts, at=NOW + timedelta(minutes=minute))


def test_failures_of_one_kind_in_a_row_are_one_line() -> None:
    """However long was waited in between; another error is another line."""
    events = [failed(5, wait=60.0), failed(4), failed(3, "rate_limited"), failed(1)]

    lines = make_timeline(events)

    assert [line.number for line in lines] == [2, 1, 1]
    assert (lines[0].began, lines[0].at) == (events[1].at, events[0].at)
    assert lines[1].began is None
    assert lines[1].detail == "error rate_limited · tried again after 30 s"


def test_a_line_names_the_operator_and_leaves_out_what_is_not_known() -> None:
    """Whoever did it stands there by name."""
    facts: dict[str, Fact] = {"operator": "grace", "hub_id": None}
    (line,) = make_timeline([Event(EventName.DISCONNECTED, "ada", facts=facts, at=NOW)])

    assert line.detail == "by grace"


def counter(days_ago: int, n: int, kind: CounterKind = CounterKind.RENEWED) -> Counter:
    """What was counted so many days ago."""
    return Counter(f"{kind}{days_ago}", "app", "row", kind, day_of(NOW) - days_ago, n)


def test_a_chart_has_a_bar_for_each_of_its_days() -> None:
    """The oldest first, the highest as high as there is room; what is older is left out."""
    counters = [counter(0, 20), counter(1, 40), counter(DAYS, 99)]
    counters.append(counter(0, 7, CounterKind.TOKEN_TAKEN))
    chart = make_chart(counters, [NOW] * 2 + [NOW - timedelta(days=1)] * 10, NOW)

    assert len(chart.bars) == DAYS
    assert chart.bars[0].day == begin_of(NOW).date()
    assert [(bar.renewed, bar.failed) for bar in chart.bars[-2:]] == [(40, 10), (20, 2)]
    assert sum(bar.renewed for bar in chart.bars) == 60
    highest = chart.bars[-2]
    assert highest.height + highest.failed_height == pytest.approx(HEIGHT, abs=0.2)
    assert chart.bars[-1].failed_height == LEAST  # or nobody would see it
    assert chart.bars[0].failed_height == 0


def test_a_chart_says_in_words_what_it_draws() -> None:
    """For whoever does not see it."""
    chart = make_chart([counter(0, 20), counter(1, 40)], [NOW], NOW)

    assert chart.gist == (
        "Renewals by day, 31 October to 29 November 2026: 60 renewed; "
        "began to fail once, most on 29 Nov (1)."
    )
    assert chart.usual == "about 40 a day"
    assert not make_chart([], [], NOW).has_any
    assert make_chart([], [], NOW).usual == ""


def test_a_look_is_kept_for_a_minute() -> None:
    """However many ask; then it is taken again, and at once where something was changed."""
    clock, looks = [0.0], iter("abc")
    minute = Minute(lambda: next(looks), lambda: clock[0])

    assert minute.look().value == "a"
    clock[0] += MINUTE - 1
    assert (minute.look().value, minute.look().age) == ("a", MINUTE - 1)
    clock[0] += 1
    assert (minute.look().value, minute.look().age) == ("b", 0.0)
    minute.forget()
    assert minute.look().value == "c"


def test_a_look_that_fails_is_not_kept() -> None:
    """The next one looks again."""
    troubles = [ZeroDivisionError()]

    def work() -> str:
        if troubles:
            raise troubles.pop()
        return "well"

    minute = Minute(work)
    with pytest.raises(ZeroDivisionError):
        minute.look()
    assert minute.look().value == "well"


def test_moments_are_exact() -> None:
    """To the second; a span of one day names the day once."""
    assert exact(NOW) == "29 Nov 2026, 13:05:00"
    assert exact(None) == ""
    assert exact_span(NOW, NOW + timedelta(hours=1)) == "29 Nov 2026, 13:05:00 to 14:05:00"
    assert exact_span(NOW, NOW + timedelta(days=1)).endswith(" to 30 Nov 2026, 13:05:00")


def test_backticks_become_code_and_nothing_else_does() -> None:
    """The sentence is escaped first: it may hold what a stranger wrote."""
    assert mark_code("run `a < b` <b>") == "run <code>a &lt; b</code> &lt;b&gt;"
    assert mark_code("plain") == "plain"
    assert mark_code("`x`") == "<code>x</code>"


@pytest.mark.parametrize("value", [True, False, "", " ", 7, "a\0b", "x" * 1001, b"ada"])
def test_whoever_has_no_name_is_no_operator(value: object) -> None:
    """An app that returns True would let everybody in without a name: it is told."""
    with pytest.raises(TypeError, match="operator's name"):
        read_operator(value)


def test_an_operator_has_a_name() -> None:
    """Or is none."""
    assert read_operator("grace") == "grace"
    assert read_operator(None) is None
