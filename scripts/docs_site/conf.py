"""Sphinx's settings: MyST reads the Markdown, Furo shows it, autodoc reads the docstrings."""

from importlib.metadata import version as version_of

project = "portalkey"
author = "The portalkey developers"
project_copyright = author
version = release = version_of("portalkey")

extensions = [
    "docs_site.literals",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4  # as a forge makes them, so that #anchors hold in both places
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True  # as the source has them, not <class 'str'>
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
maximum_signature_line_length = 88

html_theme = "furo"
html_favicon = "../../src/portalkey/web/static/icon.svg"
html_title = f"portalkey {release}"
html_static_path: list[str] = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#a33b12", "color-brand-content": "#a33b12"},
    "dark_css_variables": {"color-brand-primary": "#ff9a70", "color-brand-content": "#ff9a70"},
}
copybutton_exclude = ".linenos, .gp, .go"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
