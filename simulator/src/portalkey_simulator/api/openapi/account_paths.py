"""The account behind a token, and leaving it."""

from portalkey_simulator.api.openapi.body_schemas import ref
from portalkey_simulator.api.openapi.operation_parts import GUARDED, Paths, operation
from portalkey_simulator.world import VERSIONS


def build_paths() -> Paths:
    """Describe account info in each version and its forerunner, and the uninstall."""
    details = operation(
        "The account's facts.", {200: ref("AccountDetails"), **GUARDED}, security="token"
    )
    uninstall = operation(
        "Take the app out of the account.", {204: None, **GUARDED}, security="token"
    )
    usage = operation(
        "The account's calls of the day by private apps.",
        {200: ref("DailyUsage"), **GUARDED},
        security="token",
    )
    me = operation("Some of the account's facts.", {200: ref("Me"), **GUARDED}, security="token")
    paths: Paths = {"/integrations/v1/me": {"get": {**me, "deprecated": True}}}
    for version in VERSIONS:
        paths[f"/account-info/{version}/details"] = {"get": details}
        paths[f"/account-info/{version}/api-usage/daily/private-apps"] = {"get": usage}
        paths[f"/appinstalls/{version}/external-install"] = {"delete": uninstall}
    return paths
