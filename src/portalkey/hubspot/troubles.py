"""Errors of the network as errors of ours: whose they are, and where to look."""

import ssl
from urllib.parse import urlsplit

from portalkey.errors import HubSpotUnavailable, HubSpotUnreachable
from portalkey.hubspot import authorities, proxy
from portalkey.hubspot.failures import Crowded, Failure, LateAnswer, ProxyFailed
from portalkey.hubspot.proxy import Proxy

TROUBLES = (Failure, OSError)  # the latter: no descriptor for the file of authorities
"""Errors that an exchange may fail by."""

_ASKS_WHO = 407

Trouble = HubSpotUnavailable | HubSpotUnreachable


def unreachable_error(error: Exception, url: str, through: Proxy | None) -> Trouble:
    """Return what *error* means on the way to *url*: trouble of this machine, or of HubSpot.

    Args:
        error: One of ``TROUBLES``; its message is not quoted, as it could quote the request.
        url: The address that the request was for; of it, host and port alone are said.
        through: The proxy on the way, if there is one.
    """
    host = urlsplit(url).hostname
    if isinstance(error, ProxyFailed) and through is not None:
        return _proxy_error(error, host, through)
    cause = error.cause if isinstance(error, Failure) else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return HubSpotUnreachable(
            f"This machine cannot reach HubSpot at {host}: its certificate cannot be trusted "
            f"({cause.verify_message}). Where a proxy here looks into TLS, name its authority in "
            f"{authorities.NAME}; otherwise look at this machine's clock and authorities."
        )
    is_unsent = not isinstance(error, Failure) or error.is_unsent
    if url.startswith("http:") and isinstance(cause, ConnectionRefusedError):
        sentence = _no_simulator(url)
    elif is_unsent and not isinstance(error, Crowded):
        sentence = (
            f"This machine cannot reach HubSpot at {host}: {_describe(error)}; look at its name "
            f"server, network, firewall and certificates, and whether {proxy.NAME} is needed."
        )
    else:
        sentence = (
            f"HubSpot cannot be reached at {host}: {_describe(error)}; try again in a moment."
        )
    trouble = HubSpotUnavailable(sentence)
    trouble.is_local = is_unsent
    trouble.is_timeout = isinstance(error, LateAnswer)
    return trouble


def _no_simulator(url: str) -> str:
    """Return what to do where nothing listens at *url*: without TLS there are but simulators."""
    place = urlsplit(url)
    return (
        f"No simulator answers at http://{place.netloc}; start `portalkey simulate --port "
        f"{place.port or 80}`, or correct HUBSPOT_APP_URL and HUBSPOT_API_URL."
    )


def _proxy_error(error: ProxyFailed, host: str | None, through: Proxy) -> Trouble:
    start = f"This machine cannot reach HubSpot through the proxy {through.place}"
    if error.is_refusal:
        advice = f"have it allow CONNECT to {host}, or name another in {proxy.NAME}"
        if error.status == _ASKS_WHO:
            advice = f"write http://USER:PASSWORD@HOST:PORT in {proxy.NAME}"
        return HubSpotUnreachable(f"{start}, which refuses it ({error.status}); {advice}.")
    trouble = HubSpotUnavailable(
        f"{start}: {_describe_proxy(error)}; look at the proxy, and at {proxy.NAME}."
    )
    trouble.is_local = True
    return trouble


def _describe_proxy(error: ProxyFailed) -> str:
    if isinstance(error.cause, Failure):
        return _describe(error.cause)
    if error.status is not None:
        return f"it answered with status {error.status}"
    return "it broke off, or does not speak HTTP"


def _describe(error: Exception) -> str:
    """Describe *error* in our own words."""
    if not isinstance(error, Failure):
        return "no file or socket can be opened here"
    for kind, words in (
        (ssl.SSLError, "TLS could not be agreed on"),
        (ConnectionRefusedError, "the connection was refused"),
    ):
        if isinstance(error.cause, kind):
            return words
    return error.words
