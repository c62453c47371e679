"""When a user's next step is due: one clock, that of the sound.

Sample s of a user's sound is spoken at the instant start + s / 16000 of the server's clock. A step may run as soon as
its sound is there, but no more than `lead` before that sound is spoken; it must run, over silence if need be, when the
sound is `patience` late. So a face always lives, speech that comes faster than it is spoken waits its turn, and what
is shown belongs to what is heard.

Two kinds of source: a *microphone* sends each sample as it is spoken (its clock is followed as it drifts, and what a
stalled network delivers too late is cut), *speech* of a synthesiser comes in lumps, early, and is spoken in full.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from facestream.timing import SAMPLE_RATE

FOLLOWED = 0.02  # share of a microphone's lateness by which its start is moved, a step: clocks drift by 50 ppm


@dataclass(frozen=True)
class Source:
    """What kind of sound comes. lead, patience: seconds, see above; most_late: seconds of sound that may wait before
    the oldest of it is cut (infinite: never), recent: what is left of it then."""

    lead: float
    patience: float
    most_late: float = float("inf")
    recent: float = 0.0

    @property
    def live(self) -> bool:
        """Whether each sample comes as it is spoken, so that the source's clock is the one to follow."""
        return math.isinf(self.lead)


MICROPHONE = Source(lead=float("inf"), patience=0.06, most_late=0.4, recent=0.16)
SPEECH = Source(lead=0.2, patience=0.02)


@dataclass
class Pace:
    """One user's clock. start: when sample 0 is spoken, seconds of the server's clock."""

    source: Source
    start: float

    def spoken(self, sample: int) -> float:
        """The instant at which a sample is spoken."""
        return self.start + sample / SAMPLE_RATE

    def may_step(self, now: float, first: int) -> bool:
        """Whether the sound from sample `first` on may be heard already."""
        return now >= self.spoken(first) - self.source.lead

    def must_step(self, now: float, last: int) -> bool:
        """Whether the sound up to sample `last` should long be there."""
        return now >= self.spoken(last) + self.source.patience

    def begin(self, now: float, last: int) -> None:
        """Sound up to sample `last` comes after silence: a microphone speaks its last sample now."""
        if self.source.live:
            self.start = now - last / SAMPLE_RATE

    def follow(self, now: float, last: int) -> None:
        """Sound up to sample `last` is there: a microphone's clock is what its sound says."""
        if self.source.live:
            self.start += FOLLOWED * (now - self.spoken(last))

    def excess(self, waiting: int) -> int:
        """Samples to cut of those that wait."""
        late = waiting > self.source.most_late * SAMPLE_RATE
        return waiting - round(self.source.recent * SAMPLE_RATE) if late else 0
