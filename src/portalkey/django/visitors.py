"""Finder of whoever is signed in to a Django site, and of its session."""

from functools import partial

from django.http import HttpRequest

from portalkey.django.options import Options
from portalkey.django.session_cookie import measure_cookie
from portalkey.errors import SessionUnusable
from portalkey.web.host import (
    FindId,
    Identified,
    Session,
    ask_app,
    browser_key,
    forget_another,
    identify,
)


class Visitors:
    """Finds who sent a request: the site's user, or whom its functions name."""

    def __init__(self, options: Options, name: str = "") -> None:
        self._options, self._name = options, name

    def identify(self, request: HttpRequest, *, is_poll: bool = False) -> Identified:
        """Return who is signed in; the session forgets whoever else was before.

        Raises:
            OwnerUnusable: A function of the site's returned what is no id.
            SessionUnusable: The site has no sessions.
        """
        return identify(
            session_of(request),
            *self._bind(request),
            lambda: measure_cookie(request),
            name=self._name,
            is_poll=is_poll,
        )

    def forget_another(self, request: HttpRequest) -> None:
        """Let the session forget whoever was signed in before, if somebody else is by now."""
        owner, person = ask_app(*self._bind(request))
        forget_another(owner, session_of(request), person, name=self._name)

    def is_new(self, request: HttpRequest) -> bool:
        """Return True where the site's session has no value of this browser's yet."""
        session = getattr(request, "session", None)
        return session is not None and browser_key(self._name) not in session

    def name(self, request: HttpRequest, owner: str) -> str:
        """Return what people call *owner*: as the site says, else a user's name, or the id."""
        if self._options.owner_name is not None:
            return self._options.owner_name(request, owner)
        if self._options.owner is None and find_user_id(request) == owner:
            return str(request.user.get_username())
        return owner

    def _bind(self, request: HttpRequest) -> tuple[FindId, FindId | None]:
        """Return what finds owner and person; where the owner is a team, its member is the user."""
        options, find_user = self._options, partial(find_user_id, request)
        find_owner = partial(options.owner, request) if options.owner else find_user
        if options.person is not None:
            return find_owner, partial(options.person, request)
        return find_owner, find_user if options.owner is not None else None


def find_user_id(request: HttpRequest) -> str | None:
    """Return the primary key of the signed-in user, as text; None for nobody."""
    user = getattr(request, "user", None)
    return str(user.pk) if user is not None and user.is_authenticated else None


def session_of(request: HttpRequest) -> Session:
    """Return the site's session of one browser.

    Raises:
        SessionUnusable: The site has none.
    """
    session: Session | None = getattr(request, "session", None)
    if session is None:
        raise SessionUnusable(
            "portalkey needs sessions: add django.contrib.sessions to INSTALLED_APPS and its "
            "SessionMiddleware to MIDDLEWARE."
        )
    return session
