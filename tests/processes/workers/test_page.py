"""The page about workers says what the example does."""

import re

from processes.workers.workshop import EXAMPLE


def test_the_page_shows_the_examples_code() -> None:
    """Every block of Python on it stands in one of the files, as it is."""
    page = (EXAMPLE.parents[1] / "docs" / "workers.md").read_text()
    files = [each.read_text() for each in sorted(EXAMPLE.glob("*.py"))]
    blocks = re.findall(r"```python\n(.+?)```", page, re.DOTALL)

    assert len(blocks) > 1
    assert [block for block in blocks if not any(block in file for file in files)] == []
