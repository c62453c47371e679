"""RAVDESS (Livingstone & Russo, PLoS ONE 2018): 24 actors say two sentences in eight emotions, and sing them.

https://zenodo.org/records/1188976, CC BY-NC-SA 4.0; folders Actor_01 … Actor_24 hold MM-VV-EE-II-SS-RR-AA.mp4:
modality (01 sound and picture, 02 picture, 03 sound), channel (01 speech, 02 song), emotion, intensity (01 normal, 02
strong), statement, repetition, actor. There is no list: what is complete follows from the numbers. Files of modality 02
are the same pictures as those of 01, without sound, and are passed over; so is song.
"""

from __future__ import annotations

import re
from pathlib import Path

from facestream.corpora.footage.shots import Footage, Shot, videos_under
from facestream.errors import CorpusError

SOURCE = "https://zenodo.org/records/1188976 (Video_Speech_Actor_01.zip … 24)"
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
STATEMENTS = ("Kids are talking by the door.", "Dogs are sitting by the door.")
_NAME = re.compile(r"01-01-(?P<emotion>0[1-8])-(?P<intensity>0[12])-(?P<statement>0[12])-0[12]-(?P<actor>\d\d)")


def open_ravdess(folder: Path) -> Footage:
    """The set below a folder. Raises CorpusError if none of its videos is there."""
    videos = videos_under(folder)
    shots = [_shot(named, path) for stem, path in videos.items() if (named := _NAME.fullmatch(stem))]
    if not shots:
        raise CorpusError(
            f"'{folder}' holds no video such as Actor_01/01-01-03-01-02-01-01.mp4; they are had at {SOURCE}"
        )
    there = {shot.id for shot in shots}
    return Footage("ravdess", "CC-BY-NC-SA-4.0", SOURCE, tuple(shots), tuple(n for n in _every() if n not in there))


def _shot(named: re.Match[str], video: Path) -> Shot:
    about = {
        "emotion": EMOTIONS[int(named["emotion"]) - 1],
        "intensity": ("normal", "strong")[int(named["intensity"]) - 1],
        "text": STATEMENTS[int(named["statement"]) - 1],
    }
    return Shot(named.string, f"ravdess-{named['actor']}", "", video, about=about)


def _every() -> list[str]:
    """Names of all that the set has: no strong intensity of neutral."""
    return [
        f"01-01-{emotion:02d}-{intensity:02d}-{statement:02d}-{repetition:02d}-{actor:02d}"
        for actor in range(1, 25)
        for emotion in range(1, 9)
        for intensity in ((1,) if emotion == 1 else (1, 2))
        for statement in (1, 2)
        for repetition in (1, 2)
    ]
