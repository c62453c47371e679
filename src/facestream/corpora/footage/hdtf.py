"""HDTF (Zhang et al., CVPR 2021): talking heads in high definition, as lists of YouTube videos.

https://github.com/MRzzm/HDTF, folder HDTF_dataset, XX of RD, WDA, WRA; columns are parted by blanks:

    XX_video_url.txt        NAME URL
    XX_annotion_time.txt    NAME.mp4 00:30-01:00 01:30-02:30 ...       clips 0, 1, ...
    XX_crop_wh.txt          NAME_CLIP.mp4 left width top height        pixels
    XX_resolution.txt       NAME.mp4 height                            of the pictures that those pixels are of; 0: ?

Videos: whole ones as NAME.mp4, or clips as the set's readme names them, NAME_0.mp4, cropped or not; each may have XX_
in front and clips three digits, as by the set's own script (which leaves the sound out: clips need theirs).
"""

from __future__ import annotations

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

SOURCE = "https://github.com/MRzzm/HDTF"
TIMES = "*_annotion_time.txt"


def open_hdtf(folder: Path) -> Footage:
    """The set below a folder. Raises CorpusError if a list is missing or not as above."""
    videos = videos_under(folder)
    shots, missing, unknown = [], [], []
    for times in lists_under(folder, TIMES, SOURCE):
        part = times.name.removesuffix(TIMES[1:])
        crops, heights = _numbers(times, "crop_wh", 4), _numbers(times, "resolution", 1)
        for number, (file, *clips) in rows(times, str.split):
            name = file.removesuffix(".mp4")
            height = heights.get(file, [0.0])[0] or None
            for clip, span in enumerate(clips):
                crop = _box(crops.get(f"{name}_{clip}.mp4"), height)
                shot = _found(part, name, clip, _seconds(times, number, span), crop, videos)
                if shot is None:
                    missing.append(f"{part}_{name}_{clip}")
                else:
                    shots.append(shot)
                    unknown += [shot.id] if crop is None else []
    remarks = (f"without a crop in the lists, seen whole: {', '.join(unknown)}",) if unknown else ()
    return Footage("hdtf", YOUTUBE, SOURCE, tuple(shots), tuple(missing), remarks)


def _found(part: str, name: str, clip: int, span: Cut, crop: Box | None, videos: dict[str, Path]) -> Shot | None:
    """A clip whose video is there. Names that differ in a last number only are of one person."""
    shot = Shot(f"{part}_{name}_{clip}", f"hdtf-{name.rstrip('0123456789')}", "", Path())
    alone = first_of((f"{name}_{clip}", f"{part}_{name}_{clip}", f"{part}_{name}_{clip:03d}"), videos)
    if alone is not None:
        return replace(shot, video=alone, cut=Cut(crop=uncropped(alone, crop)))
    whole = first_of((name, f"{part}_{name}"), videos)
    return None if whole is None else replace(shot, video=whole, cut=replace(span, crop=crop))


def _numbers(beside: Path, kind: str, columns: int) -> dict[str, list[float]]:
    """A list of numbers by name; empty if there is no such list."""
    path = beside.with_name(beside.name.replace("annotion_time", kind))
    if not path.is_file():
        return {}
    found = {}
    for number, (name, *values) in rows(path, str.split):
        try:
            found[name] = [float(value) for value in values]
        except ValueError:
            found[name] = []
        if len(found[name]) != columns:
            raise CorpusError(f"{path}, line {number}: '{' '.join(values)}'; expected {columns} number(s) after a name")
    return found


def _box(crop: list[float] | None, height: float | None) -> Box | None:
    if crop is None:
        return None
    left, width, top, tall = crop
    return Box(left, top, width, tall, height)


def _seconds(path: Path, number: int, span: str) -> Cut:
    """01:30-02:30, minutes and seconds, perhaps with hours before."""
    try:
        start, end = (sum(60.0**i * float(x) for i, x in enumerate(time.split(":")[::-1])) for time in span.split("-"))
    except ValueError:
        raise CorpusError(f"{path}, line {number}: '{span}'; expected a span such as 00:30-01:00") from None
    return Cut(start, end)
