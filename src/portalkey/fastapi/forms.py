"""Bodies of requests, read whole before anything is done, and bounded in size and in time."""

from collections.abc import Awaitable, Callable

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from portalkey.web.http import MOST_FORM_BYTES, Pairs

FORM_SECONDS = 30.0
"""Within these a form arrives whole, as those of a browser do at once."""

TOO_LARGE = 413


async def read_form(request: Request, seconds: float = FORM_SECONDS) -> Pairs:
    """Return the fields of the form that *request* posts; none where it posts none.

    Raises:
        HTTPException: It is too long (413), takes longer than so many *seconds* (408), or is none
            (400); the app answers with its own page for that.
    """
    if request.method != "POST":
        return ()
    body = await read_body(request, MOST_FORM_BYTES, seconds)
    if not body:
        return ()
    async with Request(request.scope, _replay(body)).form(max_files=0) as form:
        return tuple((name, value) for name, value in form.multi_items() if isinstance(value, str))


async def read_body(request: Request, most: int, seconds: float = FORM_SECONDS) -> bytes:
    """Return the body of *request*, of no more than *most* bytes.

    Raises:
        HTTPException: It is longer (413), takes longer than so many *seconds* (408), or did not
            come whole (400).
    """
    body = bytearray()
    try:
        with anyio.fail_after(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise HTTPException(TOO_LARGE)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return bytes(body)


def _replay(body: bytes) -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
