"""Paths below the console's own, for skins that have to name them."""

PATHS = (
    "",
    "connections/{id}",
    "connections/{id}/disconnect",
    "connections/{id}/uninstall",
    "erase",
    "owed/{id}/send",
    "attempts",
    "installs",
    "installs/{id}/give-back",
    "links",
    "links/{id}/withdraw",
    "keys",
    "health",
)
"""Paths of the pages, without a slash at either end."""
STATIC_PATH = "static/{version}/{name}"
"""Path of a style."""
