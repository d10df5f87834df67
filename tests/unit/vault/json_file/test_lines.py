"""Line numbers of values in a JSON text."""

import pytest

from portalkey.vault.json_file.lines import line_of, line_of_repeated


def test_every_place_has_a_line() -> None:
    """Names, numbers, and what is quoted in a string, however it is laid out."""
    text = '{"a": [1, {"b":\n "]}{[,"}, []\n,2], "c" : {}\n, "d": [{}, {"e": null}]}'

    places = [("a", 1, "b"), ("a", 3), ("c",), ("d", 1, "e")]
    assert [line_of(text, place) for place in places] == [2, 3, 3, 4]
    with pytest.raises(ValueError, match="once"):
        line_of_repeated(text)
