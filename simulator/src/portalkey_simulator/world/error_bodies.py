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

    def body(self, app_id: int = 0, hub_id: int = 0) -> dict[str, object]:
        """Return the answer's JSON, for the calls of this app in that account."""
        more: dict[str, object] = {"errorType": "RATE_LIMIT", "policyName": self.policy}
        if self.group is not None:
            more |= {
                "groupName": f"publicapi:{self.group}:{app_id}:{hub_id}",
                "requestId": uuid.uuid4().hex,
            }
        return error_body(self.message, **more)


CALLS = TooMany(
    "You have reached your ten_secondly_rolling limit.",
    "TEN_SECONDLY_ROLLING",
    "private_app-api-calls-ten-secondly",
)
"""Of an app in an account."""
SEARCHES = TooMany("You have reached your secondly limit.", "SECONDLY", "crm-search-secondly")
"""In an account."""
TOKEN_REQUESTS = TooMany("You have reached your rate limit.", "SECONDLY")
"""At the token endpoints."""
