"""Whether the mouth does what a sound needs while that sound lasts: lips shut on P B M, bitten on F V.

A sound is found if the mouth does it on any frame within REACH of the sound. A run of frames that does it where no
such sound is near is false. Shapes: T frames.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facestream.corpora.phones import SILENCE, Phone
from facestream.motion.spaces import lip_gap
from facestream.signals import Motion

Mask = npt.NDArray[np.bool_]

# Speech that is no closure parts the lips by 0.06 or more, closed lips by 0.01 or less (motion.spaces.lip_gap); the
# border lies between, a fifteenth of the jaw's opening on "ah".
CLOSED = 0.03
# A bitten lip rolls in by 0.45 in the reference, sealed lips by 0.27 at most: half a bite that is no seal.
BITTEN = 0.25
REACH = 0.08  # seconds: two frames
PAUSE = 0.1  # seconds of silence in which a mouth may rest shut
SPILL = 0.12  # seconds that a run may outlast the neighbourhood of its sound
COUNTED = 0.2  # seconds of a false run that count as one event, so that a mouth which stays shut gains nothing


@dataclass(frozen=True)
class Events:
    """Sounds of one kind in an utterance.

    missed: those that the mouth missed. inside: those with no pause nearby, whose closure resting lips cannot give.
    false: the instants (seconds) at which the mouth did it and should not.
    """

    sounds: tuple[Phone, ...]
    missed: tuple[Phone, ...]
    inside: tuple[Phone, ...]
    false: tuple[float, ...]


@dataclass(frozen=True)
class Rates:
    """Over many utterances; NaN for shares of nothing. inside: the recall of sounds that no pause is near."""

    recall: float
    inside: float
    precision: float
    f1: float


def rates(events: Collection[Events]) -> Rates:
    """Pool events and count: found ones are the sounds that were not missed."""
    sounds, missed, inside, false = (
        sum(len(getattr(each, name)) for each in events) for name in ("sounds", "missed", "inside", "false")
    )
    missed_inside = sum(phone in each.inside for each in events for phone in each.missed)
    found = sounds - missed
    return Rates(
        recall=_share(found, sounds),
        inside=_share(inside - missed_inside, inside),
        precision=_share(found, found + false),
        f1=_share(2 * found, found + sounds + false),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def closed_lips(motion: Motion) -> Mask:
    """Frames on which the lips are shut, [T]."""
    return np.asarray(lip_gap(motion) <= CLOSED)


def bitten_lip(motion: Motion) -> Mask:
    """Frames on which the lower lip is rolled in behind the teeth, the lips not shut, [T]."""
    return np.asarray((motion["mouthRollLower"] > BITTEN) & ~closed_lips(motion))


def find_events(done: Mask, phones: Sequence[Phone], kind: Collection[str], fps: float, rest: bool) -> Events:
    """Compare what a mouth does, [T], with the phones that need it.

    kind: labels of those phones. rest: whether the mouth may do it in silences of PAUSE or more, and REACH around them.
    """
    times = np.arange(len(done)) / fps
    sounds = tuple(phone for phone in phones if phone.label in kind)
    missed = tuple(phone for phone in sounds if not done[near(times, phone)].any())
    paused = near_any(times, (*pauses(phones, PAUSE), *_outside(phones)))
    inside = tuple(phone for phone in sounds if not paused[near(times, phone)].any())
    allowed = near_any(times, sounds) | (paused & rest)
    return Events(sounds, missed, inside, tuple(_false(done, allowed, fps)))


def near(times: npt.NDArray[np.float64], phone: Phone, reach: float = REACH) -> Mask:
    """Instants (seconds, [T]) that lie within reach of a phone, [T]."""
    return np.asarray((times >= phone.start - reach - 1e-9) & (times <= phone.end + reach + 1e-9))


def near_any(times: npt.NDArray[np.float64], phones: Iterable[Phone], reach: float = REACH) -> Mask:
    """Instants (seconds, [T]) that lie within reach of one of these phones, [T]."""
    mask = np.zeros(len(times), bool)
    for phone in phones:
        mask |= near(times, phone, reach)
    return mask


def _outside(phones: Sequence[Phone]) -> tuple[Phone, Phone]:
    """What lies before and after a recording is silence."""
    return Phone(SILENCE, -math.inf, 0.0), Phone(SILENCE, phones[-1].end if phones else 0.0, math.inf)


def pauses(phones: Sequence[Phone], least: float) -> tuple[Phone, ...]:
    """Silences of at least so many seconds."""
    return tuple(phone for phone in phones if phone.label == SILENCE and phone.end - phone.start >= least - 1e-9)


def runs(mask: Mask) -> Iterator[tuple[int, int]]:
    """First frame and the one after the last of each run of true ones."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _false(done: Mask, allowed: Mask, fps: float) -> Iterator[float]:
    """Instants of false events: runs that touch nothing allowed, and what others go on beyond it for too long."""
    for first, end in runs(done):
        lone = not allowed[first:end].any()
        for start, stop in runs(done[first:end] & ~allowed[first:end]):
            seconds = (stop - start) / fps
            if lone or seconds > SPILL + 1e-9:
                yield from ((first + start) / fps + COUNTED * n for n in range(math.ceil(seconds / COUNTED - 1e-9)))
