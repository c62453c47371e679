"""Slices of portrait motion: curves at 25 frames a second ↔ a portrait's numbers at 20, as tensors.

Shapes: L lanes, T frames of curves, S = T / 5 slices of 200 ms, C channels, N = 75 numbers (keypoints.py).

A slice's five frames leave together. Its four frames of tokens stand where they can be turned into those five with
nothing but the last slice's end: at 50, 100, 150 and 200 ms after it, the last one on the slice's own last frame. So
the border between two slices is a frame of one of them, and there is no seam.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facestream.motion import keypoints
from facestream.motion.keypoint_map import HEAD, SHAPES, load_map
from facestream.motion.keypoints import EXPRESSION, KEYPOINTS
from facestream.signals import FACE

SHOWN, KEPT = 5, 4  # frames of a slice: shown at 25 a second, kept as tokens at 20
TURN = tuple(float(sign) for sign in keypoints.TURN.diagonal())
# The numbers by name, for a talker's channels.
CHANNELS: tuple[str, ...] = (
    *(f"expression{point}{axis}" for point in range(KEYPOINTS) for axis in "XYZ"),
    *(f"rotation{row}{column}" for row in range(3) for column in range(3)),
    *(f"translation{axis}" for axis in "XYZ"),
)
SMALL = 1e-6


def numbers_of(face: Tensor, before: Tensor) -> Tensor:
    """Curves of slices [L, T, C], lips sealed, and of the frame before the first [L, C] → numbers [L, 4 S, N]."""
    borders = torch.cat((before[:, None], face), 1).unfold(1, SHOWN + 1, SHOWN)  # [L, S, C, 6]
    times = torch.arange(1, KEPT + 1, device=face.device) * (SHOWN / KEPT)
    low = times.long().clamp(max=SHOWN - 1)
    share = times - low
    kept = (borders[..., low] * (1 - share) + borders[..., low + 1] * share).transpose(2, 3)
    kept = kept.flatten(1, 2)
    expression = kept[..., _columns(SHAPES)] @ torch.from_numpy(load_map().shapes).to(face)
    turned = head_rotation(kept[..., _columns(HEAD)]).flatten(-2)
    return torch.cat((expression, turned, torch.zeros_like(expression[..., :3])), -1)


class Portrait(nn.Module):
    """A slice's numbers → its frames, as numbers and as the likeliest face."""

    usual: Tensor
    rest: Tensor
    back: Tensor

    def __init__(self) -> None:
        super().__init__()
        known = load_map()
        self.register_buffer("usual", torch.from_numpy(known.mean))
        self.register_buffer("rest", torch.from_numpy(known.mean @ known.shapes))
        self.register_buffer("back", torch.from_numpy(known.back))

    def frames(self, kept: Tensor, last: Tensor) -> Tensor:
        """Numbers of the slice's frames [L, 5, N]. kept: [L, 4, N]; last: [L, N], the frame before them.

        Lines between frames; rotations turn evenly (slerp). What stands for a rotation is made one.
        """
        kept = torch.cat((kept[..., :EXPRESSION], orthonormal(kept[..., EXPRESSION:-3]), kept[..., -3:]), -1)
        framed = torch.cat((last[:, None], kept), 1)
        times = torch.arange(1, SHOWN + 1, device=kept.device) * (KEPT / SHOWN)
        low = times.long().clamp(max=KEPT - 1)
        share = (times - low)[:, None].to(kept)
        first, second = framed[:, low], framed[:, low + 1]
        straight = first + share * (second - first)
        turned = between(first[..., EXPRESSION:-3], second[..., EXPRESSION:-3], share)
        return torch.cat((straight[..., :EXPRESSION], turned, straight[..., -3:]), -1)

    def curves(self, numbers: Tensor) -> Tensor:
        """The likeliest face [..., C] under numbers [..., N] since the portrait's rest: KeypointMap.curves."""
        weights = (self.usual + (numbers[..., :EXPRESSION] - self.rest) @ self.back).clamp(0, 1)
        known = torch.cat((weights, head_angles(numbers[..., EXPRESSION:-3]), 0 * weights[..., :1]), -1)
        order = (*SHAPES, *HEAD)
        return known[..., [order.index(name) if name in order else len(order) for name in FACE]]


def still(like: Tensor) -> Tensor:
    """The numbers of a portrait at rest, [L, N], for the lanes of `like` [L, ...]."""
    rest = torch.zeros(len(CHANNELS), device=like.device)
    rest[EXPRESSION:-3] = torch.eye(3, device=like.device).flatten()
    return rest + 0 * like.flatten(1)[:, :1]


def head_rotation(angles: Tensor) -> Tensor:
    """Head's yaw, pitch, roll [..., 3] → rotations for points as rows [..., 3, 3]: keypoints.head_rotation."""
    (sy, sx, sz), (cy, cx, cz) = angles.sin().unbind(-1), angles.cos().unbind(-1)
    rows = (
        cy * cz + sy * sx * sz, sy * sx * cz - cy * sz, sy * cx,
        cx * sz, cx * cz, -sx,
        cy * sx * sz - sy * cz, sy * sz + cy * sx * cz, cy * cx,
    )  # fmt: skip
    turn = torch.tensor(TURN, device=angles.device)
    turned = torch.stack(rows, -1).reshape(*angles.shape[:-1], 3, 3) * turn[:, None] * turn
    return turned.transpose(-1, -2)


def head_angles(rows: Tensor) -> Tensor:
    """Yaw, pitch, roll [..., 3] of rotations [..., 9]: keypoints.head_angles."""
    turned = [[TURN[i] * TURN[j] * rows[..., 3 * j + i] for j in range(3)] for i in range(3)]
    pitch = (-turned[1][2]).clamp(-1, 1).asin()
    return torch.stack((torch.atan2(turned[0][2], turned[2][2]), pitch, torch.atan2(turned[1][0], turned[1][1])), -1)


def orthonormal(rows: Tensor) -> Tensor:
    """Rotations [..., 9] from what is nearly one, row after row (Gram–Schmidt)."""
    x, y = rows[..., :3], rows[..., 3:6]
    x = x / x.square().sum(-1, keepdim=True).clamp(min=SMALL).sqrt()
    y = y - (x * y).sum(-1, keepdim=True) * x
    y = y / y.square().sum(-1, keepdim=True).clamp(min=SMALL).sqrt()
    return torch.cat((x, y, _cross(x, y)), -1)


def between(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Rotations [..., 9] on the way from `first` to `second`, evenly; share: [..., 1]."""
    one, two = (rows.reshape(-1, *rows.shape[1:-1], 3, 3) for rows in (first, second))  # -1: any lanes, exported too
    turn = two @ one.transpose(-1, -2)
    skew = torch.stack(
        (turn[..., 2, 1] - turn[..., 1, 2], turn[..., 0, 2] - turn[..., 2, 0], turn[..., 1, 0] - turn[..., 0, 1]), -1
    )
    sine = (skew.square().sum(-1, keepdim=True) + SMALL**2).sqrt() / 2
    cosine = (turn[..., 0, 0] + turn[..., 1, 1] + turn[..., 2, 2])[..., None] / 2 - 0.5
    angle = torch.atan2(sine, cosine) * share
    axis = skew / (2 * sine)
    crossed = torch.stack([_cross(axis, one[..., :, column]) for column in range(3)], -1)  # axis × each column
    along = (axis[..., None, :] @ one) * axis[..., :, None]
    turned = one * angle.cos()[..., None] + crossed * angle.sin()[..., None] + along * (1 - angle.cos()[..., None])
    return turned.flatten(-2)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    (ax, ay, az), (bx, by, bz) = a.unbind(-1), b.unbind(-1)
    return torch.stack((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx), -1)


def _columns(names: tuple[str, ...]) -> list[int]:
    return [FACE.index(name) for name in names]
