"""The bodies of the API, as JSON Schema. A body may always have fields that are not named here."""

from typing import Any, TypeAlias

from portalkey_simulator.world.lifecycle import EVENT_TYPES, FILTER_TYPES, OPERATORS
from portalkey_simulator.world.refusals import TOKEN_REFUSALS

Schema: TypeAlias = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
YES_NO: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
UUID: Schema = {"type": "string", "format": "uuid"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def ref(name: str) -> Schema:
    """Point at the schema of this *name*."""
    return {"$ref": f"#/components/schemas/{name}"}


def has(optional: Schema | None = None, /, **fields: Schema) -> Schema:
    """Describe an object with all of these *fields*, and *optional* ones by their names."""
    return {
        "type": "object",
        "required": list(fields),
        "properties": {**fields, **(optional or {})},
    }


def only(*values: str) -> Schema:
    """Describe a text that is one of these *values*."""
    return {"type": "string", "enum": list(values)}


def every(schema: Schema) -> Schema:
    """Describe an array of these."""
    return {"type": "array", "items": schema}


_SIGNED = has(
    **dict.fromkeys(("appId", "expiresAt", "hubId", "installingUserId", "userId"), WHOLE),
    **dict.fromkeys(("isPrivateDistribution", "isServiceAccount", "isUserLevel"), YES_NO),
    **dict.fromkeys(
        (
            "appInstallId",
            "audience",
            "hublet",
            "newSignature",
            "scopeToScopeGroupPks",
            "scopes",
            "signature",
            "trialScopeToScopeGroupPks",
            "trialScopes",
        ),
        TEXT,
    ),
)
_WHOSE = {
    "token": TEXT,
    "hub_id": WHOLE,
    "hub_domain": TEXT,
    "user_id": WHOLE,
    "user": {"type": "string", "format": "email"},
    "scopes": TEXTS,
}
_ACTIVE = {
    **_WHOSE,
    "active": {"const": True},
    "token_type": only("Bearer"),
    "client_id": TEXT,
    "app_id": WHOLE,
}
_TIMES = {
    "portalId": WHOLE,
    "timeZone": TEXT,
    "utcOffset": {"type": "string", "pattern": "^[+-][0-9]{2}:[0-9]{2}$"},
    "utcOffsetMilliseconds": WHOLE,
}

SCHEMAS: dict[str, Schema] = {
    "Tokens": has(
        {"hub_id": WHOLE, "user_id": WHOLE, "scopes": TEXTS, "id_token": TEXT},
        token_type=only("bearer"),
        access_token=TEXT,
        refresh_token=TEXT,
        expires_in=WHOLE,
        token_use=only("access_token"),
    ),
    "AppToken": has(
        {"scopes": TEXTS},
        token_type=only("bearer"),
        access_token=TEXT,
        expires_in=WHOLE,
        token_use=only("client_credentials"),
    ),
    "ActiveAccessToken": has(
        **_ACTIVE,
        token_use=only("access_token"),
        expires_in=WHOLE,
        is_private_distribution=YES_NO,
        signed_access_token=_SIGNED,
    ),
    "ActiveRefreshToken": has(**_ACTIVE, token_use=only("refresh_token")),
    "InactiveToken": has(active={"const": False}),
    "AccessTokenV1": has(
        **_WHOSE,
        app_id=WHOLE,
        expires_in=WHOLE,
        signed_access_token=_SIGNED,
        token_type=only("access"),
    ),
    "RefreshTokenV1": has(**_WHOSE, client_id=TEXT, token_type=only("refresh")),
    "Refusal": has(status=only(*TOKEN_REFUSALS), message=TEXT, error=TEXT, error_description=TEXT),
    "Error": has(
        {
            "category": TEXT,
            "errors": every({"type": "object"}),
            "links": {"type": "object"},
            "context": {"type": "object"},
        },
        status=only("error"),
        message=TEXT,
        correlationId=UUID,
    ),
    "TooMany": has(
        {"groupName": TEXT, "requestId": TEXT},
        status=only("error"),
        message=TEXT,
        correlationId=UUID,
        errorType=only("RATE_LIMIT"),
        policyName=only("SECONDLY", "TEN_SECONDLY_ROLLING"),
    ),
    "AccountDetails": has(
        **_TIMES,
        accountType=only("STANDARD", "DEVELOPER_TEST", "SANDBOX", "APP_DEVELOPER"),
        companyCurrency=TEXT,
        additionalCurrencies=TEXTS,
        uiDomain=TEXT,
        dataHostingLocation=TEXT,
    ),
    "DailyUsage": has(
        results=every(
            has(
                name=TEXT,
                usageLimit=WHOLE,
                currentUsage=WHOLE,
                collectedAt=MOMENT,
                fetchStatus=TEXT,
                resetsAt=MOMENT,
            )
        )
    ),
    "Me": has(**_TIMES, currency=TEXT),
    "Record": has(
        id=TEXT,
        properties={"type": "object", "additionalProperties": TEXT},
        createdAt=MOMENT,
        updatedAt=MOMENT,
        archived=YES_NO,
    ),
    "Paging": has(next=has(after=TEXT)),
    "Records": has({"paging": ref("Paging")}, results=every(ref("Record"))),
    "Found": has({"paging": ref("Paging")}, results=every(ref("Record")), total=WHOLE),
    "Subscription": has(
        id=WHOLE,
        appId=WHOLE,
        subscriptionType=only("APP_LIFECYCLE_EVENT"),
        objectTypeId=only(*EVENT_TYPES),
        actions=every(only(*EVENT_TYPES.values())),
        properties=TEXTS,
        createdAt=MOMENT,
        updatedAt=MOMENT,
    ),
    "Subscriptions": has(results=every(ref("Subscription"))),
    "FilterId": has(filterId=WHOLE),
    "SubscriptionFilter": has(
        id=WHOLE, createdAt=WHOLE, filter=has(conditions=every(ref("Condition")))
    ),
    "Condition": has(
        {"value": TEXT, "values": TEXTS},
        filterType=only(*FILTER_TYPES),
        operator=only(*OPERATORS),
        property=TEXT,
    ),
    "JournalLink": has(
        currentOffset=UUID, expiresAt=MOMENT, url={"type": "string", "format": "uri"}
    ),
    "JournalLinks": has(
        {"numErrors": WHOLE, "errors": every({"type": "object"})},
        status=only("COMPLETE"),
        results=every(ref("JournalLink")),
        startedAt=MOMENT,
        completedAt=MOMENT,
    ),
    "JournalPage": has(
        offset=UUID,
        publishedAt=MOMENT,
        journalEvents=every(
            has(
                type=only("app_lifecycle_event"),
                action=only(*EVENT_TYPES.values()),
                portalId=WHOLE,
                occurredAt=MOMENT,
                eventTypeId=only(*EVENT_TYPES),
                properties=has(
                    hs_app_id=TEXT,
                    hs_app_install_level=only("ACCOUNT", "USER"),
                    hs_initiating_user_id=TEXT,
                    hs_user_id=TEXT,
                ),
            )
        ),
    ),
}
"""Every body, by its name."""
