"""What a session may do, and who may come in."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Limits:
    """Bounds of a session; who goes beyond one is told which, and the connection is closed.

    hello_seconds: until the first message; session_seconds: of a whole session; idle_seconds: without sound or
    control; vanished_seconds: without any sign of life, the answers to the server's pings included; packet_bytes: of
    one message; buffered_seconds: of sound that waits to be spoken; faster: times real time that sound may come, once
    a lump of buffered_seconds is used up; messages: a second, in the mean of two; unread_bytes: control messages that
    a client leaves lying; lagging_bytes: of motion that a client leaves lying before further frames are dropped;
    peers: sessions over WebRTC, each of which costs what drawing and encoding a face costs; load: share of its
    time that the engine may need before newcomers are sent away, for the sake of those who are here; beyond about 0.8
    frames come late for everybody.
    """

    hello_seconds: float = 5.0
    session_seconds: float = 3600.0
    idle_seconds: float = 300.0
    vanished_seconds: float = 45.0
    packet_bytes: int = 2 << 20
    buffered_seconds: float = 120.0
    faster: float = 4.0
    messages: float = 500.0
    unread_bytes: int = 1 << 16
    lagging_bytes: int = 2048
    peers: int = 4
    load: float = 0.7


@dataclass(frozen=True)
class Doorman:
    """Who may come in. token: what a client must show, empty for none; origins: pages besides the server's own that
    may connect ("*": all); a program that is no browser names no origin and is not asked for one."""

    token: str = ""
    origins: tuple[str, ...] = ()

    def knows(self, token: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(token.encode(), self.token.encode()) if self.token else True

    def welcomes(self, origin: str | None, host: str | None) -> bool:
        """Whether a page of this origin may connect to this host."""
        if origin is None or "*" in self.origins or origin in self.origins:
            return True
        return host is not None and urlsplit(origin).netloc.lower() == host.lower()


class Allowance:
    """So much a second, in the long run, and a burst at once. Told the time."""

    def __init__(self, per_second: float, burst: float, now: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left, self._then = burst, now

    def take(self, amount: float, now: float) -> bool:
        """Use some of it up; whether there was enough."""
        self._left = min(self._burst, self._left + (now - self._then) * self._per_second) - amount
        self._then = now
        return self._left >= 0


class Load:
    """Which share of its time the engine needs, over the last second or so. Told the time."""

    SECONDS = 1.0
    FEW = 8  # sessions below which one more costs less than the mean of them does

    def __init__(self, now: float) -> None:
        self.share = 0.0
        self._sessions, self._then = 0.0, now

    def note(self, spent: float, sessions: int, now: float) -> None:
        """So many seconds were spent for so many sessions since the last note."""
        passed, self._then = now - self._then, now
        if passed > 0:
            weight = min(1.0, passed / self.SECONDS)
            self.share += weight * (spent / passed - self.share)
            self._sessions += weight * (sessions - self._sessions)

    def expected(self, sessions: int) -> float:
        """The share with so many sessions: those who came in the last moments have hardly been felt yet."""
        return self.share * max(1.0, sessions / max(self._sessions, self.FEW))
