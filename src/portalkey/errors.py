"""Everything that can go wrong, grouped by who can put it right.

An app needs three ``except`` clauses and never parses a message::

    try:
        token = broker.access_token(owner)
    except PersonMustAct as error: ...    # show the sentence, offer to connect
    except OperatorMustAct as error: ...  # page somebody
    except TryLater as error: ...         # come back after error.retry_after seconds

The first paragraph of an error's docstring is its default message, so every error reads as a
sentence that says what to do next. ``code`` is stable and safe to store, log and translate.
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class PortalkeyError(Exception):
    """Something went wrong in portalkey."""

    code: ClassVar[str] = "portalkey_error"
    cause: str = ""
    """A word for the cause, safe to log, where an error of this code has several; else empty."""
    is_local: bool = False
    """True where nothing of a request reached HubSpot: it tells of this machine or process."""

    def __init__(self, message: str | None = None) -> None:
        """Use *message*, or the first paragraph of the class's docstring."""
        paragraph, _, _ = (type(self).__doc__ or self.code).partition("\n\n")
        super().__init__(message or " ".join(paragraph.split()))

    def __reduce__(self) -> tuple[Any, ...]:
        """Workers hand errors on by pickling them; each comes back with all that it had."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[PortalkeyError], args: tuple[Any, ...], known: dict[str, Any]) -> Any:  # noqa: ANN401 - as pickle wants it
    error = kind.__new__(kind, *args)
    error.__dict__.update(known)
    return error


class PersonMustAct(PortalkeyError):
    """The person has to do something before this can work."""

    code = "person_must_act"


class NotConnected(PersonMustAct):
    """No HubSpot account is connected for this owner; connect one first."""

    code = "not_connected"


class AccountNotNamed(PersonMustAct):
    """Several HubSpot accounts are connected for this owner; say which one with hub_id.

    ``hub_ids`` lists the accounts to choose from.
    """

    code = "account_not_named"

    def __init__(self, hub_ids: Sequence[int]) -> None:
        """Keep the *hub_ids* that could have been meant."""
        self.hub_ids = tuple(hub_ids)
        listed = ", ".join(str(each) for each in self.hub_ids)
        super().__init__(
            f"Several HubSpot accounts are connected for this owner ({listed}); "
            "say which one with hub_id."
        )


class Declined(PersonMustAct):
    """The person did not agree at HubSpot; nothing was changed. Start again to connect."""

    code = "declined"


class AttemptExpired(PersonMustAct):
    """This attempt to connect is over; start again from the app."""

    code = "attempt_expired"


class AttemptMismatch(PersonMustAct):
    """This attempt to connect was begun by somebody else or elsewhere; start again from the app.

    Raised when browser, owner or ``state`` is not the one that the attempt was begun with. Nothing
    was exchanged. Without a known reason treat it as an attack: the audit says which check failed.
    """

    code = "attempt_mismatch"


class NeedsReconnect(PersonMustAct):
    """HubSpot no longer honours this connection; the person has to connect the account again.

    ``reconnect_url`` is the absolute address of the app's setup page, None if no row is known yet.
    """

    code = "needs_reconnect"

    def __init__(self, message: str | None = None, *, reconnect_url: str | None = None) -> None:
        """Keep *reconnect_url*, built from the public URL, for the app to show."""
        super().__init__(message)
        self.reconnect_url = reconnect_url


class WrongAccount(PersonMustAct):
    """Another HubSpot account came back than the one to be reconnected; choose that one instead."""

    code = "wrong_account"


class ScopesMissing(PersonMustAct):
    """The HubSpot account has not granted what this needs; connect it again and agree to it."""

    code = "scopes_missing"

    def __init__(self, scopes: Sequence[str]) -> None:
        """Keep the *scopes* that were asked for and are not granted."""
        self.scopes = tuple(scopes)
        super().__init__(
            f"The HubSpot account has not granted {', '.join(self.scopes)}; "
            "connect it again and agree to it."
        )


class OperatorMustAct(PortalkeyError):
    """Whoever runs the app has to change something; no customer can put this right."""

    code = "operator_must_act"


class BadSettings(OperatorMustAct):
    """The settings cannot be used; the problems are listed, each with what to do."""

    code = "bad_settings"

    def __init__(self, problems: Sequence[str]) -> None:
        """List all *problems* together, so that they can be mended in one go."""
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"portalkey cannot work with these settings:{lines}")


class HubSpotRefused(OperatorMustAct):
    """HubSpot refused the app itself; compare client id, secret and redirect URI with HubSpot's
    settings of the app.

    ``status`` is HubSpot's own word for it (``BAD_CLIENT_ID``), or the HTTP status as a string.
    ``of_app`` is True where every request of the app would be refused. No connection is ended.
    """

    code = "hubspot_refused"

    def __init__(
        self, message: str | None = None, *, status: str = "", of_app: bool = False
    ) -> None:
        """Keep HubSpot's *status* word, which is safe to log."""
        super().__init__(message)
        self.status, self.of_app = status, of_app


class HubSpotUnreachable(OperatorMustAct):
    """This machine cannot reach HubSpot until somebody changes something; the message says what."""

    code = "hubspot_unreachable"
    is_local = True


class BadAnswer(OperatorMustAct):
    """HubSpot's answer could not be understood; if it lasts, look for a newer portalkey."""

    code = "bad_answer"


class NoKeyOpens(OperatorMustAct):
    """A sealed value does not open; put the key it was sealed with back into PORTALKEY_KEYS.

    ``key_name`` is the label of the key that sealed it, or an empty string where that is unknown.
    The value is kept as it is. The same error is raised for a wrong key, a damaged value and a
    value moved from elsewhere, so that it tells an attacker nothing.
    """

    code = "no_key_opens"

    def __init__(self, key_name: str = "") -> None:
        """Name the key by its label, which is not secret."""
        sentence = f"A sealed value does not open; put the key {key_name} back into PORTALKEY_KEYS."
        super().__init__(sentence if key_name else None)
        self.key_name = key_name


class StoreUnusable(OperatorMustAct):
    """The store cannot be read or written; the message names what to look at."""

    code = "store_unusable"


class StoreIsCopy(OperatorMustAct):
    """This copy (PORTALKEY_COPY) renews no grant it came with; connect the account in it anew."""

    code = "store_is_copy"


class SourceUnusable(OperatorMustAct):
    """The source of the import cannot be read; the message names what to look at."""

    code = "source_unusable"


class NotHubSpot(OperatorMustAct):
    """This request goes elsewhere than to HubSpot, so it got no token and was not sent; send it
    with a client of its own.
    """

    code = "not_hubspot"


class LibraryUnusable(OperatorMustAct, ImportError):
    """A library that this needs is missing, too old or too new; the message says what to install.

    It is an ``ImportError`` as well.
    """

    code = "library_unusable"


class NoSession(OperatorMustAct):
    """Connections are kept in visitors' sessions, and there is no request here to find one by;
    leave out store="session" where workers, scripts or other threads need tokens too.
    """

    code = "no_session"


class SessionFull(OperatorMustAct):
    """The visitor's session has no room for what is ours in it; nothing was kept.

    ``size`` and ``most`` are bytes of the session's cookie, as it would be and as may be.
    """

    code = "session_full"

    def __init__(self, size: int, most: int) -> None:
        """Tell both numbers: what the app itself keeps in the session counts as well."""
        self.size, self.most = size, most
        super().__init__(
            f"The session's cookie would be {size} bytes with what portalkey keeps in it, and "
            f"{most} pass browsers and proxies; keep less in the session, keep sessions on the "
            'server (Flask-Session), or leave out store="session" where it is.'
        )


class TryLater(PortalkeyError):
    """This will pass; try again in a moment.

    ``retry_after`` is a number of seconds to wait, at least.
    """

    code = "try_later"

    def __init__(
        self, message: str | None = None, *, retry_after: float = 1.0, said: float = 0.0
    ) -> None:
        """Advise to wait *retry_after* seconds; *said* is how many HubSpot itself asked for."""
        super().__init__(message)
        self.retry_after, self.said = retry_after, said


class HubSpotUnavailable(TryLater):
    """HubSpot cannot be reached or is not well; try again in a moment.

    ``of_account`` is True where it says so of one account only, which is locked or moving.
    ``is_timeout`` is True where it was sent and no whole answer came: HubSpot may have acted on it.
    """

    code = "hubspot_unavailable"
    of_account: bool = False
    is_timeout: bool = False


class RateLimited(TryLater):
    """HubSpot asks for fewer requests; wait before trying again."""

    code = "rate_limited"


class TooManyAttempts(TryLater):
    """Too many attempts to connect were begun in a short time; wait, then start again."""

    code = "too_many_attempts"


class StoreBusy(TryLater):
    """The store is busy; try again in a moment."""

    code = "store_busy"
