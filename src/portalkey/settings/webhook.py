"""Settings of the app's own receiver of events: where it is, and what it knows the sender by."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from portalkey.model.destinations import (
    LOCALHOST,
    is_metadata_name,
    may_be_sent_to,
    parse_address,
)
from portalkey.settings.validators import text

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:/[!-~]*)?"
)
_LAST_LABEL = re.compile(r"(?:.*\.)?[a-z][a-z0-9-]*")
_LONGEST, _LAST_PORT = 2048, 65535
_PREFIX = "whsec_"
_SHORTEST_SECRET, _LONGEST_SECRET, _MOST_SECRETS = 24, 64, 5

_PLAIN = (
    "must be an address such as https://app.example.com/hooks/portalkey, with the host in lower "
    "case, without user name and fragment; http is for localhost only"
)
_METADATA = (
    "names an address at which clouds hand out credentials, or one that means no single machine; "
    "name the host of your own receiver"
)
_SECRETS = (
    f"must be {_PREFIX} and {_SHORTEST_SECRET} to {_LONGEST_SECRET} random bytes in base64, or "
    "several such between spaces while it is changed; `openssl rand -base64 32` prints the bytes"
)


def check_url(value: object) -> str:
    """Check the address of the receiver; empty for none."""
    url = text(value)
    if not url:
        return ""
    parts = _ADDRESS.fullmatch(url)
    if parts is None or len(url) > _LONGEST or "#" in url or "@" in urlsplit(url).netloc:
        raise ValueError(_PLAIN)
    host = parts["host"].strip("[]")
    if not _is_port(url) or not _is_host(host):
        raise ValueError(_PLAIN)
    is_local = host in LOCALHOST
    if parts["scheme"] == "http" and not is_local:
        raise ValueError(_PLAIN)
    is_address = parse_address(host) is not None
    if is_metadata_name(host) or (is_address and not may_be_sent_to(host, is_local=is_local)):
        raise ValueError(_METADATA)
    return url


def _is_port(url: str) -> bool:
    try:
        port = urlsplit(url).port
    except ValueError:
        return False
    return port is None or 0 < port <= _LAST_PORT


def _is_host(host: str) -> bool:
    """Return True for an address in its usual spelling, and for a name that is no address."""
    address = parse_address(host)
    # Others read 0x7f.1 and 2130706433 as addresses, too.
    return str(address) == host if address else _LAST_LABEL.fullmatch(host) is not None


def check_secrets(value: object) -> tuple[SecretStr, ...]:
    """Check the secrets; the first is the newest, and all of them sign."""
    if isinstance(value, tuple | list):
        secrets = [text(each) for each in value]
    else:
        secrets = text(value).replace(",", " ").split()
    if len(secrets) > _MOST_SECRETS or not all(map(_is_secret, secrets)):
        raise ValueError(_SECRETS)
    return tuple(map(SecretStr, secrets))


def _is_secret(secret: str) -> bool:
    try:
        length = len(base64.b64decode(secret.removeprefix(_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        return False
    return secret.startswith(_PREFIX) and _SHORTEST_SECRET <= length <= _LONGEST_SECRET


class WebhookSettings(BaseModel):
    """The part of ``Settings`` that is about the app's own receiver."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    webhook_url: Annotated[str, BeforeValidator(check_url)] = Field(
        "", alias="PORTALKEY_WEBHOOK_URL", repr=False
    )
    """Address of the app's own receiver of events; it may hold a token, so ``repr()`` omits it."""
    webhook_secrets: Annotated[tuple[SecretStr, ...], BeforeValidator(check_secrets)] = Field(
        (), alias="PORTALKEY_WEBHOOK_SECRET"
    )
    """Secrets that what is sent there is signed by, the newest first."""


def find_webhook_problem(settings: WebhookSettings) -> Iterator[str]:
    """Yield a sentence where one of the two is set without the other."""
    url, secret = "PORTALKEY_WEBHOOK_URL", "PORTALKEY_WEBHOOK_SECRET"
    if settings.webhook_url and not settings.webhook_secrets:
        yield f"{url} needs {secret}, by which the receiver knows who sends; it {_SECRETS}."
    if settings.webhook_secrets and not settings.webhook_url:
        yield f"{secret} is of no use without {url}; set that too, or neither."
