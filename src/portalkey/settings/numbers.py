"""Validators of whole numbers, from text to value; see ``validators`` for how they speak."""

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import BeforeValidator

from portalkey.settings.validators import text


def whole(lowest: int, highest: int, of: str) -> Callable[[object], int]:
    """Return the validator of a whole number *of* something, between two others."""

    def read(value: object) -> int:
        number = str(value) if type(value) is int else text(value)
        if not re.fullmatch(r"[0-9]{1,9}", number) or not lowest <= int(number) <= highest:
            raise ValueError(f"must be a whole number of {of} from {lowest} to {highest}")
        return int(number)

    return read


attempt_seconds = whole(30, 3600, "seconds")
AttemptSeconds = Annotated[int, BeforeValidator(attempt_seconds)]
number_of_requests = whole(1, 10_000, "requests")
invite_hours = whole(1, 720, "hours")
InviteHours = Annotated[int, BeforeValidator(invite_hours)]
events_days = whole(1, 36500, "days")
EventsDays = Annotated[int, BeforeValidator(events_days)]
pending_hours = whole(0, 168, "hours")
attempts_per_browser = whole(1, 1000, "attempts")
exchanges_per_minute = whole(1, 10_000, "exchanges")
