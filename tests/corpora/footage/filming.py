"""Small films in the layouts of published sets: a patch of light that is as bright as the sound is loud."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from facestream.corpora.video import SHAPES, Picture, Seen
from facestream.signals import Floats

RATE = 16_000
FPS = 25


def loudness(seconds: float, seed: int = 0) -> Floats:
    """A voice's level at 100 Hz: syllables of chance, 0..1."""
    rng = np.random.default_rng(seed)
    knots = rng.uniform(0.05, 1, max(2, round(seconds * 4)))
    return np.interp(np.arange(round(seconds * 100)), np.linspace(0, seconds * 100, len(knots)), knots)


def film(
    path: Path,
    seconds: float = 3.0,
    size: tuple[int, int] = (96, 64),
    patch: tuple[int, int, int, int] | None = None,
    other: tuple[int, int, int, int] | None = None,
    late: float = 0.0,
    seed: int = 0,
) -> Path:
    """Write a video of width x height. patch: left, top, right, bottom of the light, else the whole picture; other: of
    a light that does not change; the rest is black; late: seconds by which the sound comes late."""
    path.parent.mkdir(parents=True, exist_ok=True)
    level = loudness(seconds, seed)
    width, height = size
    left, top, right, bottom = patch or (0, 0, width, height)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "1", "preset": "ultrafast", "g": "10"}
        heard = container.add_stream("aac", rate=RATE, layout="mono")
        for frame in range(round(seconds * FPS)):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[top:bottom, left:right] = round(60 + 180 * level[4 * frame])
            if other is not None:
                picture[other[1] : other[3], other[0] : other[2]] = 200
            shown = av.VideoFrame.from_ndarray(picture, format="rgb24")
            shown.pts, shown.time_base = frame, Fraction(1, FPS)
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))
        samples = np.random.default_rng(seed + 1).normal(scale=0.2, size=round(seconds * RATE))
        times = np.arange(len(samples)) / RATE - late
        samples *= 10 ** (1.5 * (np.interp(times * 100, np.arange(len(level)), level) - 1))
        speech = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
        speech.sample_rate, speech.pts = RATE, 0
        container.mux(heard.encode(speech))
        container.mux(heard.encode(None))
    return path


def see(picture: Picture) -> Seen | None:
    """A face where it is bright, of several the widest, whose lips are as far apart as it is bright."""
    bright = picture[..., 1] > 30
    if not bright.any():
        return None
    columns = np.flatnonzero(bright.any(0))
    across = max(np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1), key=len)
    down = np.flatnonzero(bright[:, across].any(1))
    level = max(0.0, (float(picture[down[0] : down[-1] + 1, across, 1].mean()) - 60) / 180)
    scores = np.zeros(len(SHAPES), np.float32)
    scores[SHAPES.index("jawOpen")] = level
    height, width = bright.shape
    place = across[0] / width, down[0] / height, (across[-1] + 1) / width, (down[-1] + 1) / height
    return Seen(scores, (0.0, 0.0, 0.0), 0.4 * level, place)


def lines(path: Path, *rows: Sequence[object]) -> Path:
    """Write a list with columns parted by blanks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    return path
