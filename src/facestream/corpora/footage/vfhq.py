"""VFHQ (Xie et al., CVPR workshops 2022): interviews in high quality, a text file a clip.

https://liangbinxie.github.io/projects/vfhq, folder meta_info; of a file's lines these count, the last words of each:

    Clip+ID+P0+C1+F2318-2462.txt    YouTube id, person of the video, clip of the person, frames of the video
        H 1080                      height and width of the pictures that the crop is of
        W 1920
        FPS 29.97
        CROP 600 120 1300 820       left, top, right, bottom in pixels

As in the set's own script the first and the last frame are left out. Videos: whole ones as ID.mp4, or clips named as
the text file, with or without the frames at the end. The pictures that are given out with the set have no sound.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from facestream.corpora.footage.shots import (
    YOUTUBE,
    Box,
    Footage,
    Shot,
    first_of,
    lists_under,
    rows,
    uncropped,
    videos_under,
)
from facestream.corpora.video import Cut
from facestream.errors import CorpusError

SOURCE = "https://liangbinxie.github.io/projects/vfhq"
NEEDED = {"H": 1, "W": 1, "FPS": 1, "CROP": 4}  # values by the lines' first words
_NAME = re.compile(r"(?P<clip>Clip\+(?P<id>[\w-]+)\+P(?P<person>\d+)\+C\d+)\+F(?P<first>\d+)-(?P<last>\d+)")


def open_vfhq(folder: Path) -> Footage:
    """The set below a folder. Raises CorpusError if there are no text files, or one is not as above."""
    videos = videos_under(folder)
    shots, missing = [], []
    for path in lists_under(folder, "Clip+*.txt", SOURCE):
        named = _NAME.fullmatch(path.stem)
        if named is None:
            raise CorpusError(f"{path}: expected a name such as Clip+ID+P0+C1+F2318-2462.txt")
        shot = _found(path, named, videos)
        if shot is None:
            missing.append(path.stem)
        else:
            shots.append(shot)
    return Footage("vfhq", YOUTUBE, SOURCE, tuple(shots), tuple(missing))


def _found(path: Path, named: re.Match[str], videos: dict[str, Path]) -> Shot | None:
    fps, crop = _read(path)
    shot = Shot(path.stem, f"vfhq-{named['id']}-P{named['person']}", "", Path())
    alone = first_of((path.stem, named["clip"]), videos)
    if alone is not None:
        return replace(shot, video=alone, cut=Cut(crop=uncropped(alone, crop)))
    span = Cut((int(named["first"]) + 1) / fps, (int(named["last"]) - 1) / fps, crop)
    return None if named["id"] not in videos else replace(shot, video=videos[named["id"]], cut=span)


def _read(path: Path) -> tuple[float, Box]:
    """Frames a second, and the crop."""
    found: dict[str, list[float]] = {}
    for _, (word, *values) in rows(path, str.split):
        word = word.rstrip(":")
        if word in NEEDED:
            try:
                found[word] = [float(value) for value in values[-NEEDED[word] :]]
            except ValueError:
                found[word] = []
    lacking = [word for word, count in NEEDED.items() if len(found.get(word, ())) != count]
    if lacking or not found["FPS"][0] > 0:
        raise CorpusError(
            f"{path} lacks {', '.join(lacking or ['FPS'])}; expected lines H, W, FPS, CROP and their numbers"
        )
    left, top, right, bottom = found["CROP"]
    return found["FPS"][0], Box(left, top, right - left, bottom - top, found["H"][0])
