"""One clock: the audio sample. Every rate, hop and delay of facestream is computed here.

Sound runs at 16 kHz; a spectral hop is 160 samples (10 ms); a motion frame at 25 fps is 640 samples, exactly.
Motion frame t is the face at the instant t / fps (sample 640 t). It leaves the network at step t + delay, when
640 (t + delay + 1) samples have been heard: a look-ahead of `delay` frames beyond the frame's own 40 ms of sound.

A talker that hears through windows makes several frames in one step, a block, when `ahead` more samples were heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

SAMPLE_RATE = 16_000
HOP = 160


@dataclass(frozen=True)
class Timing:
    """Rates and delay of a talker.

    fps: motion frames a second; a block of them must be a whole number of hops.
    delay: steps between hearing a frame's own sound and emitting the frame (the declared look-ahead).
    block: frames that a step makes; ahead: samples heard beyond a block before it is made.
    """

    fps: int = 25
    delay: int = 2
    block: int = 1
    ahead: int = 0

    def __post_init__(self) -> None:
        if self.fps <= 0 or self.block < 1 or SAMPLE_RATE * self.block % (HOP * self.fps):
            whole = "a frame" if self.block == 1 else f"{self.block} of them"
            raise ValueError(
                f"fps is {self.fps}; expected a divisor of {SAMPLE_RATE // HOP * self.block}, so that {whole} is whole "
                "hops"
            )
        if self.delay < 0 or self.ahead < 0:
            raise ValueError(f"delay is {self.delay} and ahead {self.ahead}; expected 0 or more frames and samples")

    @property
    def step_samples(self) -> int:
        """Samples from one step to the next."""
        return SAMPLE_RATE * self.block // self.fps

    @property
    def frame_samples(self) -> int:
        """Samples a motion frame lasts; exact where a step is one frame."""
        return SAMPLE_RATE // self.fps

    @property
    def frame_hops(self) -> int:
        """Spectral hops a motion frame lasts."""
        return self.frame_samples // HOP

    @property
    def look_ahead_ms(self) -> float:
        """Future sound heard beyond a step's own, in milliseconds."""
        return 1000.0 * (self.delay / self.fps + self.ahead / SAMPLE_RATE)

    @property
    def first_frame_ms(self) -> float:
        """Sound needed before the first frame can leave, in milliseconds."""
        return 1000.0 * self.block / self.fps + self.look_ahead_ms

    def frame_count(self, samples: int) -> int:
        """Motion frames that cover this many samples: the last one may be partly filled."""
        return -(-samples * self.fps // SAMPLE_RATE)

    def sample(self, frame: int) -> int:
        """The sample at the instant of a motion frame, or the last one before it."""
        return frame * SAMPLE_RATE // self.fps

    def frame_time(self, frame: int) -> Fraction:
        """Instant of a motion frame in seconds, exact."""
        return Fraction(frame, self.fps)
