"""Chart of a connection's renewals by day: values for a drawing, and the same as numbers."""

from collections import Counter as Sums
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from portalkey.model.counters import Counter, CounterKind, day_of

DAYS = 30
HEIGHT = 78
"""Units of the drawing that the highest bar has, above its base line."""
LEAST = 6
"""Units that failures have at least, or they would not be seen beside many renewals."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: how many renewals there were, how often it began to fail, and bars for both."""

    day: date
    renewed: int
    failed: int
    height: float
    failed_height: float

    @property
    def label(self) -> str:
        """The day in words, without its year."""
        return f"{self.day.day} {self.day:%b}"


@dataclass(frozen=True, slots=True)
class Chart:
    """The last ``DAYS`` days of one connection, the oldest first."""

    bars: Sequence[Bar]

    @property
    def has_any(self) -> bool:
        """True where there is something to draw."""
        return any(bar.renewed or bar.failed for bar in self.bars)

    @property
    def gist(self) -> str:
        """One sentence for whoever does not see the drawing."""
        renewed, failed = (sum(getattr(bar, n) for bar in self.bars) for n in ("renewed", "failed"))
        first, last = self.bars[0].day, self.bars[-1].day
        when = f"{first.day} {first:%B} to {last.day} {last:%B %Y}"
        bad = [bar for bar in self.bars if bar.failed]
        worst = max(bad, key=lambda bar: bar.failed, default=None)
        tail = f", most on {worst.label} ({worst.failed})" if worst else ""
        return f"Renewals by day, {when}: {renewed} renewed; began to fail {_times(failed)}{tail}."

    @property
    def usual(self) -> str:
        """The middle of the days that had any, in words; nothing where there were none."""
        numbers = sorted(bar.renewed for bar in self.bars if bar.renewed)
        return f"about {numbers[len(numbers) // 2]} a day" if numbers else ""


def make_chart(counters: Iterable[Counter], failures: Iterable[datetime], now: datetime) -> Chart:
    """Return the chart of what was counted, and of when renewals *failures* were, until *now*."""
    renewed: Sums[int] = Sums()
    for each in counters:
        if each.kind is CounterKind.RENEWED:
            renewed[each.day] += each.n
    failed = Sums(map(day_of, failures))
    today = day_of(now)
    days = range(today - DAYS + 1, today + 1)
    most = max((renewed[day] + failed[day] for day in days), default=0) or 1
    return Chart([_make_bar(day, renewed[day], failed[day], most) for day in days])


def _make_bar(day: int, renewed: int, failed: int, most: int) -> Bar:
    date_ = datetime.fromtimestamp(day * 86400, UTC).date()
    height, failed_height = (round(HEIGHT * n / most, 1) for n in (renewed, failed))
    return Bar(date_, renewed, failed, height, max(failed_height, LEAST) if failed else 0.0)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def begin_of(now: datetime) -> datetime:
    """Return the moment at which the chart's first day begins."""
    return datetime.fromtimestamp(day_of(now) * 86400, UTC) - timedelta(days=DAYS - 1)
