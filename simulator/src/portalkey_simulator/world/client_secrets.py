"""Client secrets: which ones an app is known by, while one takes the place of another."""

import hmac
import threading
from dataclasses import dataclass

from portalkey_simulator.world.apps import App
from portalkey_simulator.world.clock import Clock


@dataclass(frozen=True, slots=True)
class _OldSecret:
    secret: str
    until: float


class OldSecrets:
    """The secrets that apps had before, and until when each is still accepted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._old: dict[str, tuple[_OldSecret, ...]] = {}

    def add(self, app: App, seconds: float) -> None:
        """Accept the secret that *app* has had for so many seconds more, and no other old one."""
        now = self._clock.now()
        with self._lock:
            # Those before it stay known, as they must not be shown, but they open nothing.
            earlier = (_OldSecret(one.secret, now) for one in self._old.get(app.client_id, ()))
            self._old[app.client_id] = (*earlier, _OldSecret(app.client_secret, now + seconds))

    def accepts(self, app: App, secret: str) -> bool:
        """Return True where this is the secret of *app*, or an old one that is still accepted."""
        with self._lock:
            old = self._old.get(app.client_id, ())
        accepted = [one.secret for one in old if one.until > self._clock.now()]
        return any(
            hmac.compare_digest(secret.encode(), one.encode())
            for one in (app.client_secret, *accepted)
        )

    def expires_in(self, app: App) -> float | None:
        """Return the seconds for which an old secret is accepted; None where none is."""
        with self._lock:
            old = self._old.get(app.client_id, ())
        left = max((one.until for one in old), default=0.0) - self._clock.now()
        return round(left, 1) if left > 0 else None

    def list_all(self) -> frozenset[str]:
        """Return every old secret, of every app."""
        with self._lock:
            return frozenset(one.secret for each in self._old.values() for one in each)

    def clear(self) -> None:
        """Forget every old secret."""
        with self._lock:
            self._old.clear()
