"""Contact sheets: many frames on one picture, for looking."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from facestream.errors import SinkError
from facestream.files import write_whole

Picture = npt.NDArray[np.uint8]

_LABEL_ROWS = 22


def contact_sheet(frames: Sequence[Picture], labels: Sequence[str], columns: int) -> Picture:
    """Frames of one shape [H, W, 3] in rows of `columns`, each under its label: one uint8 picture.

    Raises SinkError if there is nothing to show, if shapes differ, or if there is not one label a frame.
    """
    if not frames or columns < 1 or len(labels) != len(frames):
        raise SinkError(
            f"a contact sheet of {len(frames)} frames, {len(labels)} labels, {columns} columns; "
            "expected frames, one label each, and 1 or more columns"
        )
    height, width = frames[0].shape[:2]
    if any(frame.shape != (height, width, 3) for frame in frames):
        raise SinkError(
            f"frames of different shapes: {sorted({frame.shape for frame in frames})}; "
            "expected one shape [height, width, 3]"
        )
    rows = -(-len(frames) // columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + _LABEL_ROWS)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for place, (frame, label) in enumerate(zip(frames, labels, strict=True)):
        left, top = place % columns * width, place // columns * (height + _LABEL_ROWS)
        draw.text((left + 4, top + 2), label, fill="black", font=font)
        sheet.paste(Image.fromarray(frame), (left, top + _LABEL_ROWS))
    return np.asarray(sheet)


def save_png(picture: Picture, path: str | os.PathLike[str]) -> None:
    """Write a picture [H, W, 3] uint8 as PNG, whole or not at all. Raises SinkError if it cannot be written."""
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, format="PNG")
    write_whole(Path(path), encoded.getvalue())
