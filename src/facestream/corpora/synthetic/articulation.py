"""Phones and loudness → curves of the mouth, by rule.

Shapes: n motion frames, K segments, E events, C = len(FACE) channels, c of them moved by one articulator.
Each segment pulls the articulators towards its targets with a dominance that falls off exponentially around it; what
an articulator does is the mean of the targets, weighted by dominance (M. Cohen and D. Massaro 1993, "Modeling
coarticulation in synthetic visual speech"). Lips that must touch, each other (P B M) or the teeth (F V), are events on
top, so that no neighbour can talk them out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facestream.corpora.phones import SILENCE, Phone, fill_gaps
from facestream.corpora.synthetic.prosody import Reals
from facestream.corpora.synthetic.styles import Style
from facestream.corpora.synthetic.targets import ARTICULATORS, CHANNELS, LOOKS, ROWS, TARGETS
from facestream.motion.spaces import seal_lips, vector
from facestream.signals import FACE, Floats

HOLD = 0.05  # seconds, at most, that neighbours reach into a sound before they are felt
SPEECH_JAW = 0.065  # jawOpen of speech at its least: lips that do not close are seen apart
# jaw = target x (a + b loudness). On the captured speaker r of the fitted jaw is 0.79 without loudness, 0.82 from a
# share of 0.65 on (recipes/fit_articulation.py); more would tie the jaw to loudness closer than that speaker's is.
LOUDNESS_GAIN = (0.35, 0.65)

# Share of the sound during which the lips touch: P's breath and B's burst still belong to the sound.
CLOSED: dict[str, float] = {"P": 0.65, "B": 0.8, "M": 0.95}
BITTEN: dict[str, float] = {"F": 0.9, "V": 0.9}
CLOSING, BITING = 0.07, 0.09  # seconds in which lips meet or part inside speech
WAKE, SETTLE = 0.13, 0.14  # and beside silence, where they come from rest and go to rest
# Lower lip against the upper teeth: what a bite takes away, in shares, and what it adds.
UNBITTEN = vector(
    {"jawOpen": 0.5, "mouthFunnel": 0.3, "mouthPucker": 0.3, "mouthLowerDownLeft": 1.0, "mouthLowerDownRight": 1.0}
)
BITE = vector({"jawOpen": 0.5 * SPEECH_JAW, "mouthRollLower": 0.45, "mouthUpperUpLeft": 0.1, "mouthUpperUpRight": 0.1})


@dataclass(frozen=True)
class Articulation:
    """The mouth of an utterance. values: [n, C] before the lips are sealed (channels that are not the mouth's are 0);
    seal: [n], 1 on closed lips; labiodental: [n], 1 where the lower lip meets the teeth.
    """

    values: Floats
    seal: Floats
    labiodental: Floats

    def sealed(self) -> Floats:
        """The finished curves, [n, C]."""
        return seal_lips(self.values, self.seal)


def articulate(
    phones: Sequence[Phone], n_frames: int, fps: float, loudness: Reals | None, style: Style
) -> Articulation:
    """Move the mouth through these phones; frame t is the instant t / fps.

    phones: in order of time, seconds; what they leave uncovered is silence. loudness: [n], 0..1 (None: all of it loud).
    """
    times = np.arange(n_frames) / fps
    spoken = [phone for phone in phones if phone.label != SILENCE and phone.start * fps < n_frames]
    if not spoken:
        return Articulation(np.zeros((n_frames, len(FACE)), np.float32), *np.zeros((2, n_frames), np.float32))
    gain = LOUDNESS_GAIN[0] + LOUDNESS_GAIN[1] * (np.ones(n_frames) if loudness is None else loudness)
    values = _coarticulate(phones, spoken, times, gain, style)
    bite = touch(spoken, BITTEN, BITING, times)
    values = values * (1.0 - bite[:, None] * UNBITTEN) + bite[:, None] * BITE
    seal = touch(spoken, CLOSED, CLOSING, times)
    return Articulation(*(track.astype(np.float32) for track in (np.clip(values, 0.0, 1.0), seal, bite)))


def _coarticulate(phones: Sequence[Phone], spoken: Sequence[Phone], times: Reals, gain: Reals, style: Style) -> Reals:
    """All articulators on their way through the phones, [n, C]."""
    amplitude = dict.fromkeys(ARTICULATORS, np.full(len(times), style.lips))
    amplitude |= {"jaw": style.jaw * gain, "tongue": np.ones(len(times))}
    names, starts, ends = segments(phones, float(times[-1]))
    targets = np.stack([ROWS[name] for name in names])
    onset, end = np.array([(phone.start, phone.end) for phone in spoken]).T
    values = np.zeros((len(times), len(FACE)))
    for part, moved in ARTICULATORS.items():
        wanted = dominance(part, names, starts, ends, times) @ targets[:, CHANNELS[part]]
        values[:, CHANNELS[part]] = wanted * amplitude[part][:, None]
        if part == "jaw":
            values[:, FACE.index("jawOpen")] += SPEECH_JAW
        values[:, CHANNELS[part]] *= bumps(times, onset, end, moved.wake, moved.rest)[:, None]
    return values


def segments(phones: Sequence[Phone], last: float) -> tuple[list[str], Reals, Reals]:
    """Names of targets, [K], and their spans in seconds, [K] and [K], gap-free beyond `last`; a diphthong is two."""
    names: list[str] = []
    borders: list[float] = [-4 * HOLD]  # silence on both sides, so that the edges are like any pause
    moved = [Phone(label, start + 4 * HOLD, end + 4 * HOLD) for label, start, end in phones]
    for label, start, end in fill_gaps(moved, max(last, phones[-1].end) + 8 * HOLD):
        looks = LOOKS[label]
        names += looks
        borders += [start + (end - start) * (index + 1) / len(looks) - 4 * HOLD for index in range(len(looks))]
    return names, np.array(borders[:-1]), np.array(borders[1:])


def dominance(part: str, names: Sequence[str], starts: Reals, ends: Reals, times: Reals) -> Reals:
    """Each segment's share in an articulator at each instant, [n, K]; a row's sum is 1."""
    moved, index = ARTICULATORS[part], list(ARTICULATORS).index(part)
    strength = np.array([TARGETS[name].strength[index] for name in names])
    hold = np.minimum(0.25 * (ends - starts), HOLD)
    before = np.maximum(starts + hold - times[:, None], 0.0)
    after = np.maximum(times[:, None] - ends + hold, 0.0)
    pull = strength * np.exp(-moved.lead * before - moved.lag * after)
    return np.asarray(pull / pull.sum(axis=1, keepdims=True))


def touch(spoken: Sequence[Phone], kinds: dict[str, float], ramp: float, times: Reals) -> Reals:
    """1 while sounds of these kinds touch, 0 elsewhere, [n]; each is 1 on at least one frame, however short it is.

    kinds: the share of its length that a sound touches; ramp: seconds of coming and going.
    """
    events = [index for index, phone in enumerate(spoken) if phone.label in kinds]
    if not events:
        return np.zeros(len(times))
    starts = np.array([spoken[event].start for event in events])
    ends = starts + [kinds[spoken[event].label] * (spoken[event].end - spoken[event].start) for event in events]
    nearest = times[np.abs(times - (starts + ends)[:, None] / 2).argmin(axis=1)]
    first = [event == 0 or spoken[event].start - spoken[event - 1].end > WAKE for event in events]
    last = [event == len(spoken) - 1 or spoken[event + 1].start - spoken[event].end > SETTLE for event in events]
    rise, fall = np.where(first, WAKE, ramp), np.where(last, SETTLE, ramp)
    return bumps(times, np.minimum(starts, nearest), np.maximum(ends, nearest), rise, fall)


def bumps(times: Reals, starts: Reals, ends: Reals, rise: Reals | float, fall: Reals | float) -> Reals:
    """The highest of E smooth bumps that are 1 from start to end and rise and fall in so many seconds, [n]."""
    up = (times[:, None] - starts + rise) / rise
    down = (ends + fall - times[:, None]) / fall
    ramp = np.clip(np.minimum(up, down), 0.0, 1.0).max(axis=1)
    return np.asarray(ramp * ramp * (3.0 - 2.0 * ramp))
