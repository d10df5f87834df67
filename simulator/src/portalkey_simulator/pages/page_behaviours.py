"""Behaviours of HubSpot's pages that no switch changes."""

from portalkey_simulator.world.evidence import Behaviour, Evidence

DOCUMENTED, CAPTURED, PRESUMED = Evidence.DOCUMENTED, Evidence.CAPTURED, Evidence.PRESUMED

_DEVELOPERS = "https://developers.hubspot.com"
_DOCS = f"{_DEVELOPERS}/docs"
_WORKING = f"{_DOCS}/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth"
_INSTALLERS = f"{_DEVELOPERS}/changelog/new-permission-requirements-for-installing-public-apps"
_USER_LEVEL = f"{_DOCS}/apps/developer-platform/build-apps/authentication/user-level-apps"
_SCOPES = f"{_DOCS}/apps/developer-platform/build-apps/authentication/scopes"
_MANAGE = f"{_DOCS}/apps/developer-platform/build-apps/manage-apps-in-hubspot"
_FLOW = f"{_DOCS}/apps/developer-platform/list-apps/understand-app-install-flow"
_SIGNATURES = f"{_DOCS}/apps/developer-platform/build-apps/authentication/request-validation"
_MCP = "https://github.com/bagofwords1/bagofwords"

BEHAVIOURS: tuple[Behaviour, ...] = (
    Behaviour(
        "What is wrong with an authorize URL is told on HubSpot's page, and the app is sent "
        "nothing.",
        DOCUMENTED,
        "https://knowledge.hubspot.com/integrations/"
        "resolve-a-request-for-integration-permissions-error",
    ),
    Behaviour(
        "The authorize page answers with HTTP 200 whatever it says.",
        CAPTURED,
        _MCP,
        because="HubSpot's page checks in the browser; this one checks before it is sent.",
    ),
    Behaviour(
        "`/oauth/{hubId}/authorize` offers that account only.",
        DOCUMENTED,
        _WORKING,
    ),
    Behaviour(
        "The pages of all accounts are on one host.",
        CAPTURED,
        "https://github.com/PipedreamHQ/pipedream/issues/20321",
        because="HubSpot moves people of EU accounts from `app.hubspot.com` to "
        "`app-eu1.hubspot.com` on the way. The simulator has one host and does not.",
    ),
    Behaviour(
        "Codes and refresh tokens begin with the hublet of the account: `na1-`, `eu1-`.",
        DOCUMENTED,
        _WORKING,
        because="Other hublets than these two are presumed to look alike.",
    ),
    Behaviour(
        "A redirect URI is https with a domain name, or http for `localhost`.",
        DOCUMENTED,
        f"{_DOCS}/apps/developer-platform/build-apps/app-configuration",
    ),
    Behaviour(
        "Required and conditionally required scopes stand in `scope`, optional ones in "
        "`optional_scope`; optional ones that the account lacks are dropped silently.",
        DOCUMENTED,
        _SCOPES,
    ),
    Behaviour(
        "The first install, and scopes that are new in the account, take the permission to "
        "install and those behind the scopes; later connections take none.",
        DOCUMENTED,
        _INSTALLERS,
    ),
    Behaviour(
        "An app on the level of users is installed by each of them, and takes the permissions "
        "behind the scopes only.",
        DOCUMENTED,
        _USER_LEVEL,
    ),
    Behaviour(
        "Who agrees and whose app never exchanges the code has installed nothing.",
        DOCUMENTED,
        f"{_DOCS}/faq/installing-an-app",
    ),
    Behaviour("An app's install link has no `state`.", DOCUMENTED, _MANAGE),
    Behaviour(
        "A marketplace install without partner sign-in calls the install URL with `code` and "
        "`returnUrl`, and without `state`.",
        DOCUMENTED,
        _FLOW,
    ),
    Behaviour(
        "With partner sign-in the install URL is called with `step=authorize` and `returnUrl`, "
        "and after the consent with `step=finalize`, `code`, `state` and `returnUrl`.",
        DOCUMENTED,
        _FLOW,
    ),
    Behaviour(
        "Where the app is installed already, the marketplace leads to the usual consent page.",
        PRESUMED,
        _FLOW,
        because="HubSpot says that the flow is for first installs, and not what others get.",
    ),
    Behaviour(
        "`redirect_uri` of a code from the marketplace is the install URL.",
        PRESUMED,
        _FLOW,
        because="The install URL is chosen from those that the app has configured.",
    ),
    Behaviour("Who cancels in the marketplace stays there, and the app is sent nothing.", PRESUMED),
    Behaviour(
        "What looks like the name of a scope passes as one, where the app's own lists do not say "
        "otherwise.",
        PRESUMED,
        because="HubSpot knows the names that there are; its list grows, and is not kept here.",
    ),
    Behaviour(
        "Signatures are made of the app's secret: v1 and v2 as SHA-256, v3 as HMAC-SHA-256 with a "
        "timestamp in milliseconds, over the URL with some of its escapes decoded.",
        DOCUMENTED,
        _SIGNATURES,
    ),
)
