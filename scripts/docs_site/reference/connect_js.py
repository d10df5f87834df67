"""``connect.js``: what it exports, from the comments and types of ``connect.d.ts``."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from docs_site.markdown import anchor, code, table

_START = re.compile(
    r"export (?P<kind>type|interface|function|const) (?P<name>\w+)|declare (?P<global>global)"
)
_COMMENT = re.compile(r"/\*\*(.*?)\*/", re.DOTALL)
_MEMBER = re.compile(
    r"(?:/\*\*(?P<about>.*?)\*/\s*)?(?P<code>(?:readonly )?\"?[\w:-]+\"?\??(?:\([^)]*\))?: [^;{]+);",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Export:
    """One declaration: its comment, its code, and what kind of thing it is."""

    name: str
    kind: str
    about: str
    code: str


def read_types() -> str:
    """Return the text of ``connect.d.ts``."""
    return (files("portalkey.web") / "static" / "connect.d.ts").read_text("utf-8")


def exports(text: str) -> Iterator[Export]:
    """Yield each declaration at the outermost level of *text*, in its order."""
    starts = list(_START.finditer(text))
    ends = [*(_begin(text, each.start()) for each in starts[1:]), len(text)]
    for start, end in zip(starts, ends, strict=True):
        begin = _begin(text, start.start())
        about = _plain(text[begin : start.start()])
        yield Export(
            start["name"] or "hubspot-connect",
            start["kind"] or "element",
            about,
            text[start.start() : end].strip(),
        )


def anchors() -> Mapping[str, str]:
    """Return the anchor of each export, as its module names it."""
    found = {"connect.js": "connectjs", "<hubspot-connect>": "connectjs-hubspot-connect"}
    return found | {f"connect.js {each.name}": _anchor(each.name) for each in exports(read_types())}


def render() -> str:
    """Return the page."""
    return (
        anchor("connectjs")
        + "# connect.js\n\nThe module beside the pages, at `/auth/hubspot/static/connect.js`. What the element does on a page "
        "stands in [The link](flask.md#the-link); the types are those of `connect.d.ts`, which lies beside it.\n\n"
        + "".join(map(_entry, exports(read_types())))
    )


def _anchor(name: str) -> str:
    is_value = name[0].islower() and "-" not in name
    return f"connectjs-{'value-' if is_value else ''}{name.lower()}"


def _begin(text: str, at: int) -> int:
    """Return where the comment right before *at* begins; *at* where there is none."""
    before = [each for each in _COMMENT.finditer(text, 0, at) if not text[each.end() : at].strip()]
    return before[-1].start() if before else at


def _plain(comment: str) -> str:
    """Return the text of a comment, on one line."""
    lines = [
        line.strip().removeprefix("/**").removesuffix("*/").strip().lstrip("*").strip()
        for line in comment.splitlines()
    ]
    return " ".join(filter(None, lines))


def _entry(export: Export) -> str:
    is_plain = export.kind in {"type", "function", "const"}
    members = (
        []
        if is_plain
        else [
            (code(" ".join(each["code"].split())), _plain(each["about"] or ""))
            for each in _MEMBER.finditer(export.code)
        ]
    )
    title = f"<{export.name}>" if export.kind == "element" else export.name
    shown = f"```ts\n{export.code}\n```\n\n" if is_plain else ""
    return f"{anchor(_anchor(export.name))}## {code(title)}\n\n{export.about}\n\n{shown}" + (
        table(("", "says"), members) if members else ""
    )
