"""Which curves of the face belong to speech, and how lips close.

Shapes: ... any leading axes, T frames, C = len(FACE) channels in FACE's order.
The mouth's channels are decided by the sound; life (head, brows, lids, gaze, mood) only leans on it. In ARKit's terms
lips are closed when mouthClose equals jawOpen, so a mouth is its unsealed curves and one track, seal: 0 free, 1 shut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from facestream.signals import FACE, TONGUE, Floats, Motion

if TYPE_CHECKING:
    import torch

    Array = TypeVar("Array", Floats, torch.Tensor)

MOOD: tuple[str, ...] = ("mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight")
MOUTH: tuple[str, ...] = tuple(
    name
    for name in FACE
    if (name.startswith(("jaw", "mouth")) or name in TONGUE or name in ("tongueOut", "cheekPuff")) and name not in MOOD
)
# Life by what moves together: each has a pace of its own.
LIFE: dict[str, tuple[str, ...]] = {
    "head": tuple(name for name in FACE if name.startswith("head")),
    "gaze": tuple(name for name in FACE if name.startswith(("eyeLook", "leftEye", "rightEye"))),
    "lids": tuple(name for name in FACE if name.startswith(("eyeBlink", "eyeSquint", "eyeWide"))),
    "brows": tuple(name for name in FACE if name.startswith("brow")),
    "mood": (*MOOD, *(name for name in FACE if name.startswith(("cheekSquint", "noseSneer")))),
}

SEALED_JAW = 0.4  # share of the jaw's opening that stays under closed lips
# Share of a shape that a full seal takes away: whatever parts the lips. Rounding (mouthPucker) survives a closure.
DAMPED: dict[str, float] = {
    "jawOpen": 1.0 - SEALED_JAW,
    "mouthClose": 1.0,
    "mouthFunnel": 0.85,
    "mouthStretchLeft": 0.4,
    "mouthStretchRight": 0.4,
    "mouthLowerDownLeft": 1.0,
    "mouthLowerDownRight": 1.0,
    "mouthUpperUpLeft": 1.0,
    "mouthUpperUpRight": 1.0,
    "mouthRollLower": 0.7,
    "tongueOut": 1.0,
}
# What a full seal adds: lips rolled in and pressed.
PRESSED: dict[str, float] = {
    "mouthRollLower": 0.27,
    "mouthRollUpper": 0.3,
    "mouthPressLeft": 0.2,
    "mouthPressRight": 0.2,
}
# How much a shape parts the lips, in units of jawOpen.
PARTING: dict[str, float] = {
    "jawOpen": 1.0,
    "mouthClose": -1.0,
    "mouthFunnel": 0.1,
    "mouthLowerDownLeft": 0.2,
    "mouthLowerDownRight": 0.2,
    "mouthUpperUpLeft": 0.15,
    "mouthUpperUpRight": 0.15,
}


def vector(amounts: dict[str, float]) -> Floats:
    """Amounts by channel name as one row in FACE's order, [C]; channels not named are 0."""
    return np.array([amounts.get(name, 0.0) for name in FACE], np.float32)


_DAMPED, _PRESSED, _PARTING = vector(DAMPED), vector(PRESSED), vector(PARTING)
_JAW, _CLOSE = vector({"jawOpen": 1.0}), vector({"mouthClose": 1.0})


def seal_lips(values: Array, seal: Array) -> Array:
    """Close the lips as far as `seal` says: 0 leaves the mouth as it is, 1 shuts it exactly (mouthClose = jawOpen).

    values: [..., C] in FACE's order, whose mouthClose is disregarded; seal: [...], 0..1. Returns [..., C].
    Arrays in, arrays out; tensors in, tensors out, on their device and differentiable.
    """
    damped, pressed, jaw, close = (_like(row, values) for row in (_DAMPED, _PRESSED, _JAW, _CLOSE))
    shut = seal[..., None]
    still_open = values * (1.0 - close) * (1.0 - shut * damped) + shut * pressed
    sealed: Array = still_open + (shut * (still_open @ jaw)[..., None]) * close
    return sealed


def _like(row: Floats, values: Any) -> Any:
    return row if isinstance(values, np.ndarray) else values.new_tensor(row)


def lip_gap(motion: Motion) -> Floats:
    """How far the lips are apart, [T], in units of jawOpen, never negative.

    jawOpen - mouthClose + what funnelled, lowered and raised lips add (PARTING). Where the rules part the lips in
    speech it is 0.06 or more; on lips that they close it is 0.01 or less.
    """
    return np.asarray(np.maximum(motion.select(FACE).values @ _PARTING, 0.0), np.float32)
