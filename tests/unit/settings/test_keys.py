import base64
import os
from hashlib import sha512
from pathlib import Path

import pytest
from pydantic import SecretStr

from portalkey.settings import keys
from portalkey.settings.keys import Key
from portalkey.settings.secret_files import read_secret_file


def encoded(raw: bytes) -> str:
    """The bytes as a key is written."""
    return base64.urlsafe_b64encode(raw).decode()


# Random enough, and the same in every process: tests are named after them.
SOME = sha512(b"some").digest()
FIRST, SECOND = encoded(SOME[:32]), encoded(SOME[32:])


def read_keys(path: Path) -> tuple[Key, ...]:
    """The keys in a file, as the setting reads them."""
    return keys.parse(read_secret_file(path, should_hold="label:key lines"))


def written(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    """A file of keys."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "text",
    [
        f"a:{FIRST},b-2_X:{SECOND}",
        f" a : {FIRST} , b-2_X:{SECOND},",
        f"a:{FIRST}\nb-2_X:{SECOND}\n",
        f"\r\na:{FIRST}\r\n\r\nb-2_X:{SECOND}\r\n",
    ],
)
def test_keys_in_their_order(text: str) -> None:
    """Commas and line ends separate keys, and the first one stays first."""
    assert keys.parse(text) == (Key("a", SecretStr(FIRST)), Key("b-2_X", SecretStr(SECOND)))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no key; make one with `portalkey init`"),
        (" ,\n", "holds no key"),
        (FIRST, "no usable label at key 1"),
        (f":{FIRST}", "no usable label at key 1"),
        (f"a b:{FIRST}", "no usable label at key 1"),
        (f"a.b:{FIRST}", "no usable label at key 1"),
        (f"{'x' * 33}:{FIRST}", "no usable label at key 1"),
        (f"{FIRST}:a", "no usable label at key 1"),
        (f"a:{FIRST},a:{SECOND}", "the label a twice"),
        (f"a:{FIRST},b:{FIRST}", "one key under two labels"),
        ("a:", "not url-safe base64"),
        (f"a:{FIRST[:-1]}", "not url-safe base64"),
        (f"a:{FIRST}=", "not url-safe base64"),
        ("a:" + "+" * 43 + "=", "not url-safe base64"),
        ("a:" + "ä" * 43 + "=", "not url-safe base64"),
        ("a:" + FIRST[:20] + "\0" + FIRST[21:], "not url-safe base64"),
        (f"a:{encoded(SOME[:31])}", "31 bytes in place of 32"),
        (f"a:{encoded(SOME[:33])}", "33 bytes in place of 32"),
        (f"a:{encoded(bytes(32))}", "not random"),
        (f"a:{encoded(b'x' * 32)}", "not random"),
        (f"a:{encoded(SOME[:4] * 8)}", "not random"),
        (f"a:{encoded(bytes(range(100, 132)))}", "not random"),
        (f"a:{encoded(bytes(range(255, 223, -1)))}", "not random"),
        (f"a:{encoded(b'correct horse battery staple! :)')}", "not random"),
    ],
)
def test_key_that_cannot_be_used(text: str, problem: str) -> None:
    """What is no key, or is everybody's, is refused with the reason and without the key."""
    with pytest.raises(ValueError, match=problem) as caught:
        keys.parse(text)

    assert FIRST not in repr(caught.value)
    assert FIRST[:20] not in repr(caught.value)


def test_other_spelling_of_a_key() -> None:
    """The bits to spare in the last character are what was printed: no key has two spellings."""
    last = FIRST[-2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = FIRST[:-2] + alphabet[alphabet.index(last) ^ 1] + "="

    assert base64.urlsafe_b64decode(twin) == base64.urlsafe_b64decode(FIRST)
    with pytest.raises(ValueError, match="not url-safe base64"):
        keys.parse(f"a:{twin}")


def test_every_problem_at_once() -> None:
    """Each problem is an argument of its own."""
    with pytest.raises(ValueError, match="twice") as caught:
        keys.parse(f"a:x,a:{encoded(bytes(32))},?:{SECOND}")

    assert len(caught.value.args) == 4


@pytest.mark.parametrize("text", [f"a:{FIRST}", f"a:{FIRST}\n", f"a:{FIRST}\r\n"])
def test_file(text: str, tmp_path: Path) -> None:
    """A line end after the key is no part of it."""
    path = written(tmp_path / "keys", text)

    assert read_keys(path) == (Key("a", SecretStr(FIRST)),)


def test_link_to_a_file(tmp_path: Path) -> None:
    """Kubernetes mounts its secrets as links."""
    link = tmp_path / "link"
    link.symlink_to(written(tmp_path / "keys", f"a:{FIRST}"))

    assert read_keys(link) == (Key("a", SecretStr(FIRST)),)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds no key"),
        (b"\xff\xfe" * 8, "no usable label"),
        (b"a:\0", "does not look like label:key lines"),
        (b"a" * 65537, "does not look like label:key lines"),
    ],
)
def test_file_of_something_else(content: bytes, problem: str, tmp_path: Path) -> None:
    """What is not a file of keys is recognised."""
    with pytest.raises(ValueError, match=problem):
        read_keys(written(tmp_path / "keys", content))


@pytest.mark.parametrize(("name", "problem"), [("x", "no such file"), (".", "not a file")])
def test_no_file(name: str, problem: str, tmp_path: Path) -> None:
    """The reason is the system's."""
    with pytest.raises(ValueError, match=problem):
        read_keys(tmp_path / name)


def test_fifo(tmp_path: Path) -> None:
    """A pipe that nobody writes to is not waited for."""
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)

    with pytest.raises(ValueError, match="not a file"):
        read_keys(path)


def test_key_keeps_its_secret() -> None:
    """A key is shown by its label."""
    assert FIRST not in repr(keys.parse(f"a:{FIRST}"))
