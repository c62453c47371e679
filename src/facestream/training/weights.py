"""Weights small enough to ship: 8-bit rows with a scale each, as safetensors. Good enough to go on training from.

Shapes: R rows, C columns of a matrix.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from facestream.errors import BundleError

WEIGHTS = "weights.safetensors"  # in a bundle
SCALE = ".scale"  # a matrix NAME is stored as NAME, [R, C] int8, and NAME.scale, [R, 1]


def save_weights(path: Path, state: dict[str, Tensor]) -> None:
    """Store a state dict: weight matrices as int8, everything else as it is."""
    stored: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.ndim == 2 and value.numel() > 4096 and not name.startswith("codec."):
            scale = value.abs().amax(1, keepdim=True).clamp(min=1e-12) / 127
            stored[name], stored[name + SCALE] = (value / scale).round().to(torch.int8).contiguous(), scale
        else:
            stored[name] = value.contiguous()
    save_file(stored, path)


def load_weights(path: Path) -> dict[str, Tensor]:
    """What `save_weights` stored, as a state dict in single precision. Raises BundleError if there is no such file."""
    if not path.is_file():
        raise BundleError(f"there are no weights '{path}'; expected a bundle that carries {WEIGHTS}")
    stored = load_file(path)
    return {
        name: value * stored[name + SCALE] if name + SCALE in stored else value
        for name, value in stored.items()
        if not name.endswith(SCALE)
    }
