"""Measure and keep the shade of every preset: python -m facestream.faces.head."""

from __future__ import annotations

from rich.progress import track

from facestream.faces.head import PRESETS, Head
from facestream.faces.head.shade import keep, measured

if __name__ == "__main__":
    for name, identity in track(PRESETS.items(), "Measuring shade"):
        head = Head.sculpt(identity)
        keep(name, head.mesh, measured(head, 256))
