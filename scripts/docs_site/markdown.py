"""Markdown as it is read and written here: links outside of code, tables, text of docstrings."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]`]|`[^`]*`)*)\]\((?P<target>[^()\s]+)\)")
"""A link or an image; its text may hold code, and no further link."""
FENCE = re.compile(r"\s*(```+|~~~+)")
_LANGUAGES = {"": "text", "csv": "text"}
"""Languages of blocks of code that Pygments has under another name, or not at all."""
HEADING = re.compile(r"(#{1,6}) +(.+?) *$")


def split_code(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line of *text*, and if it belongs to a block of code, its fences included."""
    fence = None
    for line in text.splitlines():
        found = FENCE.match(line)
        is_fence = found is not None and (fence is None or line.strip() == fence)
        yield line, fence is not None or is_fence
        if is_fence and found is not None:
            fence = found[1] if fence is None else None


def replace_links(text: str, replace: Callable[[re.Match[str], int], str]) -> str:
    """Return *text* with each link outside of code as *replace* of it and its line has it."""
    return "".join(
        (line if is_code else LINK.sub(lambda found, n=number: replace(found, n), line)) + "\n"  # type: ignore[misc]
        for number, (line, is_code) in enumerate(split_code(text), start=1)
    )


def name_languages(text: str) -> str:
    """Return *text* with each block of code named as what it is, so that its colours are right.

    A block that names no language is plain text, and HTML with braces a template.
    """
    lines = [line for line, _ in split_code(text)]
    starts = [number for number, each in enumerate(_fences(text)) if each]
    for number, (opening, closing) in enumerate(zip(starts[::2], starts[1::2], strict=True)):
        del number
        language = lines[opening].strip().lstrip("`~")
        block = "\n".join(lines[opening + 1 : closing])
        is_template = language == "html" and ("{{" in block or "{%" in block)
        new = "html+django" if is_template else _LANGUAGES.get(language, language)
        lines[opening] = lines[opening].rstrip().removesuffix(language) + new
    return "\n".join(lines) + "\n"


def _fences(text: str) -> Iterator[bool]:
    """Yield for each line whether it opens or closes a block of code."""
    was_code = False
    fence = ""
    for line, is_code in split_code(text):
        opens = is_code and not was_code
        fence = line.strip().rstrip("abcdefghijklmnopqrstuvwxyz+-{}") if opens else fence
        closes = is_code and was_code and line.strip() == fence
        yield opens or closes
        was_code = is_code and not closes


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell may hold anything that stands on one line."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines) + "\n"


def code(text: object) -> str:
    """Return *text* as code within a line."""
    return f"`{text}`"


def from_docstring(text: str) -> str:
    """Return a paragraph of a docstring as Markdown: code between single backticks."""
    return re.sub(r"``([^`]+)``", r"`\1`", " ".join(text.split()))


def anchor(*names: str) -> str:
    """Return the lines that give what follows these *names* to link to."""
    return "".join(f"({name})=\n" for name in names)


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")
