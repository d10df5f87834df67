"""Name and sign of the app, as people read and see them on our pages."""

import re
import unicodedata
from base64 import b64decode
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pydantic import ValidationInfo

from portalkey.settings.validators import text

LONGEST_NAME = 80
MOST_LOGO_BYTES = 32_768
"""A data URL goes along with each page."""

_DATA_URL = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,([A-Za-z0-9+/]+={0,2})")
_FILE = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")
_IMAGES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"})
_NO_IMAGE = (
    "must be an image in the app's static folder, such as img/logo.svg, or a URL that begins with "
    "data:image/png;base64,"
)


def app_name(value: object, info: ValidationInfo) -> str:
    """Return the name that people know the app by; without one, its host."""
    name = text(value)
    if len(name) > LONGEST_NAME:
        raise ValueError(f"has {len(name)} characters; {LONGEST_NAME} are the most")
    if any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in name):
        raise ValueError("has a line break or a control character in it; write it in one line")
    return name or urlsplit(info.data.get("public_url", "")).netloc


def app_logo(value: object) -> str:
    """Return a path below the app's static folder, a data URL, or nothing."""
    logo = text(value)
    if logo.startswith("data:"):
        return _check_data_url(logo)
    if logo and not (_FILE.fullmatch(logo) and PurePosixPath(logo).suffix.lower() in _IMAGES):
        raise ValueError(_NO_IMAGE)
    return logo


def _check_data_url(logo: str) -> str:
    if len(logo) > MOST_LOGO_BYTES:
        raise ValueError(
            f"has {len(logo)} bytes, and {MOST_LOGO_BYTES} at most, as it goes along with each "
            "page; make the image smaller, or name a file in the app's static folder"
        )
    content = _DATA_URL.fullmatch(logo)
    try:
        image = b64decode(content[1], validate=True) if content else b""
    except ValueError:
        image = b""
    if not image:
        raise ValueError(_NO_IMAGE)
    return logo
