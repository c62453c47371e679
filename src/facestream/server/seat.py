"""A session as the engine's thread sees it: sound in, frames out, positions in the client's own samples.

Shapes: N samples.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from facestream.audio.live import LiveResampler
from facestream.errors import BundleError, ProtocolError
from facestream.runtime.engine import REMEMBERED, SILENT, Engine, Shown, User
from facestream.runtime.listening import Listening
from facestream.runtime.pace import MICROPHONE, SPEECH
from facestream.server.metrics import Metrics
from facestream.server.protocol import (
    IDLE,
    Close,
    Ended,
    Error,
    Face,
    Flag,
    Hello,
    Interrupted,
    Statistics,
    write,
)
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

Answers = list[Face | str]  # for a client: frames, and messages as text
SMOOTHED = 1 / 25  # share of a frame in the mean skew: about a second


@dataclass(frozen=True)
class Place:
    """A moment of a turn: samples at 16 kHz that the engine was given, samples of the client that they were."""

    heard: int = 0
    said: int = 0


class Seat:
    """One client's place in the engine."""

    def __init__(self, engine: Engine, hello: Hello, buffered_seconds: float, metrics: Metrics, now: float) -> None:
        """Raises FullHouseError, BundleError for an unknown style."""
        source = SPEECH if hello.source == "speech" else MICROPHONE
        self.user: User = engine.join(now, hello.style, hello.seed, source)
        self._engine, self._hello, self._most = engine, hello, round(buffered_seconds * SAMPLE_RATE)
        self._metrics, self._joined = metrics, now
        self.samples = self.frames = self.late = 0
        self.skew = 0.0
        self._first_sound: float | None = None
        self._waits = True  # for the first frame that belongs to sound
        self._ahead = engine.talker.timing.first_frame_ms / 1000
        self._recent: deque[int] = deque(maxlen=REMEMBERED)  # positions of the last frames
        self._listening = Listening(engine.talker.config.channels, engine.talker.timing.fps, hello.seed)
        self._listening.attend(hello.listening)
        self._begin_turn()

    def _begin_turn(self) -> None:
        self._said, self._shown = 0, 0
        self._places = deque([Place()])
        self._resampler = self._fresh_resampler()
        self._ending: Place | None = None
        self._recent.clear()

    def _fresh_resampler(self) -> LiveResampler | None:
        rate = self._hello.sample_rate
        return None if rate == SAMPLE_RATE else LiveResampler(rate)

    def leave(self) -> None:
        """Free the place in the engine."""
        self._engine.leave(self.user)

    def hear(self, samples: Floats, now: float) -> Answers:
        """Sound of the client, checked. Raises ProtocolError if it is too much."""
        self.samples += len(samples)
        self._said += len(samples)
        if self._first_sound is None:
            self._first_sound = now
        self._push(samples if self._resampler is None else self._resampler.push(samples), now)
        return []

    def _push(self, samples: Floats, now: float) -> None:
        self._engine.hear(self.user, samples, now)
        if self.user.lane.buffered > self._most:
            raise ProtocolError(
                Close.TOO_MUCH_BUFFERED,
                f"{self._most / SAMPLE_RATE:.0f} s of sound wait to be spoken; send speech more slowly",
            )

    def end(self, now: float) -> Answers:
        """The client will say no more for now; what is to be answered at once."""
        if self._resampler is not None:
            self._push(self._resampler.flush(), now)
            self._resampler = self._fresh_resampler()
        self._ending = Place(self.user.heard, self._said)
        self._places.append(self._ending)
        return self._ended() if self._shown >= self._ending.heard else []

    def interrupt(self, position: int | None, now: float) -> Answers:
        """Stop the face; the answer. position: samples of this turn that were played, where the client knows."""
        unseen = None if position is None else self._unseen(position)
        shown = self._engine.interrupt(self.user, now, unseen)
        played = self._position(shown) if position is None else min(position, self._said)
        self._begin_turn()
        return [write(Interrupted(turn=self.user.turn, position=played, frame=self.user.lane.emitted))]

    def _unseen(self, position: int) -> int:
        """How many of the last frames belong to sound from this position on, or follow one that does."""
        recent = list(self._recent)
        return next((len(recent) - i for i, place in enumerate(recent) if place >= position), 0)

    def restyle(self, style: str) -> Answers:
        """From the next frame on in another style; an unknown one is told, and changes nothing."""
        try:
            self._engine.restyle(self.user, style)
        except BundleError as error:
            return [write(Error(code=0, message=str(error)))]
        return []

    def listen(self, on: bool) -> Answers:
        """Begin or cease to attend to somebody who speaks to the face."""
        self._listening.attend(on)
        return []

    def show(self, shown: Shown, now: float) -> Answers:
        """A frame, as the client gets it, and what is to be said after it."""
        frame, position = shown.frame, IDLE if shown.heard == SILENT else self._position(shown.heard)
        self._measure(frame.sample, position, now)
        flags = Flag.NONE
        ended: Answers = []
        if shown.heard != SILENT:
            self._shown = shown.heard + self._engine.talker.timing.frame_samples
            if self._ending is not None and self._shown >= self._ending.heard:
                flags, ended = Flag.LAST, self._ended()
        self._recent.append(position)
        values = frame.values
        if self._listening.shows:
            values, flags = self._listening.show(values), flags | Flag.LISTENING
        return [Face(shown.turn, frame.index, position, frame.sample, values, flags), *ended]

    def _measure(self, sample: int, position: int, now: float) -> None:
        self.frames += 1
        if position == IDLE:
            return
        if self._waits and self._first_sound is not None:
            self._waits = False
            self._metrics.first_frame.observe(now - self._first_sound)
        behind = max(0.0, now - self.user.pace.spoken(sample) - self._ahead)
        if behind > 1 / self._engine.talker.timing.fps:
            self.late += 1
            self._metrics.late_frames.inc()
        self.skew += SMOOTHED * (behind - self.skew)

    def _ended(self) -> Answers:
        place, self._ending = self._ending, None
        said = 0 if place is None else place.said
        return [write(Ended(turn=self.user.turn, position=said, frame=max(0, self.user.lane.emitted - 1)))]

    def _position(self, heard: int) -> int:
        """The client's sample that a sample of the engine's was made from."""
        while len(self._places) > 1 and self._places[1].heard <= heard:
            self._places.popleft()
        place = self._places[0]
        return place.said + (heard - place.heard) * self._hello.sample_rate // SAMPLE_RATE

    def statistics(self, dropped: int, now: float) -> Statistics:
        """The session in numbers."""
        return Statistics(
            seconds=round(now - self._joined, 3),
            samples=self.samples,
            frames=self.frames - dropped,
            dropped=dropped,
            late=self.late,
            cut_seconds=self.user.cut / SAMPLE_RATE,
            idled=self.user.idled,
            skew_ms=round(1000 * self.skew, 2),
        )
