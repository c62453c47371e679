"""AVSpeech (Ephrat et al., SIGGRAPH 2018): 290,000 videos with one voice at a time, as two lists.

https://looking-to-listen.github.io/avspeech, no first line of names; seconds, and the middle of the face in parts of
the picture, (0, 0) at its left top:

    avspeech_train.csv, avspeech_test.csv    YouTube id, start, end, x, y

Videos: whole ones as ID.mp4, or clips as ID_START_END.mp4 with the list's seconds (or ID_START_END_video.mp4). Other
people may be in the picture: the face is followed from where the list says it is.
"""

from __future__ import annotations

import re
from pathlib import Path

from facestream.corpora.footage.shots import YOUTUBE, Footage, Shot, lists_under, rows, videos_under
from facestream.corpora.video import WHOLE, Cut
from facestream.errors import CorpusError

SOURCE = "https://looking-to-listen.github.io/avspeech"
_CLIP = re.compile(r"(?P<id>[\w-]{11})_(?P<start>\d+(?:\.\d+)?)_(?P<end>\d+(?:\.\d+)?)(?:_video)?")


def open_avspeech(folder: Path) -> Footage:
    """The set below a folder. Raises CorpusError if there is no list, or one is not as above."""
    videos = videos_under(folder)
    clips = {_key(*named.groups()): path for stem, path in videos.items() if (named := _CLIP.fullmatch(stem))}
    shots, missing = [], []
    for path in lists_under(folder, "avspeech_*.csv", SOURCE):
        split = path.stem.removeprefix("avspeech_")
        for number, row in rows(path, lambda line: line.split(",")):
            try:
                video, (start, end, x, y) = row[0], (float(value) for value in row[1:])
            except ValueError:
                raise CorpusError(
                    f"{path}, line {number}: '{','.join(row)}'; expected YouTube id, start, end, x, y"
                ) from None
            name = f"{video}_{start:.6f}"
            found, cut = clips.get(_key(video, row[1], row[2])), WHOLE
            if found is None:
                found, cut = videos.get(video), Cut(start, end)
            if found is None:
                missing.append(name)
            else:
                shots.append(Shot(name, f"avspeech-{video}", split, found, cut, (x, y)))
    return Footage("avspeech", YOUTUBE, SOURCE, tuple(shots), tuple(missing))


def _key(video: str, start: str, end: str) -> tuple[str, int, int]:
    """Seconds as they are written, to a hundredth."""
    return video, round(100 * float(start)), round(100 * float(end))
