"""One user's stream: packets of any size in, frames out.

Shapes: N samples, H hops a frame, B mel bands, C channels.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace

import numpy as np

from facestream.audio.frontend import BANDS, LogMel
from facestream.audio.waveform import check_samples
from facestream.errors import AudioError, FacestreamError
from facestream.runtime.talker import Memories, Talker, load
from facestream.signals import Floats, Frame, Motion

RELEASE = 4  # frames in which an interrupted face comes to rest: 160 ms


@dataclass
class _State:
    """Everything a stream remembers; a snapshot is a deep copy of it.

    step: the network's clock, from the start or the last interruption; ticks: steps in all; skip: steps whose frame
    lies before the start; received, emitted: samples in, frames out; last: the last face; held, release: the face at
    an interruption and the frames until it is forgotten.
    """

    memories: Memories
    skip: int
    step: int = 0
    ticks: int = 0
    received: int = 0
    emitted: int = 0
    ended: bool = False
    front: LogMel = field(default_factory=LogMel)
    waiting: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    last: Floats | None = None
    held: Floats | None = None
    release: int = 0


@dataclass(frozen=True)
class Snapshot:
    """A stream at one moment, to go on from later, in this process or another that has the same talker."""

    state: _State


class Stream:
    """A face that follows one voice.

    `push` takes mono float samples at 16 kHz in packets of any size and returns the frames that became final; `flush`
    returns the rest. The result does not depend on how the sound was cut into packets.
    """

    def __init__(self, talker: Talker, style: str = "neutral", seed: int = 0) -> None:
        self.talker = talker
        self.seed = seed
        self._style = talker.style(style)[None]
        self._lane = np.zeros(1, np.intp)
        self._state = self._newcomer()

    def push(self, samples: Floats) -> list[Frame]:
        """Hear a packet [N]; returns the frames that can be shown. Raises AudioError if samples are not finite."""
        if self._state.ended:
            raise FacestreamError("sound came after flush(), which ends a stream; call reset() to begin another")
        samples = check_samples(samples)
        self._state.received += len(samples)
        return self._hear(samples)

    def flush(self) -> list[Frame]:
        """The sound has ended: the frames that were waiting for their look-ahead, heard over silence."""
        state, timing = self._state, self.talker.timing
        missing = timing.frame_count(state.received) - state.emitted
        silence = (missing + timing.delay + 1) * timing.frame_samples
        frames = self._hear(np.zeros(silence, np.float32), missing) if missing > 0 else []
        state.ended = True
        return frames

    def interrupt(self) -> int:
        """Stop speaking: sound not yet shown is forgotten, the mouth goes to rest within 160 ms, the head lives on.

        Returns the instant, in samples of this stream, up to which sound was shown. Sound pushed next is new speech.
        """
        state = self._state
        motion = {name: value for name, value in state.memories.items() if name == "motion"}
        self._state = replace(
            state,
            memories=self.talker.newcomers(1) | motion,
            skip=0 if state.emitted else self.talker.timing.delay,
            step=0,
            received=state.emitted * self.talker.timing.frame_samples,
            front=LogMel(),
            waiting=np.zeros(0, np.float32),
            held=state.last,
            release=RELEASE if state.last is not None else 0,
            ended=False,
        )
        return self._state.received

    def reset(self) -> None:
        """Begin anew: nothing of what was heard is remembered."""
        self._state = self._newcomer()

    def snapshot(self) -> Snapshot:
        """The stream as it is now."""
        return Snapshot(copy.deepcopy(self._state))

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot of a stream of the same talker."""
        self._state = copy.deepcopy(snapshot.state)

    def motion(self, frames: list[Frame]) -> Motion:
        """Frames put together as curves."""
        channels = self.talker.config.channels
        values = np.array([frame.values for frame in frames], np.float32).reshape(len(frames), len(channels))
        return Motion(values, channels, float(self.talker.config.fps))

    def _newcomer(self) -> _State:
        return _State(self.talker.newcomers(1), skip=self.talker.timing.delay)

    def _hear(self, samples: Floats, limit: int | None = None) -> list[Frame]:
        state, timing = self._state, self.talker.timing
        sound = np.concatenate((state.waiting, samples))
        whole = len(sound) // timing.frame_samples * timing.frame_samples
        state.waiting = sound[whole:]
        frames: list[Frame] = []
        for hops in state.front.push(sound[:whole]).reshape(-1, timing.frame_hops, BANDS):
            if limit is not None and len(frames) == limit:
                break
            face = self._step(hops)
            if state.skip:
                state.skip -= 1
            else:
                frames.append(self._emit(face))
        return frames

    def _step(self, sound: Floats) -> Floats:
        state = self._state
        noise = self.talker.noise(self.seed, state.ticks)[None]
        clock = np.array([state.step], np.int64)
        faces = self.talker.step(sound[None], self._style, noise, state.memories, clock, self._lane)
        state.step += 1
        state.ticks += 1
        face: Floats = faces[0]
        return face

    def _emit(self, face: Floats) -> Frame:
        state = self._state
        if state.release and state.held is not None:
            state.release -= 1
            face = face + (state.held - face) * np.float32(state.release / RELEASE)
        frame = Frame(state.emitted, state.emitted * self.talker.timing.frame_samples, face)
        state.last = face.copy()  # the frame is the caller's, to write into as well
        state.emitted += 1
        return frame


def animate(samples: Floats, talker: Talker | None = None, style: str = "neutral", seed: int = 0) -> Motion:
    """Motion of a whole recording, [frames that cover it]: the live path, run as fast as it goes.

    samples: [N] mono float at 16 kHz. Raises AudioError if there is none or it is not finite.
    """
    if not len(samples):
        raise AudioError("the sound holds no samples; expected a recording of speech")
    stream = Stream(talker or load(), style, seed)
    frames = [*stream.push(samples), *stream.flush()]
    return stream.motion(frames)
