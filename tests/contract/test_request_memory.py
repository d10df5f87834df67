"""What HubSpot has sent before is known to all processes, whatever store they share."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from portalkey._support.clock import boot_time
from portalkey.broker.hubspot_requests import BITE, MOST_BITES, RequestMemory
from portalkey.settings import Key
from portalkey.vault import Keyring, MemoryStore, Store, Vault
from portalkey.vault.keyring import new_key

pytest_plugins = ("support.postgres",)


def memory_of(store: Store, client_id: str = "app") -> RequestMemory:
    """The memory of one process."""
    return RequestMemory(Vault(Keyring([Key("first", new_key())]), store, client_id), boot_time)


def test_one_is_the_first(any_store: Store) -> None:
    """In whichever process; another app has signatures of its own."""
    until = any_store.now() + timedelta(minutes=5)

    assert memory_of(any_store).add("/a+b=", until)
    assert not memory_of(any_store).add("/a+b=", until)
    assert memory_of(any_store).add("/a+B=", until)
    assert memory_of(any_store, "other").add("/a+b=", until)


def test_of_many_at_once_one_is_the_first(any_store: Store) -> None:
    """No look comes before the deed."""
    until = any_store.now() + timedelta(minutes=5)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: memory_of(any_store).add("a", until), range(8)))

    assert sorted(answers) == [False] * 7 + [True]


def test_what_is_too_old_is_forgotten(any_store: Store) -> None:
    """And nothing that may still come again, nor anything else that is kept by name."""
    memory, now = memory_of(any_store), any_store.now()
    any_store.put_meta("key_check app first", "value")
    for minutes in (-90, -3, 1, 5):
        memory.add(f"signature {minutes}", now + timedelta(minutes=minutes))

    memory.purge()

    left = set(any_store.all_meta(""))
    assert {name.rpartition(" ")[2] for name in left} >= {"1", "5", "first"}
    assert not any(name.endswith(("-90", "-3")) for name in left)
    assert not memory.add("signature 1", now + timedelta(minutes=1))


def test_a_minute_more_is_remembered(any_store: Store) -> None:
    """A process whose clock is behind lets in what is too old by the store's."""
    memory = memory_of(any_store)
    until = any_store.now() - timedelta(seconds=50)
    assert memory.add("a", until)

    memory.purge()

    assert not memory.add("a", until)


def test_a_process_purges_once_a_minute(any_store: Store) -> None:
    """However often it is asked to; and what is there at its start at once."""
    seconds = [0.0]
    memory = RequestMemory(memory_of(any_store)._vault, lambda: seconds[0])
    until = any_store.now() - timedelta(minutes=9)

    def is_forgotten(signature: str) -> bool:
        memory.add(signature, until)
        memory.purge()
        return not any(name.endswith(f" {signature}") for name in any_store.all_meta(""))

    assert is_forgotten("a")
    seconds[0] += 59
    assert not is_forgotten("b")
    seconds[0] += 1
    assert is_forgotten("b")


def test_many_are_forgotten_in_bites() -> None:
    """Nobody who writes waits for all of them; what is left is for the next minute."""
    bites: list[int] = []

    class Endless(MemoryStore):
        """A store with ever more to forget."""

        def purge_meta(self, prefix: str, before: str, at_most: int) -> int:
            """Forget as many as may be."""
            assert before.isdecimal()
            assert prefix.endswith(" ")
            bites.append(at_most)
            return at_most

    memory_of(Endless()).purge()

    assert bites == [BITE] * MOST_BITES
