"""One clock: the audio sample. Every rate, hop and delay of facestream is computed here.

Sound runs at 16 kHz; a spectral hop is 160 samples (10 ms); a motion frame at 25 fps is 640 samples, exactly.
Motion frame t is the face at the instant t / fps (sample 640 t). It leaves the network at step t + delay, when
640 (t + delay + 1) samples have been heard: a look-ahead of `delay` frames beyond the frame's own 40 ms of sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

SAMPLE_RATE = 16_000
HOP = 160


@dataclass(frozen=True)
class Timing:
    """Rates and delay of a talker.

    fps: motion frames a second; must divide the hop rate so that a frame is a whole number of hops.
    delay: steps between hearing a frame's own sound and emitting the frame (the declared look-ahead).
    """

    fps: int = 25
    delay: int = 2

    def __post_init__(self) -> None:
        if self.fps <= 0 or SAMPLE_RATE % (HOP * self.fps):
            raise ValueError(
                f"fps is {self.fps}; expected a divisor of {SAMPLE_RATE // HOP}, so that a frame is whole hops"
            )
        if self.delay < 0:
            raise ValueError(f"delay is {self.delay}; expected 0 or more frames")

    @property
    def frame_samples(self) -> int:
        """Samples a motion frame lasts."""
        return SAMPLE_RATE // self.fps

    @property
    def frame_hops(self) -> int:
        """Spectral hops a motion frame lasts."""
        return self.frame_samples // HOP

    @property
    def look_ahead_ms(self) -> float:
        """Future sound heard beyond a frame's own, in milliseconds."""
        return 1000.0 * self.delay / self.fps

    @property
    def first_frame_ms(self) -> float:
        """Sound needed before the first frame can leave, in milliseconds."""
        return 1000.0 * (self.delay + 1) / self.fps

    def frame_count(self, samples: int) -> int:
        """Motion frames that cover this many samples: the last one may be partly filled."""
        return -(-samples // self.frame_samples)

    def frame_time(self, frame: int) -> Fraction:
        """Instant of a motion frame in seconds, exact."""
        return Fraction(frame, self.fps)
