"""Everything that can go wrong, grouped by who can put it right.

An app needs three ``except`` clauses and never parses a message::

    try:
        token = broker.access_token(owner)
    except PersonMustAct as error:      # show the sentence, offer to connect
        ...
    except OperatorMustAct as error:    # page somebody
        ...
    except TryLater as error:           # come back after error.retry_after seconds
        ...

The first paragraph of an error's docstring is its default message, so every error reads as a
sentence that says what to do next, for whoever wrote the app. ``for_person()`` says it to whoever
uses the app. ``code`` is stable and safe to store and log.
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

    def __init_subclass__(cls, *, code: str = "", **others: Any) -> None:  # noqa: ANN401 - as Python has it
        """Take the *code* of a kind of error from its first line; else it is its parent's."""
        super().__init_subclass__(**others)
        cls.code = code or cls.code

    def for_person(self, language: str | None = "en") -> str:
        """Return what happened and what to do, as our pages say it to people.

        ``de-AT`` gets German; who asks for no language that is here gets English.
        """
        from portalkey.sentences import explain  # noqa: PLC0415 - most errors are for programs

        wait: float | None = getattr(self, "retry_after", None)
        return explain(language, self.code, cause=self.cause, wait=wait)

    def __reduce__(self) -> tuple[Any, ...]:
        """Workers hand errors on by pickling them; each comes back with all that it had."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[PortalkeyError], args: tuple[Any, ...], known: dict[str, Any]) -> Any:  # noqa: ANN401 - as pickle wants it
    error = kind.__new__(kind, *args)
    error.__dict__.update(known)
    return error


class PersonMustAct(PortalkeyError, code="person_must_act"):
    """The person has to do something before this can work."""


class NotConnected(PersonMustAct, code="not_connected"):
    """No HubSpot account is connected for this owner; connect one first."""


class AccountNotNamed(PersonMustAct, code="account_not_named"):
    """Several HubSpot accounts are connected for this owner; say which one with hub_id.

    ``hub_ids`` lists the accounts to choose from.
    """

    def __init__(self, hub_ids: Sequence[int]) -> None:
        """Keep the *hub_ids* of the accounts to choose from."""
        self.hub_ids = tuple(hub_ids)
        listed = ", ".join(str(each) for each in self.hub_ids)
        super().__init__(
            f"Several HubSpot accounts are connected for this owner ({listed}); "
            "say which one with hub_id."
        )


class Declined(PersonMustAct, code="declined"):
    """The person did not agree at HubSpot; nothing was changed. Start again to connect."""


class AttemptExpired(PersonMustAct, code="attempt_expired"):
    """This attempt to connect is over; start again from the app."""


class AttemptMismatch(PersonMustAct, code="attempt_mismatch"):
    """This attempt to connect was begun by somebody else or elsewhere; start again from the app.

    Browser, owner or ``state`` was not the one that it was begun with, and nothing was exchanged.
    Without a known reason treat it as an attack; the audit event says which check failed.
    """


class NeedsReconnect(PersonMustAct, code="needs_reconnect"):
    """HubSpot no longer honours this connection; the person has to connect the account again.

    ``reconnect_url`` is the absolute address of the app's setup page, where the person can do it,
    or None where no connection is known yet.
    """

    def __init__(self, message: str | None = None, *, reconnect_url: str | None = None) -> None:
        """Keep *reconnect_url*, built from the public URL, for the app to show."""
        super().__init__(message)
        self.reconnect_url = reconnect_url


class WrongAccount(PersonMustAct, code="wrong_account"):
    """Another HubSpot account came back than the one to be reconnected; choose that one instead."""


class AccountTaken(PersonMustAct, code="account_taken"):
    """This HubSpot account is connected; disconnect it there first, or ask whoever runs the app."""


class ScopesMissing(PersonMustAct, code="scopes_missing"):
    """The HubSpot account has not granted what this needs; connect it again and agree to it.

    ``reconnect_url`` is the absolute address of the app's setup page, whose link asks for just
    these, or None where no connection is known.
    """

    def __init__(self, scopes: Sequence[str], *, reconnect_url: str | None = None) -> None:
        """Keep the *scopes* that were asked for and are not granted."""
        self.scopes, self.reconnect_url = tuple(scopes), reconnect_url
        super().__init__(
            f"The HubSpot account has not granted {', '.join(self.scopes)}; "
            "connect it again and agree to it."
        )


class OperatorMustAct(PortalkeyError, code="operator_must_act"):
    """Whoever runs the app has to change something; no customer can put this right."""


class BadSettings(OperatorMustAct, code="bad_settings"):
    """The settings cannot be used; the problems are listed, each with what to do."""

    def __init__(self, problems: Sequence[str], heading: str = "") -> None:
        """List all *problems* under the *heading*, so that they can be mended in one go."""
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__((heading or "portalkey cannot work with these settings:") + lines)


class HubSpotRefused(OperatorMustAct, code="hubspot_refused"):
    """HubSpot refused the app itself; compare client id, secret and redirect URI with HubSpot's
    settings of the app.

    ``status`` is HubSpot's own word for it (``BAD_CLIENT_ID``), or the HTTP status as a string.
    ``of_app`` is True where every other request of the app would be refused like this one. No
    connection is ended by this.
    """

    def __init__(
        self, message: str | None = None, *, status: str = "", of_app: bool = False
    ) -> None:
        """Keep HubSpot's *status* word, which is safe to log."""
        super().__init__(message)
        self.status, self.of_app = status, of_app


class HubSpotUnreachable(OperatorMustAct, code="hubspot_unreachable"):
    """This machine cannot reach HubSpot until somebody changes something; the message says what."""

    is_local = True


class BadAnswer(OperatorMustAct, code="bad_answer"):
    """HubSpot's answer could not be understood; if it lasts, look for a newer portalkey."""


class NoKeyOpens(OperatorMustAct, code="no_key_opens"):
    """A sealed value does not open; put the key it was sealed with back into PORTALKEY_KEYS.

    ``key_name`` is the label of the key that sealed it, or an empty string where that is unknown.
    The value is kept as it is. The same error is raised for a wrong key, a damaged value and a
    value moved from elsewhere, so that it tells an attacker nothing.
    """

    def __init__(self, key_name: str = "") -> None:
        """Name the key by its label, which is not secret."""
        sentence = f"A sealed value does not open; put the key {key_name} back into PORTALKEY_KEYS."
        super().__init__(sentence if key_name else None)
        self.key_name = key_name


class StoreUnusable(OperatorMustAct, code="store_unusable"):
    """The store cannot be read or written; the message names what to look at."""


class StoreIsCopy(OperatorMustAct, code="store_is_copy"):
    """This copy (PORTALKEY_COPY) renews no grant it came with; connect the account in it anew."""


class SourceUnusable(OperatorMustAct, code="source_unusable"):
    """The source of the import cannot be read; the message names what to look at."""


class OwnerUnusable(OperatorMustAct, TypeError, code="owner_unusable"):
    """The app's owner() returned what cannot be an id; return a non-empty string, or None."""


class SessionUnusable(OperatorMustAct, code="session_unusable"):
    """The app has no session that portalkey can use; add one, such as Starlette's
    SessionMiddleware.
    """


class NotHubSpot(OperatorMustAct, code="not_hubspot"):
    """This request goes elsewhere than to HubSpot, so it got no token and was not sent; send it
    with a client of its own.
    """


class NotFromHubSpot(OperatorMustAct, code="not_from_hubspot"):
    """This request bears no signature of HubSpot's that holds here; if HubSpot sent it, compare
    HUBSPOT_CLIENT_SECRET, PORTALKEY_PUBLIC_URL and this machine's clock.

    ``cause`` says which check failed; strangers cause as many as they like.
    """

    def __init__(self, cause: str = "") -> None:
        """Keep the name of the check that failed."""
        super().__init__()
        self.cause = cause


class LibraryUnusable(OperatorMustAct, ImportError, code="library_unusable"):
    """A library that this needs is missing, too old or too new; the message says what to install.

    It is an ``ImportError`` as well.
    """


class NoSession(OperatorMustAct, code="no_session"):
    """Connections are kept in visitors' sessions, and there is no request here to find one by;
    leave out store="session" where workers, scripts or other threads need tokens too.
    """


class SessionFull(OperatorMustAct, code="session_full"):
    """The visitor's session has no room for what is ours in it; nothing was kept.

    ``size`` and ``most`` are bytes of the session's cookies, as they would be and as may be.
    """

    def __init__(self, size: int, most: int) -> None:
        """Tell both numbers: what the app itself keeps in the session counts as well."""
        self.size, self.most = size, most
        super().__init__(
            f"The session's cookies would be {size} bytes with what portalkey keeps in them, and "
            f"{most} pass browsers and proxies; keep less in the session, keep sessions on the "
            'server (Flask-Session, starsessions), or leave out store="session" where it is.'
        )


class TryLater(PortalkeyError, code="try_later"):
    """This will pass; try again in a moment.

    ``retry_after`` is a number of seconds to wait, at least.
    """

    def __init__(
        self, message: str | None = None, *, retry_after: float = 1.0, said: float = 0.0
    ) -> None:
        """Advise to wait *retry_after* seconds at least; HubSpot itself *said* how many, or 0."""
        super().__init__(message)
        self.retry_after, self.said = retry_after, said


class HubSpotUnavailable(TryLater, code="hubspot_unavailable"):
    """HubSpot cannot be reached or is not well; try again in a moment.

    ``of_account`` is True where it says so of one account only, which is locked or moving.
    ``is_timeout`` is True where it was sent and no whole answer came: HubSpot may have acted on it.
    """

    of_account: bool = False
    is_timeout: bool = False


class RateLimited(TryLater, code="rate_limited"):
    """HubSpot asks for fewer requests; wait before trying again."""


class TooManyAttempts(TryLater, code="too_many_attempts"):
    """Too many attempts to connect were begun in a short time; wait, then start again."""


class StoreBusy(TryLater, code="store_busy"):
    """The store is busy; try again in a moment."""
