"""Fit the map between ARKit's shapes and LivePortrait's keypoints (motion/keypoint_map.py) on tracked clips.

    python recipes/fit_keypoints.py CLIPS --features FOLDER [--output src/facestream/assets/keypoints.npz]

CLIPS holds a .npz a clip: exp [T, 21, 3], R [T, 3, 3], t, scale and fps as LivePortrait's motion extractor gives them,
and for clips that teach shapes also blendshapes [T, B] and blendshape_names (MediaPipe's scores of the same frames).
FOLDER is a feature folder (`facestream prepare features`) whose curves say how a speaking face usually moves, for the
way back.

Few people are tracked, so plain regression learns them by heart: on a person left out it explains nothing. Three things
are known beforehand and stand in for the missing people:
* what some shapes do to which point, read off the sliders of PowerHouseMan's AdvancedLivePortrait (EXPECTED below);
* a shape moves the points as faces move them: in directions weighed by the covariance of all clips' expressions;
* left and right do alike where the points have no sides (the mouth's have none).
So each shape's row is a Gaussian about what is expected, and the clips, centred each on its own mean since everybody's
rest is another, pull it away as far as they can. The table printed at the end leaves out one clip at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from facestream.motion.keypoint_map import SHAPES, KeypointMap, likeliest
from facestream.motion.keypoints import EXPRESSION
from facestream.motion.spaces import seal_lips
from facestream.signals import FACE, Floats
from facestream.training.features import Features

UNIT = 1000.0  # expressions are small: reckoned in thousandths
TRUST = 0.05  # how many frames' worth what is expected weighs, per frame of the clips
FAINT = 0.2  # a direction in which no face was seen to move may still move by this
NOISE = 1.5  # of the way back

# (keypoint, axis): thousandths at full weight. Both sides' shapes of a pair share their sum.
EXPECTED: dict[str, dict[str, float]] = {
    "jawOpen": {"19y": 120, "19z": 12, "17y": -12},
    "mouthClose": {"19y": -110, "19z": -12, "17y": 12},
    "mouthLowerDown": {"19y": 25},
    "mouthUpperUp": {"20y": -10, "14y": -10},
    "mouthFunnel": {"19y": 20, "14y": 12, "20z": 8},
    "mouthPucker": {"14y": 15, "3y": -7.5, "7y": -7.5, "17z": -7.5},
    "mouthStretch": {"20z": -15, "20y": -15, "14y": -15},
    "mouthSmile": {"20y": -13, "14y": -26, "17y": 8.5, "17z": 4, "13y": -3.6, "16y": -3.6, "3y": -4.5, "7y": -4.5},
    "mouthFrown": {"20y": 8, "14y": 15},
    "mouthPress": {"19y": -6},
    "mouthRollLower": {"19y": -8},
    "eyeBlinkLeft": {"15y": 20, "16y": -6},
    "eyeBlinkRight": {"11y": 20, "13y": -6},
    "eyeWideLeft": {"15y": -5, "16y": 1.5},
    "eyeWideRight": {"11y": -5, "13y": 1.5},
    "browInnerUp": {"1y": 7, "2y": -7},
    "browOuterUp": {"1y": 8, "2y": -8},
    "browDown": {"1x": 10, "2x": -10, "1y": -3, "2y": 3},
}
EYES = ("eyeBlink", "eyeLook", "eyeSquint", "eyeWide")


@dataclass(frozen=True)
class Clip:
    """A clip's expressions [T, 63] in UNITs and curves [T, C] by name (none: not tracked)."""

    name: str
    expression: Floats
    curves: dict[str, Floats]


def read_clip(path: Path) -> Clip:
    """A .npz as described above."""
    with np.load(path, allow_pickle=False) as file:
        expression = file["exp"].reshape(-1, EXPRESSION) * UNIT
        tracked = {}
        if "blendshapes" in file:
            tracked = {str(name): file["blendshapes"][:, i] for i, name in enumerate(file["blendshape_names"])}
        return Clip(path.stem, expression - expression.mean(0), {k: v - v.mean() for k, v in tracked.items()})


def drivers() -> dict[str, dict[str, float]]:
    """What the fit solves for: each driver by the shapes that make it up, with their shares.

    A pair of sides makes one driver, unless it belongs to an eye, or pulls to a side (jaw, mouth).
    """
    out: dict[str, dict[str, float]] = {}
    for name in SHAPES:
        side = "Left" if name.endswith("Left") else "Right" if name.endswith("Right") else ""
        stem = name.removesuffix(side) if side else name
        if not side or name.startswith(EYES):
            out[name] = {name: 1.0}
        elif stem in ("jaw", "mouth", "tongue", "tongueTip", "tongueRoll"):
            out.setdefault(stem, {})[name] = 1.0 if side == "Left" else -1.0
        else:
            out.setdefault(stem, {})[name] = 0.5
    return out


def expected(name: str) -> Floats:
    """The prior's centre of one driver, [63]."""
    row = np.zeros(EXPRESSION, np.float32)
    for place, amount in EXPECTED.get(name, {}).items():
        row[3 * int(place[:-1]) + "xyz".index(place[-1])] = amount
    return row


def fit(teachers: list[Clip], clips: list[Clip]) -> Floats:
    """What each shape does, [S, 63] in UNITs: `teachers` are tracked, `clips` show how faces move."""
    parts = drivers()
    columns = [_driven(clip, parts) for clip in teachers] or [np.zeros((1, len(parts)), np.float32)]
    weights = [np.full((len(rows), 1), len(rows) ** -0.5) for rows in columns]  # every clip counts the same
    x = np.concatenate([rows * weight for rows, weight in zip(columns, weights, strict=True)])
    shown = [clip.expression * weight for clip, weight in zip(teachers, weights, strict=False)]
    y = np.concatenate(shown or [np.zeros((1, EXPRESSION))])
    moves = np.concatenate([clip.expression * len(clip.expression) ** -0.5 for clip in clips])
    size, axes = np.linalg.eigh(moves.T @ moves / len(clips) + FAINT**2 * np.eye(EXPRESSION))
    whiten, colour = axes / np.sqrt(size), (axes * np.sqrt(size)).T
    prior = np.stack([expected(name) for name in parts])
    pulled = np.linalg.solve(x.T @ x + TRUST * np.eye(len(parts)), x.T @ (y - x @ prior) @ whiten)
    rows = prior + pulled @ colour
    out = np.zeros((len(SHAPES), EXPRESSION), np.float32)
    for row, shares in zip(rows, parts.values(), strict=True):
        for name, share in shares.items():
            out[SHAPES.index(name)] = row * share
    return out


def _driven(clip: Clip, parts: dict[str, dict[str, float]]) -> Floats:
    """Drivers of a clip, [T, drivers]: a pair's mean (each shape then does half), or the difference of its sides."""
    none = np.zeros(len(clip.expression), np.float32)
    return np.stack(
        [sum((clip.curves.get(n, none) * share for n, share in shares.items()), none) for shares in parts.values()], 1
    )


def explained(clip: Clip, shapes: Floats, places: list[str]) -> float:
    """Share of variance that shapes explain in some of a clip's numbers."""
    none = np.zeros(len(clip.expression), np.float32)
    made = np.stack([clip.curves.get(name, none) for name in SHAPES], 1) @ shapes
    at = [3 * int(place[:-1]) + "xyz".index(place[-1]) for place in places]
    return float(1 - np.square(clip.expression - made)[:, at].sum() / np.square(clip.expression[:, at]).sum())


GROUPS = {
    "lips": ["19y", "20y", "14y", "17y", "20z", "17z", "7y", "3y"],
    "eyes": ["11y", "15y", "13y", "16y"],
    "all": [f"{point}{axis}" for point in range(21) for axis in "xyz"],
}


def judge(clips: list[Clip]) -> Table:
    """Each tracked clip under a map that never saw it."""
    table = Table("left out", "frames", *GROUPS, "lips, expected alone", title="Variance explained")
    alone = fit([], clips)
    for clip in clips:
        if clip.curves:
            others = [other for other in clips if other is not clip]
            shapes = fit([other for other in others if other.curves], others)
            shares = [f"{explained(clip, shapes, places):.2f}" for places in GROUPS.values()]
            table.add_row(
                clip.name, str(len(clip.expression)), *shares, f"{explained(clip, alone, GROUPS['lips']):.2f}"
            )
    return table


def main(
    clips: Path, features: Annotated[Path, typer.Option()], output: Annotated[Path | None, typer.Option()] = None
) -> None:
    """Print how well the map holds on a clip left out; with --output, fit it on all and write it."""
    known = [read_clip(path) for path in sorted(clips.glob("*.npz"))]
    Console(width=110).print(judge(known))
    if output:
        shapes = fit([clip for clip in known if clip.curves], known) / UNIT
        curves = usual(features)
        mean, back = likeliest(shapes, curves, NOISE / UNIT)
        KeypointMap(shapes, mean.astype(np.float32), back).save(output)
        again = np.clip(mean + (curves @ shapes - mean @ shapes) @ back, 0, 1)
        table = Table("shape", "deviation", "r forth and back", title="Curves through the keypoints")
        for i in np.argsort(-curves.std(0))[:24]:
            table.add_row(SHAPES[i], f"{curves[:, i].std():.3f}", f"{np.corrcoef(curves[:, i], again[:, i])[0, 1]:.3f}")
        Console(width=110).print(table)


def usual(folder: Path, frames: int = 60000) -> Floats:
    """Curves of speaking faces, lips sealed as they are seen, [frames, S]."""
    features = Features(folder)
    order = np.random.default_rng(0).permutation(len(features.items))
    rows, count = [], 0
    for i in order:
        item = features.items[i]
        read = features.read(item, 0, item.frames)
        rows.append(seal_lips(read["face"], np.nan_to_num(read["events"][:, 0])))
        count += item.frames
        if count >= frames:
            break
    return np.concatenate(rows)[:frames][:, [FACE.index(name) for name in SHAPES]]


if __name__ == "__main__":
    typer.run(main)
