"""All users of a process in batched steps.

Users sit in a few bays that step in turn, one a tick: at 25 frames a second and four bays a tick is 10 ms. A user whose
sound is ready when another bay's turn comes moves there, so nobody waits for a grid that does not fit the sound; the
rest stay where they are and cost no copy. The engine has no clock and no thread of its own: `tick` is told the time,
so it can be tested to the frame.

Shapes: N samples, C channels.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from facestream.audio.waveform import check_samples
from facestream.errors import BundleError, FullHouseError
from facestream.runtime.bay import Bay
from facestream.runtime.lane import Lane
from facestream.runtime.pace import MICROPHONE, Pace, Source
from facestream.runtime.talker import Talker
from facestream.signals import Floats, Frame
from facestream.timing import SAMPLE_RATE

BAYS = 4
LIGHT = 8  # users who share one bay, whose turn is then every tick
UNEVEN = 1.25  # a bay takes so many times the mean in before it is full
MOVES = 1  # users at most who change bays in a tick: each costs two steps; after a late tick all would like to
REMEMBERED = 16  # last faces, for an interruption while some of them are not seen yet
SILENT = -1


@dataclass(frozen=True)
class Shown:
    """A frame for one user. turn: interruptions so far, frames of an older turn are void; heard: the instant in the
    user's own sound (samples at 16 kHz since the last interruption) that the face belongs to, SILENT while it idles."""

    user: User
    frame: Frame
    turn: int
    heard: int


@dataclass(eq=False)
class User:
    """A seat in the engine; only the engine changes it.

    heard: samples of the user's own that were taken since the last interruption; pieces: where they lie in the lane's
    sound, as (first sample of the lane, first sample of the user's or SILENT); cut, idled: samples cut and steps over
    silence, in all.
    """

    lane: Lane
    pace: Pace
    bay: int
    turn: int = 0
    heard: int = 0
    pieces: deque[tuple[int, int]] = field(default_factory=deque)
    cut: int = 0
    idled: int = 0

    def place(self, sample: int) -> int:
        """Where a sample of the lane lies in the user's own sound; SILENT if the face idled then."""
        own, first = SILENT, 0
        for start, place in self.pieces:
            if start > sample:
                break
            own, first = place, start
        return SILENT if own == SILENT else own + sample - first


class Engine:
    """Up to `seats` users of one talker."""

    def __init__(self, talker: Talker, seats: int = 256, bays: int = BAYS) -> None:
        """Raises BundleError for a talker that makes several frames a step."""
        if talker.timing.block > 1:
            raise BundleError(
                f"'{talker.config.name}' makes {talker.timing.block} frames in a step; sessions are served a frame a "
                "step: give another talker, or use `facestream animate` or a Stream of your own"
            )
        self.talker, self.seats = talker, seats
        self._step = talker.timing.frame_samples
        self.users: list[User] = []
        self._bays = [Bay(talker, seats) for _ in range(bays)]
        self._turn = 0

    @property
    def tick_seconds(self) -> float:
        """Time between ticks."""
        return 1.0 / (self.talker.timing.fps * len(self._bays))

    def join(self, now: float, style: str = "neutral", seed: int = 0, source: Source = MICROPHONE) -> User:
        """Give a newcomer a seat. Raises FullHouseError if all are taken, BundleError for a style that is not there."""
        if len(self.users) >= self.seats:
            raise FullHouseError(
                f"all {self.seats} seats are taken; try again in a moment, or start the server with more (--seats)"
            )
        lane = Lane.newcomer(self.talker.timing, seed, self.talker.style(style), REMEMBERED)
        user = User(lane, Pace(source, now), self._emptiest())
        self._bays[user.bay].join(lane, self.talker.newcomers(1))
        self.users.append(user)
        return user

    def leave(self, user: User) -> None:
        """Free a seat."""
        self.users.remove(user)
        self._bays[user.bay].leave(user.lane)

    def push(self, user: User, samples: Floats, now: float) -> None:
        """Sound [N] of a user, as it comes. Raises AudioError if it is not finite; what came before stays heard."""
        self.hear(user, check_samples(samples).astype(np.float32), now)

    def hear(self, user: User, samples: Floats, now: float) -> None:
        """The same with float32 samples [N] that were checked and are not the caller's any more."""
        if not len(samples):
            return
        if self._note(user, user.heard):
            user.pace.begin(now, user.lane.received + len(samples))
        user.heard += len(samples)
        user.lane.hear(samples)

    def interrupt(self, user: User, now: float, unseen: int | None = None) -> int:
        """Stop a user's face: sound and frames not yet shown are void, the mouth is at rest within 160 ms.

        unseen: how many of the last frames were not shown; where nobody knows, the clock says.
        Returns how much of the user's own sound was shown, in samples at 16 kHz. Sound that comes next is a new turn.
        """
        lane = user.lane
        unseen = min(self._early(user, now) if unseen is None else unseen, len(lane.faces))
        shown = self._shown(user, unseen)
        lane.stop(unseen)
        self._bays[user.bay].forget_sound(lane)
        user.pieces.clear()
        user.heard, user.turn = 0, user.turn + 1
        user.pace.start = now - lane.received / SAMPLE_RATE
        return shown

    def restyle(self, user: User, style: str) -> None:
        """From the next frame on, in another style. Raises BundleError if there is none of that name."""
        user.lane.style = self.talker.style(style)

    def tick(self, now: float) -> list[Shown]:
        """Run whoever is due in the bay whose turn it is; the frames that became final."""
        due = [user for user in self.users if self._due(user, now)]
        light = len(self.users) <= LIGHT
        turn = 0 if light else self._turn
        self._turn = (self._turn + 1) % len(self._bays)
        room = len(self.users) if light else int(UNEVEN * len(self.users) / len(self._bays)) + 1
        strangers = [user for user in due if user.bay != turn and (light or (user.bay - turn) % len(self._bays) > 1)]
        free = max(0, room - len(self._bays[turn].lanes))
        for user in strangers[: free if light else min(free, MOVES)]:
            self._move(user, turn)
        ready = [user for user in due if user.bay == turn]
        if not ready:
            return []
        faces = self._bays[turn].step([user.lane for user in ready])
        shown = [self._show(user, face) for user, face in zip(ready, faces, strict=True)]
        return [each for each in shown if each is not None]

    def _due(self, user: User, now: float) -> bool:
        """Whether a user's next step may run; silence is heard where sound is missing for too long."""
        lane, pace, step = user.lane, user.pace, self._step
        first = lane.received - lane.buffered
        if lane.buffered < step and not pace.must_step(now, first + step):
            return False  # so it is for most, most of the time
        if lane.buffered >= step:
            if cut := pace.excess(lane.buffered):
                self._skip(user, cut)
                first = lane.received - lane.buffered
            if not pace.may_step(now, first):
                return False
            pace.follow(now, first + step)
            return True
        self._note(user, SILENT)
        lane.hear(np.zeros(step - lane.buffered, np.float32))
        user.idled += 1
        return True

    def _skip(self, user: User, samples: int) -> None:
        """Cut the oldest sound that waits: it is too late to be shown."""
        lane = user.lane
        kept = np.concatenate(lane.waiting)[samples:]
        lane.waiting.clear()
        lane.received -= lane.buffered
        lane.buffered = 0
        while user.pieces and user.pieces[-1][0] >= lane.received:
            user.pieces.pop()
        user.pieces.append((lane.received, user.heard - len(kept)))
        lane.hear(kept)
        user.cut += samples

    def _note(self, user: User, place: int) -> bool:
        """What comes next in the lane's sound begins at this place of the user's own sound; whether that is a change
        from silence to sound or back."""
        idled = user.pieces[-1][1] == SILENT if user.pieces else place != SILENT
        changed = idled != (place == SILENT)
        if changed or not user.pieces:
            user.pieces.append((user.lane.received, place))
        while len(user.pieces) > 1 and user.pieces[1][0] <= user.lane.emitted * self._step:
            user.pieces.popleft()
        return changed

    def _early(self, user: User, now: float) -> int:
        """How many of the last frames belong to sound that is not spoken yet."""
        early, late = 0, self.talker.timing.first_frame_ms / 1000
        while early < user.lane.emitted and (
            user.pace.spoken((user.lane.emitted - 1 - early) * self._step) + late > now
        ):
            early += 1
        return early

    def _shown(self, user: User, unseen: int) -> int:
        """Samples of the user's own sound before the first frame not seen."""
        last = (user.lane.emitted - unseen) * self._step
        places = [place + min(last, end) - start for start, end, place in self._spans(user) if start < last]
        return max(places, default=0)

    def _spans(self, user: User) -> list[tuple[int, int, int]]:
        """Pieces of the user's own sound: first and last + 1 sample in the lane, first sample of the user's."""
        ends = [*(start for start, _ in list(user.pieces)[1:]), user.lane.received]
        return [(start, end, place) for (start, place), end in zip(user.pieces, ends, strict=True) if place != SILENT]

    def _show(self, user: User, face: Floats) -> Shown | None:
        frame = user.lane.show(face)
        return None if frame is None else Shown(user, frame, user.turn, user.place(frame.sample))

    def _move(self, user: User, bay: int) -> None:
        self._bays[bay].join(user.lane, self._bays[user.bay].leave(user.lane))
        user.bay = bay

    def _emptiest(self) -> int:
        sizes = [len(bay.lanes) for bay in self._bays]
        return 0 if len(self.users) < LIGHT else sizes.index(min(sizes))
