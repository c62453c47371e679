"""The job behind `facestream prepare hdtf | avspeech | vfhq | ravdess`: shots → measured faces with their sound.

OUT holds, as `prepare video` writes it, NAME.npz beside NAME.flac for each stretch that is kept, and index.jsonl with a
row a shot: speaker, split, licence, the stretches' names, and for each that was left out the reason. What is decided
stays decided: the same command goes on where it stopped, and takes up videos that have come since.

The portrait's motion is made of these curves through motion/keypoint_map.py when it is learned from. A motion extractor
of LivePortrait would look at the same pictures, in `_tracked`, and write exp, R, t and fps of each stretch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import soundfile
from rich.console import Console
from rich.progress import track

from facestream.corpora.capture import LIP_GAP
from facestream.corpora.footage.following import Follow
from facestream.corpora.footage.shots import Footage, Shot
from facestream.corpora.footage.sync import Sync, measure_sync
from facestream.corpora.store import Row, RowWriter
from facestream.corpora.video import See, Stretch, face_tracker, track_video
from facestream.errors import AudioError, CorpusError
from facestream.timing import SAMPLE_RATE

FIELDS = ("speaker", "split", "clips")
TOLD = 5  # missing clips that are named


@dataclass(frozen=True)
class Sieve:
    """What is kept. moved: most that a face ranges over the picture, Teller's filter (more than half of it and the clip
    is left out, read as the way of the face's middle); agreement: least of lips and loudness; lag: most by which sound
    and lips are apart, in seconds."""

    moved: float = 0.5
    agreement: float = 0.3
    lag: float = 0.12

    def reason(self, stretch: Stretch, sync: Sync) -> str | None:
        """Why a stretch is left out, or None."""
        if stretch.moved > self.moved:
            return "the face moves over too much of the picture"
        if sync.agreement < self.agreement:
            return "lips and sound do not agree"
        if abs(sync.lag) > self.lag:
            return "lips and sound are apart"
        return None


KEEP = Sieve()


def prepare_footage(footage: Footage, tracker: Path, out: Path, sieve: Sieve = KEEP) -> list[str]:
    """Track and sort out all shots of a set into the folder `out`; a summary, a line an item.

    Raises MissingExtra without mediapipe, CorpusError for a tracker that cannot be used, or if no shot is there.
    """
    if not footage.shots:
        raise CorpusError(f"none of the videos is there; {_absent(footage)}")
    with face_tracker(tracker) as see, RowWriter(out, {}, FIELDS) as done:
        new = [shot for shot in footage.shots if shot.id not in done]
        for shot in track(new, footage.name, console=Console(stderr=True), disable=not new):
            done.append(_decide(shot, footage, see, out, sieve), {})
        return list(_summary(footage, [done.rows[shot.id] for shot in footage.shots]))


def _decide(shot: Shot, footage: Footage, see: See, out: Path, sieve: Sieve) -> Row:
    """A shot's row; its stretches are written where they are kept."""
    row: Row = {"id": shot.id, "speaker": shot.speaker, "split": shot.split, "corpus": footage.name}
    row |= {"licence": footage.licence, "clips": [], "dropped": [], "seconds": 0.0, **(shot.about or {})}
    try:
        stretches = _tracked(shot, see)
    except (CorpusError, AudioError) as error:
        return row | {"dropped": ["no face and sound that can be used"], "error": str(error)}
    syncs = [measure_sync(one.motion[LIP_GAP], one.samples, one.motion.fps) for one in stretches]
    row["agreement"] = [round(sync.agreement, 3) for sync in syncs]
    row["lag"] = [round(sync.lag, 3) for sync in syncs]
    for number, (stretch, sync) in enumerate(zip(stretches, syncs, strict=True), 1):
        reason = sieve.reason(stretch, sync)
        if reason is not None:
            row["dropped"].append(reason)
            continue
        name = shot.id if len(stretches) == 1 else f"{shot.id}-{number}"
        soundfile.write(out / f"{name}.flac", stretch.samples, SAMPLE_RATE)
        stretch.motion.save(out / f"{name}.npz")
        row["clips"].append(name)
        row["seconds"] = round(row["seconds"] + stretch.motion.seconds, 2)
    return row


def _tracked(shot: Shot, see: See) -> list[Stretch]:
    return list(track_video(shot.video, see if shot.face is None else Follow(see, shot.face), shot.cut, quiet=True))


def _summary(footage: Footage, rows: list[Row]) -> Iterator[str]:
    kept = [row for row in rows if row["clips"]]
    minutes, people = sum(row["seconds"] for row in kept) / 60, len({row["speaker"] for row in kept})
    yield f"{footage.name}: {len(kept)} of {len(rows)} clips kept, {minutes:.1f} min of {people} speaker(s)"
    yield from (f"left out: {count} x {why}" for why, count in Counter(w for r in rows for w in r["dropped"]).items())
    yield from (f"  {row['id']}: {row['error']}" for row in [row for row in rows if "error" in row][:TOLD])
    yield from footage.remarks
    if footage.missing:
        yield _absent(footage)


def _absent(footage: Footage) -> str:
    shown = ", ".join(footage.missing[:TOLD])
    more = f" and {len(footage.missing) - TOLD} more" if len(footage.missing) > TOLD else ""
    return f"missing: {len(footage.missing)} clips ({shown}{more}); lists and videos are had at {footage.source}"
