"""Labels of new keys: a day to read, and an end that nobody else draws."""

import secrets
from collections.abc import Collection
from datetime import date

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None of them is taken for another one."""
_DRAWN = 6


def new_label(today: date, taken: Collection[str] = ()) -> str:
    """Return a label that is not *taken*.

    Its end is drawn at random: two people who make a key on one day, neither of whom sees what the
    other does, get two labels.
    """
    while True:
        end = "".join(secrets.choice(_LETTERS) for _ in range(_DRAWN))
        label = f"key-{today:%Y-%m-%d}-{end}"
        if label not in taken:
            return label
