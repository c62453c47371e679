"""One user's stream: packets of any size in, frames out.

Shapes: N samples, C numbers of a face: curves by name, or offsets of a mesh's vertices.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from facestream.audio.waveform import check_samples
from facestream.errors import AudioError, FacestreamError, MotionError
from facestream.runtime.lane import Lane
from facestream.runtime.talker import Memories, Talker, load
from facestream.signals import Floats, Frame, Motion


@dataclass(frozen=True)
class Snapshot:
    """A stream at one moment, to go on from later, in this process or another that has the same talker."""

    lane: Lane
    memories: Memories
    ended: bool


class Stream:
    """A face that follows one voice.

    `push` takes mono float samples at 16 kHz in packets of any size and returns the frames that became final; `flush`
    returns the rest. The result does not depend on how the sound was cut into packets. style: by default the first.
    """

    def __init__(self, talker: Talker, style: str | None = None, seed: int = 0) -> None:
        self.talker = talker
        self.seed = seed
        self._style = talker.style(style)
        self._only = np.zeros(1, np.intp)
        self.reset()

    def reset(self) -> None:
        """Begin anew: nothing of what was heard is remembered."""
        self._lane = Lane.newcomer(self.talker.timing, self.seed, self._style, reach=self.talker.ears.reach)
        self._memories = self.talker.newcomers(1)
        self._ended = False

    def push(self, samples: Floats) -> list[Frame]:
        """Hear a packet [N]; returns the frames that can be shown. Raises AudioError if samples are not finite."""
        if self._ended:
            raise FacestreamError("sound came after flush(), which ends a stream; call reset() to begin another")
        self._lane.hear(check_samples(samples).astype(np.float32))  # a copy: the packet is the caller's
        return list(self._frames())

    def flush(self) -> list[Frame]:
        """The sound has ended: the frames that were waiting for their look-ahead, heard over silence."""
        lane, timing = self._lane, self.talker.timing
        missing = 0 if self._ended else timing.frame_count(lane.received) - lane.emitted
        self._ended = True
        if missing <= 0:
            return []
        silence = timing.sample(missing + timing.delay + timing.block) + timing.step_samples + timing.ahead
        lane.hear(np.zeros(silence, np.float32))
        return list(islice(self._frames(), missing))

    def interrupt(self) -> int:
        """Stop speaking: sound not yet shown is forgotten, the mouth goes to rest within 160 ms, the head lives on.

        Returns the instant, in samples of this stream, up to which sound was shown. Sound pushed next is new speech.
        """
        self._lane.stop()
        self.talker.forget_sound(self._memories, 0)
        self._ended = False
        return self._lane.received

    def snapshot(self) -> Snapshot:
        """The stream as it is now."""
        return copy.deepcopy(Snapshot(self._lane, self._memories, self._ended))

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot of a stream of the same talker."""
        kept = copy.deepcopy(snapshot)
        self._lane, self._memories, self._ended = kept.lane, kept.memories, kept.ended

    def motion(self, frames: list[Frame]) -> Motion:
        """Frames put together as curves. Raises MotionError if the talker moves vertices."""
        channels = self.talker.config.channels
        if not channels:
            raise MotionError(
                "this talker moves the vertices of a mesh, it has no curves; stack the frames' values, or load it by "
                "facestream.runtime.curves.load_curves"
            )
        values = np.array([frame.values for frame in frames], np.float32).reshape(len(frames), len(channels))
        return Motion(values, channels, float(self.talker.config.fps))

    def _frames(self) -> Iterator[Frame]:
        """The frames that became final, while there is sound for a step."""
        lane, talker = self._lane, self.talker
        while lane.ready:
            clock = np.array([lane.step], np.int64)
            heard = talker.ears.hear(lane.next_sound()[None], clock)
            noise = talker.noise(lane.seed, lane.ticks)[None]
            faces = talker.step(heard, lane.style[None], noise, self._memories, clock, self._only)
            for face in faces.reshape(-1, faces.shape[-1]):  # of one step: one, or a block
                if (shown := lane.show(face)) is not None:
                    yield shown


def animate(samples: Floats, talker: Talker | None = None, style: str | None = None, seed: int = 0) -> Motion:
    """Motion of a whole recording, [frames that cover it]: the live path, run as fast as it goes.

    samples: [N] mono float at 16 kHz. Raises AudioError if there is none or it is not finite.
    """
    if not len(samples):
        raise AudioError("the sound holds no samples; expected a recording of speech")
    stream = Stream(talker or load(), style, seed)
    frames = [*stream.push(samples), *stream.flush()]
    return stream.motion(frames)
