"""Named manners of speaking: how far the mouth goes and how lively the rest of the face is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """One manner of speaking.

    jaw, lips: amplitude of the jaw and of the lips, 1 is the neutral speaker.
    smile: resting mouthSmile, 0..1 (negative: frown). brows: resting browInnerUp (negative: browDown).
    head: amplitude of head motion, 1 is the neutral speaker. accents: share of accented syllables with raised brows.
    blinks: blinks a minute. gaze: 60 times the chance that a change of gaze looks away.
    """

    name: str
    jaw: float = 1.0
    lips: float = 1.0
    smile: float = 0.0
    brows: float = 0.0
    head: float = 1.0
    accents: float = 0.25
    blinks: float = 16.0
    gaze: float = 22.0


NEUTRAL = Style("neutral")
STYLES: tuple[Style, ...] = (
    NEUTRAL,
    Style("calm", jaw=0.85, lips=0.9, smile=0.06, head=0.6, accents=0.1, blinks=13.0, gaze=14.0),
    Style("lively", jaw=1.12, lips=1.08, smile=0.14, brows=0.05, head=1.5, accents=0.5, blinks=20.0, gaze=30.0),
    Style("warm", lips=0.95, smile=0.28, brows=0.08, head=1.0, accents=0.3, blinks=15.0, gaze=16.0),
    Style("serious", jaw=0.92, smile=-0.1, brows=-0.15, head=0.75, accents=0.12, blinks=12.0, gaze=16.0),
    Style("expressive", jaw=1.22, lips=1.18, smile=0.1, brows=0.06, head=1.9, accents=0.65, blinks=22.0, gaze=32.0),
)
