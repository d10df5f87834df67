"""The faults that an answer can have, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "answer",
    "late",
    "refusal",
    "rate_limited",
    "html_403",
    "locked",
    "migrating",
    "unavailable",
    "bad_gateway",
    "gateway_timeout",
    "empty",
    "not_json",
    "truncated",
    "dripping",
    "drop_before",
    "drop_during",
    "drop_after",
]
Place: TypeAlias = Literal[
    "token", "introspect", "revoke", "account_info", "crm", "uninstall", "webhooks", "api"
]

KINDS: Mapping[Kind, str] = {
    "answer": "what `status`, `body` and `headers` say is answered, and nothing is done",
    "late": "everything is done at once, and the answer comes `seconds` later",
    "refusal": "a token endpoint refuses with HubSpot's word for it, in `refusal`",
    "rate_limited": "429 with HubSpot's body, and `Retry-After` where `seconds` are given",
    "html_403": "403 with a page of HTML, as from the edge before HubSpot",
    "locked": "423: something is locked for two seconds",
    "migrating": "477: the account moves to another region; `Retry-After` says `seconds`",
    "unavailable": "503 with HubSpot's body",
    "bad_gateway": "502 with a page of HTML",
    "gateway_timeout": "504 with a page of HTML, after everything was done",
    "empty": "200 without a body, after everything was done",
    "not_json": "200 with a page of HTML, after everything was done",
    "truncated": "everything is done, and half of the body comes, of the length that was promised",
    "dripping": "everything is done, and the body comes byte by byte, `seconds` apart",
    "drop_before": "the connection is cut before anything is done",
    "drop_during": "everything is done, and the connection is cut in the midst of the body",
    "drop_after": "everything is done, and the connection is cut before a byte of the answer",
}
PLACES: Mapping[Place, str] = {
    "token": "POST /oauth/{version}/token",
    "introspect": "POST /oauth/{version}/token/introspect, and v1's GET of a token",
    "revoke": "POST /oauth/{version}/token/revoke, and v1's DELETE of a refresh token",
    "account_info": "GET /account-info/{version}/details",
    "crm": "the CRM reads",
    "uninstall": "DELETE /appinstalls/{version}/external-install",
    "webhooks": "the webhooks journal and its subscriptions",
    "api": "all of these",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    ``seconds`` is how late, how long until the next try, or how far apart bytes are, by the kind.
    ``status``, ``body`` and ``headers`` are for "answer"; ``refusal`` is HubSpot's word.
    """

    kind: Kind
    seconds: float = 0
    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    refusal: str = ""
