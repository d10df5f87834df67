"""Names of an app's receivers, as they stand in the store's ``meta``: one value for all of them.

It is read with each event that they hear of, so it is found by its whole name.
"""

import json
from collections.abc import Mapping

Receivers = Mapping[str, float]
"""By name, the time at which a process had it last, in seconds since 1970."""


KEY = "receivers {}"
"""The name that the receivers of an app are kept under, for its client id."""


def read_receivers(text: str | None) -> dict[str, float]:
    """Return what is kept; raises ``ValueError`` where it is none of ours."""
    known = json.loads(text) if text else {}
    if not isinstance(known, dict) or not all(type(at) in {int, float} for at in known.values()):
        raise ValueError("not times by name")
    return known


def write_receivers(receivers: Receivers) -> str:
    """Return *receivers* as they are kept."""
    return json.dumps(dict(receivers))
