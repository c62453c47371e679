"""Our heads' proportions beside people's: anthropometric norms, and faces as a tracker sees them.

    python benchmarks/proportions.py
    python benchmarks/proportions.py --tracker face_landmarker.task --photo person.png --photo another.png

The tracker is MediaPipe's Face Landmarker (extra `track`, the model from its site); its file holds the mesh that it
fits to everybody, whose proportions are an average of real faces. Photographs are tracked as they are, our heads as
drawn.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from facestream.errors import MissingExtra
from facestream.faces.head import PRESETS, Head
from facestream.faces.head.proportions import RATIOS, lengths, norm, ratios
from facestream.faces.mesh import Floats, Picture
from facestream.faces.rasterizer import Renderer

# MediaPipe's vertices that lie nearest to Farkas' landmarks.
TRACKED = {
    "n-gn": (168, 152), "zy-zy": (234, 454), "go-go": (172, 397), "ex-ex": (33, 263), "en-en": (133, 362),
    "en-ex": (362, 263), "lids": (386, 374), "n-sn": (168, 2), "al-al": (129, 358), "sn-prn": (2, 4),
    "ch-ch": (61, 291), "sn-ls": (2, 0), "sn-sto": (2, 13), "ls-sto": (0, 13), "sto-li": (14, 17),
}  # fmt: skip
console = Console()


def main(
    tracker: Annotated[Path | None, typer.Option(help="face_landmarker.task, from MediaPipe's site.")] = None,
    photo: Annotated[list[Path] | None, typer.Option(help="Somebody's face, from the front.")] = None,
) -> None:
    """Print a row a ratio: the norm's mean and deviation, each head's value and how many deviations it is off."""
    columns = {name: ratios(lengths(Head.load(name))) for name in track(PRESETS, "Measuring", console=console)}
    show("measured on the sculpture", columns)
    if tracker is not None:
        pictures = {path.stem: np.asarray(Image.open(path).convert("RGB")) for path in photo or []}
        drawn = {name: Renderer(Head.load(name).mesh).draw(Head.load(name).mesh.vertices) for name in PRESETS}
        seen = {"fitted mesh": distances(fitted_mesh(tracker))}
        seen |= {name: distances(points) for name, points in tracked(tracker, pictures | drawn)}
        show("as tracked", {name: ratios(found) for name, found in seen.items()})


def show(title: str, columns: dict[str, dict[tuple[str, str], float]]) -> None:
    """One table."""
    table = Table("", "norm", "±", *columns, title=title)
    for above, below in RATIOS:
        usual = norm(above, below)
        cells = [values[above, below] for values in columns.values()]
        table.add_row(
            f"{above} / {below}",
            f"{usual.mean:.3f}",
            f"{usual.deviation:.3f}",
            *(f"{value:.2f} {(value - usual.mean) / usual.deviation:+.1f}" for value in cells),
        )
    console.print(table)


def distances(points: Floats) -> dict[str, float]:
    """Lengths by name between a tracker's points [478 or 468, 3]."""
    return {name: float(np.linalg.norm(points[a] - points[b])) for name, (a, b) in TRACKED.items()}


def tracked(model: Path, pictures: dict[str, Picture]) -> Iterator[tuple[str, Floats]]:
    """Points [478, 3] in pixels of the face in each picture; pictures without one are named and left out."""
    try:
        import mediapipe as mp
    except ImportError as error:
        raise MissingExtra("mediapipe", "track", "tracking faces") from error
    vision: Any = mp.tasks.vision
    options = vision.FaceLandmarkerOptions(base_options=mp.tasks.BaseOptions(model_asset_path=str(model)))
    with vision.FaceLandmarker.create_from_options(options) as tracker:
        for name, picture in pictures.items():
            found = tracker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture)))
            if not found.face_landmarks:
                console.print(f"no face was found in {name}")
                continue
            height, width = picture.shape[:2]
            places = [(p.x * width, p.y * height, p.z * width) for p in found.face_landmarks[0]]
            yield name, np.array(places, np.float32)


def fitted_mesh(model: Path) -> Floats:
    """Vertices [468, 3] of the mesh in the tracker's file: its geometry metadata, a protocol buffer whose field 1 is
    the mesh, whose field 3 are the vertices' x, y, z, u, v as single floats.
    """
    with zipfile.ZipFile(model) as whole:
        name = next(entry for entry in whole.namelist() if entry.endswith("metadata_landmarks.binarypb"))
        mesh = next(value for number, value in fields(whole.read(name)) if number == 1)
    floats = b"".join(value for number, value in fields(mesh) if number == 3)
    return np.frombuffer(floats, "<f4").reshape(-1, 5)[:, :3].copy()


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers and raw values of a protocol buffer's fields, in their order."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(message):
        key = number()
        kind = key & 7
        if kind == 0:
            yield key >> 3, struct.pack("<Q", number())
            continue
        size = number() if kind == 2 else {1: 8, 5: 4}[kind]
        yield key >> 3, message[at : at + size]
        at += size


if __name__ == "__main__":
    typer.run(main)
