"""``HttpxAuth`` for httpx2: ``httpx2.Client(auth=HttpxAuth(broker, owner))``."""

from portalkey.adapters.flow import Flow
from portalkey.adapters.libraries import unusable

try:
    from httpx2 import Auth, ByteStream, Request
except ImportError as missing:
    raise unusable("httpx2") from missing


class HttpxAuth(Flow[Request], Auth):
    """Auth of httpx2 that puts a valid access token on each request, sync or async.

    After a 401 the token is renewed, once for everybody, and the request is repeated once. A body
    that can be read only once is not: the 401 is returned, and a warning is logged. A request to
    another host than HubSpot's is refused with ``NotHubSpot`` before anything is sent.
    """

    in_memory = ByteStream
