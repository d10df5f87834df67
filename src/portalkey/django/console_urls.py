"""The operator's console, for ``path("console/", include("portalkey.django.console_urls"))``.

Only its own paths are matched, so that a site may have others below the same prefix, or that begin
like it. It may be included without the slash, too.
"""

import re
from typing import Any

from django.urls import re_path

from portalkey.django.console import show_console
from portalkey.django.exemption import exempt
from portalkey.django.installed import require_installed
from portalkey.web.console.paths import PATHS, STATIC_PATH

app_name = "portalkey_console"


def _make_pattern(path: str) -> Any:  # noqa: ANN401 - Django has no types
    inside = re.sub(r"{\w+}", "[^/]+", path)
    name = "console" if not path else None
    return re_path(rf"^(?P<rest>/?{inside}/?)$", exempt(show_console), name=name)


require_installed()
urlpatterns = [_make_pattern(each) for each in (*PATHS, STATIC_PATH)]
