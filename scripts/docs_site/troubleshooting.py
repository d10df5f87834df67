"""``docs/troubleshooting.md``: each sentence that people see, and what to do about it.

``make troubleshooting`` writes it, so that it reads right on a forge, too; the sentences are those
of ``portalkey/sentences/``, and what errors ask for is their own message.
"""

import inspect
from collections.abc import Iterator, Mapping

from docs_site.markdown import code, from_docstring
from docs_site.reference.errors import every
from portalkey.sentences import OTHERWISE, choose_sentence, choose_title, read_languages

HEAD = """# Troubleshooting

By the sentence that somebody sees or quotes, as portalkey's pages say it in English.
`make troubleshooting` writes this page from `portalkey/sentences/` and the errors; `{wait}` stands for how long to wait.
People can quote the number on the page: `portalkey attempts show NUMBER` says what became of their attempt.

## Nothing is said at all

- **The window does not open.** The browser blocked it: `connect()` has to be called inside the click, before any `await`. [The link](flask.md#the-link).
- **The window stays at HubSpot.** Whoever lacks the permission to install apps gets no further there, and HubSpot tells nobody. [Who can agree](at-hubspot.md#who-can-agree).
- **The window is done, and the page still waits.** A header of your site or a service worker separates the two windows. The page then learns of the result a little later, by asking the server; [what to set](browsers.md).
- **The page says "We can't see the HubSpot window", and connects all the same.** `Cross-Origin-Opener-Policy: same-origin` on your page cuts it off from its popup. Set `same-origin-allow-popups` there; Django does it by [`SECURE_CROSS_ORIGIN_OPENER_POLICY`](django.md#middleware-headers-forgery).
- **The popup shows a 404 of your front end, or the front end reads nothing of the API.** At the start, `PORTALKEY_ALLOWED_ORIGINS` lacks the front end's origin; the log says `unknown_origin` and the line to set. At the end, the front end does not serve the bridge. [A front end on another origin](split-origins.md).
- **HubSpot says that the redirect URL does not match.** It has to be the same letter by letter. [What has to be the same](at-hubspot.md#what-has-to-be-the-same-on-both-sides).
- **The app does not start.** It lists all that is wrong with its settings; `portalkey doctor` does as well. [Settings](settings.md).
"""
PROGRESS = frozenset({"started", "at_hubspot", "returned", "exchanging", "asking", "failing"})
"""States that are no trouble, and mend themselves or wait for the person."""

ADVICE: Mapping[str, str] = {
    "already_delivered": "A page asked for the token a second time, or more than a minute after connecting. It gets one by connecting again; your server has `broker.access_token`.",
    "bad_next": "`?next=` is no path of this site. Pass a path that you wrote yourself, never one of a visitor's.",
    "cancelled": "Nothing: the person, or the page they came from, ended the attempt.",
    "debug_app": "Turn debug off. `allow_debug=True` is for machines that nobody else can reach.",
    "expired": "Nothing, or more time: `PORTALKEY_ATTEMPT_SECONDS`.",
    "forgery_refused": "A form was older than the session, or came from elsewhere. Should it last, look whether something strips the `Origin` header or the session's cookie; the event `forgery_refused` has the `check` that failed.",
    "inactive": "The app was uninstalled at HubSpot. The person connects again; `portalkey connections show ID` says when it was found.",
    "install_of_another": "An install that HubSpot sent with partner sign-in belongs to whoever was signed in at its first step. They sign in; or the account is connected from the app.",
    "interrupted": "A process ended during the exchange. The person starts again; look why the process ended.",
    "invitation_declined": "Nothing: the person pressed *Decline* on the page of the link. The link holds until its time is up, or until you withdraw it.",
    "invitation_elsewhere": "Somebody pressed the button of this link in another browser before. Go on there; or withdraw the link (`portalkey links withdraw ID`) and make another.",
    "may_not_deliver": "Your `may_deliver` said no: let the person confirm first.",
    "may_not_disconnect": "Your `may_disconnect` said no.",
    "not_found": "An address that leads to nothing of this person's: an id of somebody else's, or of another installation.",
    "not_from_here": "A link to the callback was opened in another browser than the one that began. Start from the app; where it happens to everybody, the attempt's cookie does not come back: compare the host in the browser with `PORTALKEY_PUBLIC_URL`. [A link's](links.md#what-a-link-is-worth) attempt wants its link's cookie, too.",
    "other_address": "The app is open under a second name, such as `127.0.0.1` or a host without `www`. Redirect to the one that `PORTALKEY_PUBLIC_URL` names.",
    "session_lost": "The host's session does not hold. Its secret key has to be the same in every process, and its cookie under 4,093 bytes.",
    "session_missing": "The host's cookie does not come back. A `Secure` cookie needs https; its path and domain have to fit ours.",
    "signed_out": "Your `owner` returned None. Where people are signed in, look whether it is asked in the right session.",
    "start_elsewhere": "`PORTALKEY_PUBLIC_URL` and the address in the browser have to be the same; a proxy has to pass on the host.",
    "start_not_opened": "Something fetches the link, or frames it: htmx, Turbo, a prefetch. Take the link out of it.",
    "start_taken": "The link was followed twice. Start again from the app.",
    "unknown_attempt": "The page belongs to an attempt of another browser, or of another session. Start again from the app.",
    "unknown_install": "The browser has no ticket of an install that waits: it is another browser than the one that installed the app, or the install was answered, or is over. `portalkey installs list` shows those that wait; connecting from the app works at any time.",
    "unknown_origin": "Name the page's origin in `PORTALKEY_ALLOWED_ORIGINS`; the log's `unknown_origin` has the whole line. [A front end on another origin](split-origins.md).",
    "unsupported_type": "Post a form, or JSON with its content type.",
}
"""What whoever runs the app does about a sentence that belongs to no error."""


def render() -> str:
    """Return the page.

    Raises:
        KeyError: A sentence has neither an error nor advice.
    """
    words = read_languages()["en"]
    codes = [each for each in words if ":" not in each and each not in PROGRESS | {OTHERWISE}]
    return HEAD + "".join(f"\n## {title}\n\n" + "\n".join(lines) for title, lines in _group(codes))


def _group(codes: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each heading of the pages with the entries of its *codes*."""
    words = read_languages()["en"]
    groups: dict[str, list[str]] = {}
    for each in codes:
        groups.setdefault(choose_title(words, each), []).append(_entry(each))
    yield from sorted(groups.items())


def _entry(each: str) -> str:
    words = {**read_languages()["en"], "wait:moment": "{wait}"}
    causes = [key for key in words if key.startswith(f"{each}:")]
    said = [choose_sentence(words, each, cause=key.partition(":")[2]) for key in [each, *causes]]
    lines = "".join(f"> {text}\n>\n" for text in said).removesuffix(">\n")
    return f"{lines}\n{code(each)}: {advise(each)}\n"


def advise(each: str) -> str:
    """Return what to do about the code *each*."""
    if each in ADVICE:
        return ADVICE[each]
    error = next((error for error in every() if error.code == each), None)
    if error is None:
        raise KeyError(f"{each} has no advice in scripts/docs_site/troubleshooting.py")
    first, _, _ = (inspect.getdoc(error) or "").partition("\n\n")
    return f"{code(error.__name__)}. {from_docstring(first)}"


if __name__ == "__main__":
    print(render().rstrip())  # noqa: T201 - a command
