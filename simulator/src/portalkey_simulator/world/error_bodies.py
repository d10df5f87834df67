"""Bodies of HubSpot's errors, the one for too many calls among them."""

import uuid
from dataclasses import dataclass


def error_body(message: str, **more: object) -> dict[str, object]:
    """Return the body of an error of HubSpot's APIs, with *more* fields in it."""
    return {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), **more}


@dataclass(frozen=True, slots=True)
class TooMany:
    """The error for too many calls under a ``policy``, of a ``group`` of limits (captured)."""

    message: str
    policy: str
    group: str | None = None

    @property
    def body(self) -> dict[str, object]:
        """The answer's JSON."""
        grouped = {} if self.group is None else {"groupName": self.group}
        return error_body(self.message, errorType="RATE_LIMIT", policyName=self.policy, **grouped)


_GROUP = "publicapi:oauth"
CALLS = TooMany("You have reached your ten_secondly_rolling limit.", "TEN_SECONDLY_ROLLING", _GROUP)
"""Of an app in an account."""
SEARCHES = TooMany("You have reached your secondly limit.", "SECONDLY", _GROUP)
"""In an account."""
TOKEN_REQUESTS = TooMany("You have reached your rate limit.", "SECONDLY")
"""At the token endpoints."""
