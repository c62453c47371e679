"""How a face attends to somebody who speaks to it: it looks at you, nods, raises its brows, is a little pleased.

Laid over whatever the face does by itself (it blinks, breathes and sways on), gliding in and out. The same seed and the
same moments give the same gestures. Channels are found by name; those that a talker lacks are left alone.

Shapes: C channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from facestream.signals import Floats

GLIDE = 0.5  # seconds from one state to the other
CALMED = {  # shares that are left of what the face does by itself
    "headYaw": 0.35,
    "headPitch": 0.5,
    "headRoll": 0.5,
    **{f"{side}Eye{axis}": 0.15 for side in ("left", "right") for axis in ("Yaw", "Pitch")},
    **{f"eyeLook{way}{side}": 0.15 for side in ("Left", "Right") for way in ("Up", "Down", "In", "Out")},
}
ATTENTIVE = {  # what is added all the while
    "headPitch": 0.03,
    "browInnerUp": 0.1,
    "browOuterUpLeft": 0.05,
    "browOuterUpRight": 0.05,
    "mouthSmileLeft": 0.07,
    "mouthSmileRight": 0.07,
}
TILT = 0.05  # radians of roll, to a side that the seed chooses
NOD = {"headPitch": 0.09}
BROWS = {"browInnerUp": 0.35, "browOuterUpLeft": 0.2, "browOuterUpRight": 0.2, "eyeWideLeft": 0.1, "eyeWideRight": 0.1}


class Listening:
    """One face's attention. Call `show` for every frame."""

    def __init__(self, channels: Sequence[str], fps: int, seed: int) -> None:
        rng = np.random.Generator(np.random.Philox(key=seed % 2**64))
        self._channels, self._fps, self._frame = tuple(channels), fps, 0
        self._calmed = np.array([CALMED.get(name, 1.0) for name in channels], np.float32)
        self._pose = self._curve(ATTENTIVE) + self._curve({"headRoll": TILT * rng.choice((-1, 1))})
        self._gestures = [
            (self._curve(NOD), _bumps(rng, (1.5, 4.5), 0.55, (1, 2))),
            (self._curve(BROWS), _bumps(rng, (3.0, 8.0), 0.7, (1,))),
        ]
        self._now = [next(bumps) for _, bumps in self._gestures]
        self._attends, self._share = False, 0.0

    def attend(self, on: bool) -> None:
        """Begin or cease to listen."""
        self._attends = on

    @property
    def shows(self) -> bool:
        """Whether any of it is to be seen."""
        return self._attends or self._share > 0

    def show(self, values: Floats) -> Floats:
        """A frame's values, attending, [C]."""
        step = 1 / (GLIDE * self._fps)
        self._share = min(1.0, self._share + step) if self._attends else max(0.0, self._share - step)
        share = self._share * self._share * (3 - 2 * self._share)
        added = self._pose + sum(curve * self._gesture(which) for which, (curve, _) in enumerate(self._gestures))
        self._frame += 1
        shown: Floats = (values * (1 + share * (self._calmed - 1)) + share * added).astype(np.float32)
        return shown

    def _gesture(self, which: int) -> float:
        """How far a gesture is now, 0..1: a raised cosine, once or twice."""
        begin, length, times = self._now[which]
        since = self._frame / self._fps - begin
        while since > length:
            pause, length, times = next(self._gestures[which][1])
            begin = self._frame / self._fps + pause
            self._now[which] = begin, length, times
            since = -pause
        return 0.0 if since <= 0 else 0.5 - 0.5 * float(np.cos(2 * np.pi * since * times / length))

    def _curve(self, amounts: dict[str, float]) -> Floats:
        return np.array([amounts.get(name, 0.0) for name in self._channels], np.float32)


def _bumps(
    rng: np.random.Generator, pauses: tuple[float, float], seconds: float, times: Sequence[int]
) -> Iterator[tuple[float, float, int]]:
    """Pause before a gesture, its length in seconds, and how often it is made in a row; for ever."""
    while True:
        often = int(rng.choice(times))
        yield float(rng.uniform(*pauses)), seconds * often, often
