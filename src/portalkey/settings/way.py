"""Validators of the way to HubSpot, from text to value; see ``validators`` for how they speak."""

import os
import stat
from pathlib import Path

from pydantic import SecretStr

from portalkey.hubspot import proxy
from portalkey.settings.validators import text

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_LONGEST = 4 * 1024 * 1024
_HOLDS = "certificates in PEM form"


def proxy_url(value: object) -> SecretStr | None:
    """The address of a proxy."""
    address = text(value or "")
    if not address:
        return None
    proxy.parse_proxy(address)
    return SecretStr(address)


def ca_file(value: object) -> Path | None:
    """A file of authorities."""
    path = value if isinstance(value, Path) else Path(text(value or "") or "/")
    if path == Path("/"):
        return None
    try:
        if not path.is_file():  # opening a pipe would block until somebody writes into it
            raise ValueError(f"names no file; name one of {_HOLDS}")
        with path.open("rb") as file:
            content, mode = file.read(_LONGEST), os.fstat(file.fileno()).st_mode
    except OSError as error:
        trouble = (error.strerror or "it is not readable").lower()
        raise ValueError(f"cannot be read ({trouble}); name a file of {_HOLDS}") from None
    if os.name == "posix" and mode & stat.S_IWOTH:  # whoever adds an authority sees secrets
        raise ValueError("names a file that everybody may change; run `chmod o-w` on it")
    if _BEGIN not in content:
        raise ValueError(f"names a file without a certificate in it; put {_HOLDS} there")
    return path
