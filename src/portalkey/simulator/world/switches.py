"""What a test or a demo may switch while the simulator runs."""

from dataclasses import dataclass


@dataclass(slots=True)
class Switches:
    """How HubSpot behaves where its behaviour varies, is unknown or has changed over time.

    ``deny_silently``: a person who cancels is told so, and nothing is sent to the app; HubSpot's
    pages contradict each other on this. ``rotate_refresh_tokens``: every refresh gives a new
    refresh token and ends the old one, which HubSpot was never seen to do.
    ``drop_state``: the callback comes without ``state``, as it did in 2023 for people who had to
    log in first. ``code_seconds`` and ``access_token_seconds`` are the lives of what is issued
    from now on. ``sign_in``: people have to sign in by another provider before they can agree.

    ``consent_opener_policy``, ``refusal_opener_policy``, ``redirect_opener_policy`` and
    ``sign_in_opener_policy`` are sent as ``Cross-Origin-Opener-Policy`` of the consent page, of
    every page that ends the journey at HubSpot, of the redirect back to the app, and of the other
    provider's page; None sends none. What HubSpot itself sends is not known, and sign-ins by other
    providers on the way are known to send ``same-origin``. ``opener_policies_report_only``: all of
    them are sent as ``Cross-Origin-Opener-Policy-Report-Only``, which cuts no windows apart.
    """

    deny_silently: bool = False
    rotate_refresh_tokens: bool = False
    drop_state: bool = False
    code_seconds: float = 60
    access_token_seconds: int = 1800
    sign_in: bool = False
    consent_opener_policy: str | None = None
    refusal_opener_policy: str | None = None
    redirect_opener_policy: str | None = None
    sign_in_opener_policy: str | None = None
    opener_policies_report_only: bool = False
