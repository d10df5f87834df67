"""Moments and spans as people type them: ``2h``, ``10:14``, ``2026-11-01``."""

import re
from datetime import UTC, datetime, timedelta

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_SPAN = re.compile(r"([0-9]{1,6})([smhdw])")


class Span(click.ParamType):  # type: ignore[type-arg] # click 8.1's takes none
    """A span of time, such as 30m, 2h or 90d."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the span that *value* says."""
        span = value if isinstance(value, timedelta) else read_span(str(value))
        if span is None:
            self.fail(f"{value!r} is no span of time; write 30m, 2h or 90d.", param, ctx)
        return span


class Moment(click.ParamType):  # type: ignore[type-arg] # as above
    """A moment in UTC: how long ago, a time of today, or a date with or without a time."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta | datetime:
        """Return the moment that *value* says, or how long ago it was."""
        moment = value if isinstance(value, datetime | timedelta) else _read_moment(str(value))
        if moment is None:
            words = f"{value!r} is no moment; write 2h, 10:14, 2026-11-01 or 2026-11-01T14:30."
            self.fail(words, param, ctx)
        return moment


def read_span(text: str) -> timedelta | None:
    """Return the span that *text* says; None where it says none."""
    match = _SPAN.fullmatch(text.strip())
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


def moment_at(moment: timedelta | datetime, now: datetime) -> datetime:
    """Return *moment*, which may be so long before *now*."""
    return moment if isinstance(moment, datetime) else now - moment


def _read_moment(text: str) -> timedelta | datetime | None:
    try:
        return read_span(text) or _today_at(text) or _in_utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def _today_at(text: str) -> datetime | None:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second = (int(each or 0) for each in match.groups())
    return datetime.now(UTC).replace(hour=hour, minute=minute, second=second, microsecond=0)


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
