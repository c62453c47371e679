"""All sessions of a process around one engine, which a thread of its own drives by the clock.

Two threads: the network's event loop, where sessions live (session.py), and the engine's (seat.py). They meet in two
lines: wishes, by which what a session wants reaches the engine in order, and one delivery a tick, by which what came
of it reaches the sessions. So the engine needs no lock, and the network never waits for it.

Ticks are due every engine.tick_seconds of a monotonic clock. One that begins more than half a tick late is counted
as late; those whose time has passed altogether are left out and counted too, never run in a bunch. While few are
here, the engine also looks as soon as something comes: that saves half a tick, and costs little.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

import numpy as np

from facestream.audio.live import LiveResampler
from facestream.errors import AudioError, BundleError, FullHouseError, ProtocolError
from facestream.runtime.engine import Engine, User
from facestream.runtime.talker import Talker
from facestream.server.limits import Doorman, Limits, Load
from facestream.server.metrics import Metrics
from facestream.server.protocol import Close, Hello, Interrupted, Welcome, write
from facestream.server.protocol import Limits as SaidLimits
from facestream.server.seat import Answers, Seat
from facestream.server.session import Session

logger = logging.getLogger("facestream.server")

Wish = Callable[[Seat, float], Answers]
Delivery = list[tuple[Session, Answers | ProtocolError]]
SWEEP = 1.0  # seconds between looks at who is idle, gone or too long here
USUAL_RATES = (8_000, 22_050, 24_000, 32_000, 44_100, 48_000)
FEW = 2  # sessions that are served at once, not at the next tick
STUCK = 2.0  # seconds without a tick after which the server is not healthy


class House:
    """A talker, its engine and everybody who is connected."""

    def __init__(
        self, talker: Talker, seats: int = 256, limits: Limits | None = None, doorman: Doorman | None = None
    ) -> None:
        self.talker = talker
        self.limits, self.doorman = limits or Limits(), doorman or Doorman()
        self.metrics = Metrics()
        self.metrics.seats.set(seats)
        self.sessions: set[Session] = set()
        self.peers: set[object] = set()  # those over WebRTC, whose faces are drawn here
        for rate in USUAL_RATES:  # their filters, and what computes with them, before anybody waits
            LiveResampler(rate).push(np.zeros(rate // 50, np.float32))
        self._engine = Engine(talker, seats)
        self._seats: dict[Session, Seat] = {}
        self._sessions: dict[User, Session] = {}
        self._watched: dict[Session, Session] = {}  # whom a session watches
        self._watchers: dict[Session, list[Session]] = {}
        self._wishes: deque[tuple[Session, Callable[[], Answers]]] = deque()
        self._delivery: Delivery = []
        self._stop, self._news = threading.Event(), threading.Event()
        self._last_tick = time.monotonic()
        self._load = Load(self._last_tick)
        self._spent = 0.0  # seconds of work since the last tick that was due
        self._thread: threading.Thread | None = None
        self._sweeper: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------------------------- on the event loop's thread

    async def open(self) -> None:
        """Begin to tick. Called on the event loop that the sessions live on."""
        self._loop = asyncio.get_running_loop()
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="facestream engine", daemon=True)
        self._thread.start()
        self._sweeper = self._loop.create_task(self._sweep())

    async def close(self) -> None:
        """Tell everybody, and stop ticking."""
        for session in list(self.sessions):
            session.refuse(Close.SHUTDOWN, "the server shuts down; connect again")
        self._stop.set()
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    @property
    def healthy(self) -> bool:
        """Whether the engine ticks."""
        return not self._stop.is_set() and time.monotonic() - self._last_tick < STUCK

    @property
    def audience(self) -> int:
        """How many watch another's session."""
        return len(self._watched)

    def enter(self, session: Session, hello: Hello) -> None:
        """Ask for a seat; at the next tick the session is welcomed or refused."""
        self._wish(session, partial(self._seat, session, hello, time.monotonic()))

    def watch(self, session: Session, name: str) -> None:
        """Ask for another session's frames; at the next tick the session is welcomed or refused."""
        self._wish(session, partial(self._watch, session, name))

    def ask(self, session: Session, wish: Wish) -> None:
        """Have the engine's thread do something with a session's seat before its next tick; with that of the session it
        watches, if it watches one."""
        self._wish(session, partial(self._grant, session, wish, time.monotonic()))

    def leave(self, session: Session) -> None:
        """A session is over."""
        self.sessions.discard(session)
        self._wish(session, partial(self._unseat, session))

    def _wish(self, session: Session, act: Callable[[], Answers]) -> None:
        self._wishes.append((session, act))
        if len(self._seats) <= FEW:
            self._news.set()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            for session in list(self.sessions):
                session.look(time.monotonic())
            self.metrics.load.set(self._load.share)
            self.metrics.skew.set(max((seat.skew for seat in list(self._seats.values())), default=0.0))

    def _deliver(self, delivery: Delivery) -> None:
        for session, answers in delivery:
            if isinstance(answers, ProtocolError):
                session.refuse(answers.code, str(answers))
            else:
                session.tell(answers)

    # ------------------------------------------------------------------------------------------ on the engine's thread

    def _run(self) -> None:
        try:
            self._tick_on_time()
        except Exception:
            logger.critical("the engine has failed; every session is closed", exc_info=True)
            self._stop.set()
            failure: Answers | ProtocolError = ProtocolError(Close.INTERNAL, "the server has failed; connect again")
            self._loop.call_soon_threadsafe(self._deliver, [(each, failure) for each in (*self._seats, *self._watched)])

    def _tick_on_time(self) -> None:
        step, due = self._engine.tick_seconds, time.monotonic()
        while not self._stop.is_set():
            while self._news.wait(max(0.0, due - time.monotonic())):
                self._news.clear()
                self._tick(time.monotonic())
            now = time.monotonic()
            left_out = int((now - due) / step)
            self.metrics.ticks.inc(1 + left_out)
            late = max(1, left_out) if now - due > step / 2 else 0
            self.metrics.late_ticks.inc(late)
            self._load.note(self._spent, len(self._seats), now)
            self._spent = 0.0
            due += (1 + left_out) * step
            self._tick(now)

    def _tick(self, now: float) -> None:
        for _ in range(len(self._wishes)):
            self._try(*self._wishes.popleft())
        shown = self._engine.tick(now)
        for each in shown:
            session = self._sessions[each.user]
            self._post(session, self._seats[session].show(each, now))
        self._last_tick = time.monotonic()
        self._spent += self._last_tick - now
        self.metrics.frames.inc(len(shown))
        self.metrics.tick_time.observe(self._last_tick - now)
        if self._delivery:
            self._loop.call_soon_threadsafe(self._deliver, self._delivery)
            self._delivery = []

    def _try(self, session: Session, act: Callable[[], Answers]) -> None:
        """Do what a session wishes; whatever is wrong with it is that session's alone."""
        try:
            if answers := act():
                self._post(self._watched.get(session, session), answers)
        except ProtocolError as error:
            self._delivery.append((session, error))
        except (FullHouseError, BundleError, AudioError) as error:
            self._delivery.append((session, ProtocolError(_CODES[type(error)], str(error))))
        except Exception:
            logger.exception("session %s has failed", session.name)
            self._delivery.append((session, ProtocolError(Close.INTERNAL, "the server has failed; connect again")))

    def _seat(self, session: Session, hello: Hello, now: float) -> Answers:
        if self._load.expected(len(self._seats) + 1) > self.limits.load:
            raise FullHouseError("this server has no time for one more; try again in a moment, or elsewhere")
        seat = Seat(self._engine, hello, self.limits.buffered_seconds, self.metrics, now)
        self._seats[session], self._sessions[seat.user] = seat, session
        self.metrics.sessions.set(len(self._seats))
        self.metrics.begun.inc()
        return [self._welcome(session)]

    def _watch(self, session: Session, name: str) -> Answers:
        watched = next((each for each in self._seats if each.name == name), None)
        if watched is None:
            raise ProtocolError(Close.NO_SESSION, f"there is no session '{name:.20}' to watch; ask for its name again")
        self._watched[session] = watched
        self._watchers.setdefault(watched, []).append(session)
        user = self._seats[watched].user
        turn = [write(Interrupted(turn=user.turn, position=0, frame=user.lane.emitted))] if user.turn else []
        self._delivery.append((session, [self._welcome(watched), *turn]))
        return []

    def _welcome(self, session: Session) -> str:
        config, timing, limits = self.talker.config, self.talker.timing, self.limits
        said = SaidLimits(
            session_seconds=limits.session_seconds,
            idle_seconds=limits.idle_seconds,
            packet_bytes=limits.packet_bytes,
            buffered_seconds=limits.buffered_seconds,
        )
        welcome = Welcome(
            session=session.name,
            talker=config.name,
            channels=tuple(config.channels),
            styles=tuple(config.styles),
            fps=timing.fps,
            delay=timing.delay,
            ahead_ms=timing.first_frame_ms,
            limits=said,
        )
        return write(welcome)

    def _post(self, session: Session, answers: Answers) -> None:
        """To a session, and to everybody who watches it."""
        self._delivery.extend((each, answers) for each in (session, *self._watchers.get(session, ())))

    def _unseat(self, session: Session) -> Answers:
        if (watched := self._watched.pop(session, None)) in self._watchers:
            self._watchers[watched].remove(session)
        for watcher in self._watchers.pop(session, ()):
            del self._watched[watcher]
            over = ProtocolError(Close.NO_SESSION, "the session that was watched is over; ask for the next one's name")
            self._delivery.append((watcher, over))
        seat = self._seats.pop(session, None)
        if seat is not None:
            del self._sessions[seat.user]
            seat.leave()
            self.metrics.sessions.set(len(self._seats))
        return []

    def _grant(self, session: Session, wish: Wish, now: float) -> Answers:
        seat = self._seats.get(self._watched.get(session, session))
        return [] if seat is None else wish(seat, now)  # None: it was refused, or is gone


_CODES = {FullHouseError: Close.FULL_HOUSE, BundleError: Close.BAD_MESSAGE, AudioError: Close.BAD_SAMPLES}
