"""Names that an app may import, and the page of the reference that each stands on."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Section:
    """Names of one module under a heading; an entry ``Class.method`` shows the method alone.

    *members* of a class are shown with it: all that are public, or those that are named.
    """

    title: str
    module: str
    names: tuple[str, ...]
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    about: str = ""


@dataclass(frozen=True, slots=True)
class ApiPage:
    """A page of the reference that autodoc fills."""

    place: str
    title: str
    about: str
    sections: tuple[Section, ...]


def _of_broker(title: str, about: str, *names: str) -> Section:
    return Section(title, "portalkey", tuple(f"Broker.{name}" for name in names), about=about)


_CLIENT = "Each request that it sends bears a valid token; see [The token in your HTTP client](adapters.md)."
_SKIN = ("HubSpotAuth", "HubSpotConsole", "from_hubspot", "visitor", "forget_browser")

API: tuple[ApiPage, ...] = (
    ApiPage(
        "api-broker.md",
        "Broker",
        "the one door; what an app and whoever runs it call.",
        (
            Section("The class", "portalkey", ("Broker",), {"Broker": ()}),
            _of_broker("Making and closing one", "", "from_env", "of", "close"),
            _of_broker(
                "For an app's code",
                "",
                "access_token",
                "using",
                "report_unauthorized",
                "connections",
                "disconnect",
                "on_user_deleted",
                "adopt",
                "export",
                "erase",
            ),
            _of_broker(
                "For people without a login",
                "See [Let somebody without a login connect](links.md).",
                "invite",
                "invitations",
                "withdraw",
                "find_invitation",
            ),
            _of_broker(
                "On an event loop",
                "",
                "access_token_async",
                "report_unauthorized_async",
                "connections_async",
                "disconnect_async",
                "adopt_async",
            ),
            _of_broker(
                "Hearing of events",
                "",
                "on_event",
                "notify",
                "receivers",
                "forget_receiver",
                "resend_event",
            ),
            _of_broker(
                "For whoever runs the app",
                "Commands and the console do the same; these are for tools of one's own.",
                "find",
                "find_connection",
                "find_attempt",
                "find_attempts",
                "find_own_attempt",
                "find_events",
                "find_events_of_attempt",
                "find_owed",
                "send_owed",
                "send_owed_now",
                "check_connections",
                "check_health",
                "counters",
                "stats",
                "sweep",
                "revoke",
                "uninstall",
                "announce",
                "keys",
                "journal",
                "journal_setup",
                "console_sessions",
            ),
        ),
    ),
    ApiPage(
        "api-broker-skins.md",
        "Broker, for skins",
        "the rest of its methods, for whoever writes a skin; an app has no need of them.",
        (
            _of_broker(
                "For whoever writes a skin",
                "Our pages and skins call these. See [A skin of your own](own-skin.md).",
                "begin",
                "finish",
                "complete",
                "confirm",
                "cancel",
                "deliver",
                "adopt_known",
                "attempt_of_browser",
                "bind_invitation",
                "scopes_of_invitation",
                "invitation_by_link",
                "is_asking_for",
                "is_bound_to",
                "attempt_of_session",
                "connection_of",
                "connection_of_owner",
                "connection_to",
                "live_connection_to",
                "cookie_of",
                "find_status",
                "has_attempt",
                "question_of",
                "account_of_install",
                "begin_install",
                "claim_install",
                "decline_install",
                "is_ticket",
                "look_at_install",
                "find_install",
                "find_installs",
                "finish_install",
                "pending_installs",
                "take_in_install",
                "takes_installs",
                "ticket_of_install",
                "withdraw_install",
                "seal_return",
                "open_return",
                "sign",
                "is_signed",
                "derive_keys",
                "count_forgery",
                "count_refused_request",
                "remember_request",
                "is_personal",
                "is_store_well",
                "now",
                "wrap_store",
            ),
        ),
    ),
    ApiPage(
        "api-flask.md",
        "portalkey.flask",
        "HubSpotAuth, the console and views for HubSpot, in Flask.",
        (Section("Names", "portalkey.flask", _SKIN),),
    ),
    ApiPage(
        "api-fastapi.md",
        "portalkey.fastapi",
        "the same for FastAPI and Starlette.",
        (Section("Names", "portalkey.fastapi", _SKIN),),
    ),
    ApiPage(
        "api-django.md",
        "portalkey.django",
        "the same for Django, and its options.",
        (
            Section(
                "Names",
                "portalkey.django",
                (
                    "broker",
                    "brokers",
                    "allow_staff",
                    "database_url",
                    "forget_browser",
                    "from_hubspot",
                    "hubspot_connect_state",
                    "hubspot_connect_url",
                    "hubspot_static",
                ),
            ),
            Section(
                "Options",
                "portalkey.django.options",
                ("Options",),
                about="What `PORTALKEY` of Django's settings may hold beside the variables of [Settings](settings.md).",
            ),
        ),
    ),
    ApiPage(
        "api-values.md",
        "Connections, accounts and events",
        "what the Broker and its signals hand out.",
        (
            Section("Connections", "portalkey", ("Connection", "ConnectionStatus", "Account")),
            Section("Events", "portalkey", ("Event", "happened")),
            Section("Timings", "portalkey.measures", ("Measure", "Measured", "measured")),
            Section(
                "Settings",
                "portalkey",
                ("Settings",),
                {"Settings": ("from_env",)},
                about="Each field stands in [Settings, each by itself](ref-settings.md).",
            ),
        ),
    ),
    ApiPage(
        "api-adapters.md",
        "portalkey.adapters",
        "a token in the HTTP client of your choice.",
        tuple(
            Section(title, f"portalkey.adapters.{module}", names, about=_CLIENT)
            for title, module, names in (
                ("requests", "requests", ("RequestsAuth",)),
                ("httpx", "httpx", ("HttpxAuth",)),
                ("httpx2", "httpx2", ("HttpxAuth",)),
                ("hubspot-api-client", "hubspot_api_client", ("hubspot_client",)),
                ("hubspot-sdk", "hubspot_sdk", ("hubspot_client", "async_hubspot_client")),
            )
        ),
    ),
    ApiPage(
        "api-testing.md",
        "portalkey.testing",
        "fixtures of the pytest plugin, and what a store has to promise.",
        (
            Section(
                "Fixtures",
                "portalkey.testing.plugin",
                (
                    "hubspot",
                    "broker",
                    "connected_account",
                    "portalkey_app",
                    "portalkey_owner",
                    "portalkey_settings",
                    "portalkey_store",
                ),
                about="pytest finds these by itself; [Testing](testing.md) shows them at work.",
            ),
            Section(
                "Without pytest's fixtures",
                "portalkey.testing",
                ("running_broker",),
                about="[A test of Django's](django.md#tests) shows it at work.",
            ),
            Section(
                "A store of your own",
                "portalkey.testing",
                ("StoreContract", "Ahead"),
                {"StoreContract": (), "Ahead": ()},
            ),
        ),
    ),
    ApiPage(
        "api-metrics.md",
        "portalkey.metrics",
        "what counts for Prometheus.",
        (Section("Names", "portalkey.metrics", ("Metrics",)),),
    ),
)
"""Every page, in the order of the navigation."""
