"""Sealing, opening, fingerprints and signatures."""

import base64
import copy
import hashlib
import hmac
import pickle
import traceback
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from portalkey.errors import BadSettings, NoKeyOpens
from portalkey.settings import Key
from portalkey.vault.keyring import LONGEST, Binding, Keyring, new_key

HERE = Binding("app", "row", "refresh_token", 3)
TOKEN = SecretStr("canary-token")
TOO_LONG = SecretStr("canary-" * LONGEST)
OLD, NEW, OTHER = (Key(name, new_key()) for name in ("old", "new", "other"))
RING = Keyring([OLD])
SEALED = RING.seal(TOKEN, HERE)


def prefixed(*parts: str) -> bytes:
    """What the docs say that a derivation runs over, written down once more."""
    return b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)


def derived(key: Key, *info: str) -> bytes:
    """HKDF-SHA256, independently of the code under test."""
    master = base64.urlsafe_b64decode(key.secret.get_secret_value())
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=prefixed(*info)).derive(master)


@given(text=st.text(alphabet=st.characters(), max_size=300))
def test_what_is_sealed_opens(text: str) -> None:
    """Any text, such as HubSpot may send, comes back as it was."""
    sealed = RING.seal(SecretStr(text), HERE)

    assert RING.open(sealed, HERE).get_secret_value() == text


def test_the_stored_part_is_real_fernet() -> None:
    """Anybody with the key and the docs can open it without portalkey."""
    version, name, token = SEALED.split(".")
    key = derived(OLD, "portalkey", "v1", "app", "row", "refresh_token", "3")

    assert (version, name) == ("v1", "old")
    assert Fernet(base64.urlsafe_b64encode(key)).decrypt(token) == b"canary-token"


def test_the_master_key_alone_opens_nothing() -> None:
    """Negative control: it takes what the value is bound to as well."""
    with pytest.raises(InvalidToken):
        Fernet(OLD.secret.get_secret_value()).decrypt(SEALED.split(".")[2])


@pytest.mark.parametrize(
    "moved",
    [
        {"client_id": "app2"},
        {"row_id": "row2"},
        {"column": "access_token"},
        {"generation": 2},
        {"client_id": "ap", "row_id": "prow"},
        {"row_id": "rowrefresh", "column": "_token"},
        {"column": "refresh_token3", "generation": 0},
    ],
)
def test_a_moved_value_does_not_open(moved: dict[str, str]) -> None:
    """Not in another app, row, column or generation, nor where the parts only read alike."""
    with pytest.raises(NoKeyOpens) as refusal:
        RING.open(SEALED, replace(HERE, **moved))  # type: ignore[arg-type]

    assert refusal.value.key_name == "old"


@given(bit=st.integers(0, 8 * len(SEALED) - 1))
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_a_flipped_bit_is_refused(bit: int) -> None:
    """Any single one, in the version and the key's name too."""
    flipped = bytearray(SEALED.encode())
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoKeyOpens):
        RING.open(flipped.decode("latin-1"), HERE)


def test_every_last_character_but_one_is_refused() -> None:
    """Base64 has several spellings of the same bytes; only the stored one opens."""
    fours = next(s for n in range(9) if (s := RING.seal(SecretStr("x" * 16 * n), HERE))[-1] == "=")
    end = len(fours.rstrip("=")) - 1
    spelt = [fours[:end] + letter + fours[end + 1 :] for letter in "ABCDEFGHQRSTghijwxyz0123456789"]
    for other in {*spelt, f"{fours}=", f"{fours}\n", fours.rstrip("=")} - {fours}:
        with pytest.raises(NoKeyOpens):
            RING.open(other, HERE)


def test_padding_too_much_is_refused() -> None:
    """Even where the last four characters are a spelling that could have been stored."""
    sealed = (RING.seal(SecretStr("x" * (n % 48)), HERE) for n in range(9999))
    padded = next(s for s in sealed if s[-1] == "=" and s[-3] != "=" and s[-2] in "AQgw")
    with pytest.raises(NoKeyOpens):
        RING.open(f"{padded}=", HERE)


@pytest.mark.parametrize(
    ("sealed", "name"),
    [
        ("", ""),
        ("v1", ""),
        ("v1.", ""),
        ("v1.old", ""),
        ("v1.old.", "old"),
        ("v1.old.AAAA", "old"),
        ("v1..AAAA", ""),
        ("v2" + SEALED[2:], "old"),
        ("v1.nobody." + SEALED.split(".")[2], "nobody"),
        ("v1.old." + "A" * 2 * LONGEST, ""),
        ("v1." + "n" * 33 + ".AAAA", ""),
        (SEALED[:-1], "old"),
        (SEALED + SEALED, "old"),
        ("v1.old.\udcff", "old"),
    ],
)
def test_garbage_is_one_error(sealed: str, name: str) -> None:
    """Truncated, of another version, under an unknown name: nobody is told which."""
    with pytest.raises(NoKeyOpens) as refusal:
        RING.open(sealed, HERE)

    assert (refusal.value.key_name, str(refusal.value)) == (name, str(NoKeyOpens(name)))


def test_the_first_key_seals_and_every_key_opens() -> None:
    """A key is appended last, so that everybody opens before anybody seals with it."""
    before, after = Keyring([OLD, NEW]), Keyring([NEW, OLD])

    assert before.first_key_name == "old"
    assert after.open(before.seal(TOKEN, HERE), HERE) == TOKEN
    assert before.open(after.seal(TOKEN, HERE), HERE) == TOKEN
    assert after.seal(TOKEN, HERE).startswith("v1.new.")


def test_no_key_is_tried_blindly() -> None:
    """The right key under another name does not open."""
    renamed = Keyring([OTHER, Key("renamed", OLD.secret)])
    with pytest.raises(NoKeyOpens) as refusal:
        renamed.open(SEALED, HERE)

    assert refusal.value.key_name == "old"


def test_two_seals_of_one_value_differ() -> None:
    """A row does not tell that its token is still the same."""
    assert RING.seal(TOKEN, HERE) != RING.seal(TOKEN, HERE)


def test_a_secret_has_a_longest_length() -> None:
    """In bytes; exactly that many still open."""
    longest = SecretStr("é" * (LONGEST // 2))

    assert RING.open(RING.seal(longest, HERE), HERE) == longest
    with pytest.raises(ValueError, match="65536 bytes"):
        RING.seal(SecretStr(longest.get_secret_value() + "x"), HERE)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [OLD, Key("old", NEW.secret)],
        [OLD, Key("same", OLD.secret)],
        [Key("", OLD.secret)],
        [Key("a.b", OLD.secret)],
        [Key("short", SecretStr("c2hvcnQ="))],
        [Key("bad", SecretStr("canary" * 8))],
    ],
)
def test_an_unusable_ring_is_refused(keys: list[Key]) -> None:
    """At the start, not at the first token; the message quotes no key."""
    with pytest.raises(BadSettings, match="PORTALKEY_KEYS") as refusal:
        Keyring(keys)

    assert "canary" not in str(refusal.value)
    assert refusal.value.__context__ is None


def test_a_fingerprint_tells_equal_tokens() -> None:
    """Under one key; HMAC-SHA256 under a key of its own."""
    key = derived(OLD, "portalkey", "v1", "hmac", "refresh-fingerprint")
    expected = hmac.digest(key, b"canary-token", hashlib.sha256).hex()

    assert RING.fingerprint(TOKEN) == expected
    assert RING.fingerprint(SecretStr("another")) != expected
    assert Keyring([NEW, OLD]).fingerprints(TOKEN) == (Keyring([NEW]).fingerprint(TOKEN), expected)


def test_a_signature_survives_rotation() -> None:
    """It bears the name of its key, and is safe in a URL."""
    signature = RING.sign("start", "attempt", "owner")

    assert Keyring([NEW, OLD]).is_signed(signature, "start", "attempt", "owner")
    assert not Keyring([NEW]).is_signed(signature, "start", "attempt", "owner")
    assert signature.startswith("old.")
    assert set(signature) <= set(base64.urlsafe_b64encode(bytes(range(256))).decode() + "._-")


@pytest.mark.parametrize(
    ("purpose", "parts"),
    [
        ("other", ("attempt", "owner")),
        ("start", ("attemp", "towner")),
        ("start", ("attempt", "owner", "")),
        ("start", ("owner", "attempt")),
        ("start", ()),
    ],
)
def test_a_signature_is_for_its_parts_only(purpose: str, parts: tuple[str, ...]) -> None:
    """And for its purpose; parts do not run into one another."""
    assert not RING.is_signed(RING.sign("start", "attempt", "owner"), purpose, *parts)


@given(garbage=st.text(alphabet=st.characters(), max_size=80) | st.just("old.") | st.just("."))
def test_a_garbled_signature_is_none(garbage: str) -> None:
    """Whatever a browser sends, lone surrogates included, is answered and not raised."""
    assert not RING.is_signed(garbage, "start", garbage)


def test_a_changed_signature_is_none() -> None:
    """Under each single change of a character."""
    signature = RING.sign("start", "a")
    for place, letter in enumerate(signature):
        changed = signature[:place] + ("A" if letter != "A" else "B") + signature[place + 1 :]
        assert not RING.is_signed(changed, "start", "a")


def test_a_purpose_has_a_key_of_its_own() -> None:
    """32 bytes; the same one at every start, another one for another purpose."""
    old, new = Keyring([OLD, NEW]).derive("session")

    assert len(base64.urlsafe_b64decode(old.get_secret_value())) == 32
    assert Keyring([NEW, OLD]).derive("session") == (new, old)
    assert Keyring([OLD]).derive("other") != (old,)
    assert Keyring([NEW]).derive("session") == (new,)


def test_a_new_key_is_a_key() -> None:
    """Never the same one twice."""
    assert len(new_key().get_secret_value()) == 44
    assert Keyring([Key("new", new_key())]).first_key_name == "new"
    assert new_key() != new_key()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_keyring_is_neither_pickled_nor_copied(copied: object) -> None:
    """A key that travels ends up in a cache or a crash report."""
    with pytest.raises(TypeError, match=r"^Keyring cannot be pickled"):
        copied(RING)  # type: ignore[operator]


def secrets_of(key: Key) -> tuple[str, ...]:
    """Every form in which a key could show itself."""
    text = key.secret.get_secret_value()
    raw = base64.urlsafe_b64decode(text)
    return text, raw.hex(), repr(raw)[2:-1]


def test_a_keyring_shows_names_only() -> None:
    """In its repr, and in that of everything it holds."""
    shown = repr(RING) + repr([getattr(RING, name) for name in Keyring.__slots__])

    assert repr(RING) == "Keyring(old)"
    assert not [form for form in secrets_of(OLD) if form in shown]
    assert not hasattr(RING, "__dict__")


def test_a_traceback_shows_no_secret() -> None:
    """Not even with every frame's variables, as crash reporters send them."""
    attempts = (
        lambda: RING.open(SEALED[:-2] + "A=", HERE),
        lambda: Keyring([NEW]).open(SEALED, HERE),
        lambda: RING.seal(TOO_LONG, HERE),
    )
    for attempt in attempts:
        with pytest.raises((NoKeyOpens, ValueError)) as refusal:
            attempt()
        shown = "".join(
            traceback.TracebackException.from_exception(refusal.value, capture_locals=True).format()
        )
        assert "canary-" not in shown
        assert not [form for key in (OLD, NEW) for form in secrets_of(key) if form in shown]
        assert refusal.value.__context__ is refusal.value.__cause__ is None
