"""Shots: what a published list says of its clips, and where they lie on this disk.

Shapes: H x W picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from facestream.corpora.video import WHOLE, Cut, Picture
from facestream.errors import CorpusError

VIDEOS = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v", ".flv")
YOUTUBE = "videos of YouTube: their makers' rights, and the terms on the set's page"
_ALIKE = 0.1  # by how much of its proportions a picture may differ from a crop that it is taken to be


@dataclass(frozen=True)
class Box:
    """A part of a picture, in pixels of a picture that is `of` high (None: as high as what is given)."""

    left: float
    top: float
    width: float
    height: float
    of: float | None = None

    def __call__(self, picture: Picture) -> Picture:
        """The part [h, w, 3] of a picture [H, W, 3], as far as it lies within. Raises CorpusError if nothing does."""
        scale = picture.shape[0] / self.of if self.of else 1.0
        top, left = max(0, round(self.top * scale)), max(0, round(self.left * scale))
        bottom, right = round((self.top + self.height) * scale), round((self.left + self.width) * scale)
        part = picture[top:bottom, left:right]
        if not part.size:
            raise CorpusError(
                f"the crop {left}..{right}, {top}..{bottom} lies outside its picture of {picture.shape[1]} x "
                f"{picture.shape[0]}; expected the video in the resolution of the list"
            )
        return np.ascontiguousarray(part)


@dataclass(frozen=True)
class Shot:
    """A clip of one person. id: also the name of what is made of it; split: "train", "test", or "" where the list has
    none; video, cut: what is looked at; face: where in the picture the face is, across and down in parts of it, where
    there may be others; about: further facts, kept with the clip."""

    id: str
    speaker: str
    split: str
    video: Path
    cut: Cut = WHOLE
    face: tuple[float, float] | None = None
    about: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Footage:
    """A published set, as it lies on this disk. shots: the clips that are there; missing: ids of the list's others;
    source: where lists and videos are had; remarks: what else a user should know, a sentence each."""

    name: str
    licence: str
    source: str
    shots: tuple[Shot, ...]
    missing: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def videos_under(folder: Path) -> dict[str, Path]:
    """All videos below a folder, by their names without ending; raises CorpusError if there is no such folder."""
    if not folder.is_dir():
        raise CorpusError(f"'{folder}' is not a folder; expected one with a set's lists and its videos")
    return {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in VIDEOS}


def lists_under(folder: Path, pattern: str, source: str) -> list[Path]:
    """A set's lists below a folder; raises CorpusError if there are none. source: where they are had."""
    found = sorted(folder.rglob(pattern))
    if not found:
        raise CorpusError(f"'{folder}' holds no {pattern}; the lists are had at {source}")
    return found


def first_of(names: Iterable[str], videos: Mapping[str, Path]) -> Path | None:
    """The video of the first name that there is one of."""
    return next((videos[name] for name in names if name in videos), None)


def uncropped(video: Path, crop: Box | None) -> Box | None:
    """The crop, or None if a clip that somebody cut out has its proportions: then they have cropped it, too."""
    if crop is None:
        return None
    try:
        with av.open(str(video), options={"protocol_whitelist": "file"}, metadata_errors="ignore") as opened:
            picture = opened.streams.video[0]
            shape = picture.width / picture.height
    except (av.FFmpegError, IndexError, ZeroDivisionError):
        return crop  # whoever reads it will say what is wrong with it
    return None if abs(shape / (crop.width / crop.height) - 1) < _ALIKE else crop


def rows(path: Path, split: Callable[[str], list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The lines of a list that are not empty, split, with their numbers."""
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if line.strip():
            yield number, split(line)
