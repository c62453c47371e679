"""One listener of sound, without its network memories: what it heard, which step it is at, which face it showed.

A lane is driven from outside: `hear` sound, `next_sound` gives what the network's next step needs, `show` takes the
face that came out and gives the frame that became final. So one user alone (stream.py) and many in a batch (engine.py)
are the same code.

Shapes: N samples, C numbers of a face.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from facestream.audio.frontend import TAIL
from facestream.signals import Floats, Frame
from facestream.timing import Timing

RELEASE = 4  # frames in which an interrupted face comes to rest: 160 ms


@dataclass
class Lane:
    """Everything that one user's stream remembers, besides the network's memories.

    reach: samples before a step that are heard with it; step: the network's clock, from the start or the last
    interruption; ticks: steps of the network in all; skip: those whose frame lies before the start; received, emitted:
    samples in, frames out; tail: the samples before those that wait, which the next step hears with them; faces: the
    last ones that were shown; held, release: the face at an interruption and the frames until it is forgotten.
    """

    timing: Timing
    seed: int
    style: Floats
    skip: int
    reach: int
    step: int = 0
    ticks: int = 0
    received: int = 0
    emitted: int = 0
    tail: Floats = field(init=False)
    waiting: deque[Floats] = field(default_factory=deque)
    buffered: int = 0
    faces: deque[Floats] = field(default_factory=deque)
    held: Floats | None = None
    release: int = 0

    def __post_init__(self) -> None:
        self.tail = np.zeros(self.reach, np.float32)

    @classmethod
    def newcomer(cls, timing: Timing, seed: int, style: Floats, remembered: int = 1, reach: int = TAIL) -> Lane:
        """A lane that has heard nothing. remembered: faces kept for an interruption that comes late."""
        return cls(timing, seed, style, skip=timing.delay, reach=reach, faces=deque(maxlen=remembered))

    def hear(self, samples: Floats) -> None:
        """Put sound [N] in line."""
        self.waiting.append(samples)
        self.buffered += len(samples)
        self.received += len(samples)

    @property
    def ready(self) -> bool:
        """Whether there is sound for a step."""
        return self.buffered >= self._missing

    @property
    def _missing(self) -> int:
        """Samples that the next step hears for the first time: those ahead of it were heard by the step before."""
        return self.reach + self.timing.step_samples + self.timing.ahead - len(self.tail)

    def next_sound(self) -> Floats:
        """The sound of the next step with what is heard before and after it, [reach + step + ahead].

        It leaves the line. Only where `ready`. Before the start there is silence.
        """
        self.buffered -= self._missing
        parts, missing = [self.tail], self._missing
        while missing:
            packet = self.waiting.popleft()
            if len(packet) > missing:
                self.waiting.appendleft(packet[missing:])
                packet = packet[:missing]
            parts.append(packet)
            missing -= len(packet)
        sound = np.concatenate(parts, dtype=np.float32)
        self.tail = sound[self.timing.step_samples :]
        return sound

    def show(self, face: Floats) -> Frame | None:
        """Take the face [C] of a step; the frame that became final, None while the first ones lie before the start."""
        self.step += 1
        self.ticks += 1
        if self.skip:
            self.skip -= 1
            return None
        if self.release and self.held is not None:
            self.release -= 1
            face = face + (self.held - face) * np.float32(self.release / RELEASE)
        frame = Frame(self.emitted, self.timing.sample(self.emitted), face)
        self.faces.append(face.copy())  # the frame is the caller's, to write into as well
        self.emitted += 1
        return frame

    def stop(self, unseen: int = 0) -> None:
        """Forget sound not yet shown, and the last `unseen` frames, as many as `faces` holds at most; the last face
        seen goes to rest in 160 ms.

        The network begins anew (step 0): its memories of sound must be forgotten along with this.
        """
        for _ in range(unseen):
            self.faces.pop()
        self.emitted -= unseen
        self.step = 0
        self.skip = 0 if self.emitted else self.timing.delay
        self.received = self.timing.sample(self.emitted)
        self.tail = np.zeros(self.reach, np.float32)
        self.waiting.clear()
        self.buffered = 0
        self.held = self.faces[-1] if self.faces else None
        self.release = RELEASE if self.faces else 0
