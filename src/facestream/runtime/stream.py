"""One user's stream: packets of any size in, frames out.

Shapes: N samples, H hops a frame, B mel bands, C channels.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from facestream.audio.frontend import log_mel_of
from facestream.audio.waveform import check_samples
from facestream.errors import AudioError, FacestreamError
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
    returns the rest. The result does not depend on how the sound was cut into packets.
    """

    def __init__(self, talker: Talker, style: str = "neutral", seed: int = 0) -> None:
        self.talker = talker
        self.seed = seed
        self._style = talker.style(style)
        self._only = np.zeros(1, np.intp)
        self.reset()

    def reset(self) -> None:
        """Begin anew: nothing of what was heard is remembered."""
        self._lane = Lane.newcomer(self.talker.timing, self.seed, self._style)
        self._memories = self.talker.newcomers(1)
        self._ended = False

    def push(self, samples: Floats) -> list[Frame]:
        """Hear a packet [N]; returns the frames that can be shown. Raises AudioError if samples are not finite."""
        if self._ended:
            raise FacestreamError("sound came after flush(), which ends a stream; call reset() to begin another")
        self._lane.hear(check_samples(samples).astype(np.float32))  # a copy: the packet is the caller's
        return self._run()

    def flush(self) -> list[Frame]:
        """The sound has ended: the frames that were waiting for their look-ahead, heard over silence."""
        lane, timing = self._lane, self.talker.timing
        missing = 0 if self._ended else timing.frame_count(lane.received) - lane.emitted
        self._ended = True
        if missing <= 0:
            return []
        lane.hear(np.zeros((missing + timing.delay + 1) * timing.frame_samples, np.float32))
        return self._run(missing)

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
        """Frames put together as curves."""
        channels = self.talker.config.channels
        values = np.array([frame.values for frame in frames], np.float32).reshape(len(frames), len(channels))
        return Motion(values, channels, float(self.talker.config.fps))

    def _run(self, limit: int | None = None) -> list[Frame]:
        """Step while there is sound, or until so many frames came out."""
        frames: list[Frame] = []
        while self._lane.ready and (limit is None or len(frames) < limit):
            frame = self._lane.show(self._step())
            frames += [] if frame is None else [frame]
        return frames

    def _step(self) -> Floats:
        lane, talker = self._lane, self.talker
        sound = log_mel_of(lane.next_sound()[None])
        noise = talker.noise(lane.seed, lane.ticks)[None]
        clock = np.array([lane.step], np.int64)
        face: Floats = talker.step(sound, lane.style[None], noise, self._memories, clock, self._only)[0]
        return face


def animate(samples: Floats, talker: Talker | None = None, style: str = "neutral", seed: int = 0) -> Motion:
    """Motion of a whole recording, [frames that cover it]: the live path, run as fast as it goes.

    samples: [N] mono float at 16 kHz. Raises AudioError if there is none or it is not finite.
    """
    if not len(samples):
        raise AudioError("the sound holds no samples; expected a recording of speech")
    stream = Stream(talker or load(), style, seed)
    frames = [*stream.push(samples), *stream.flush()]
    return stream.motion(frames)
