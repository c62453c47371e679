"""`facestream faces`: who there is, what they look like, and as files for other programs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.table import Table

from facestream.cli.console import check_place, out, stoppable
from facestream.errors import SinkError
from facestream.signals import Motion

if TYPE_CHECKING:
    from facestream.faces.face import Face
    from facestream.faces.head import Identity

Picture = npt.NDArray[np.uint8]

COLUMNS = 9
TURNS = tuple(range(0, 360, 40))  # degrees of the turntable, one row of it

Name = Annotated[str, typer.Argument(help="A name from `facestream faces list`, or seed:42 for anybody.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="The heads that come with it, or that you bring.")


@app.command("list", epilog="Example: facestream faces list")
def list_faces() -> None:
    """Name everybody, with a line about each."""
    from facestream.faces.head import PRESETS

    table = Table("name", "who")
    for name, identity in PRESETS.items():
        table.add_row(name, described(identity))
    table.add_row("seed:1, seed:2, …", "anybody: the same number, the same person")
    table.add_row("model.glb", "your own, in any command but export: glTF or VRM with ARKit's names")
    out.print(table)


def described(identity: Identity) -> str:
    """A line about a person: age, hair, eyes, and what else one would say first."""
    hair = "no hair" if identity.hair == "bald" else f"{identity.hair_color} {identity.hair} hair"
    words = [f"{identity.age:.0f} years", hair, f"{identity.eye_color} eyes"]
    words += ["freckles"] if identity.freckles > 0.3 else []
    words += [f"a {identity.beard} beard" if identity.beard == "full" else f"a {identity.beard}"]
    words += [f"{identity.glasses} glasses", identity.earrings]
    return ", ".join(word for word in words if "none" not in word)


@app.command("show", epilog="Example: facestream faces show mira -o mira.png")
def show(
    name: Annotated[
        str, typer.Argument(help="A name from `facestream faces list`, seed:42 for anybody, or your own model.glb.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The picture; default: the name and .png.", show_default=False)
    ] = None,
    size: Annotated[int, typer.Option(min=64, max=512, help="Edge of each of its pictures, pixels.")] = 192,
) -> None:
    """Draw a face from all sides and in every expression: a turntable, each shape, visemes, emotions."""
    from facestream.faces.face import load_face
    from facestream.sinks.contact_sheet import contact_sheet, save_png

    path = output or Path(Path(name).stem.replace(":", "-") + ".png")
    if path.suffix.lower() != ".png":
        raise SinkError(f"'{path.name}' is no name for a picture; expected one that ends in .png")
    check_place(path)
    with stoppable(f"'{path}' was not written."):
        rows = list(sheet(load_face(name), size))
        save_png(contact_sheet([picture for _, picture in rows], [label for label, _ in rows], COLUMNS), path)
    out.print(str(path), markup=False, highlight=False, soft_wrap=True)


def sheet(face: Face, size: int) -> Iterator[tuple[str, Picture]]:
    """Labels and pictures [size, size, 3] of everything a face does, each kind from the beginning of a row."""
    from facestream.faces.head.poses import EMOTIONS, VISEMES
    from facestream.faces.rasterizer import Camera, Renderer

    for angle in TURNS:
        camera = Camera().around(math.radians(angle))
        yield f"{angle}°", Renderer(face.mesh, size, camera).draw(face.mesh.vertices)
    draw = Renderer(face.mesh, size).draw
    single: dict[str, Mapping[str, float]] = {"neutral": {}}
    single |= {name: {name: 1.0} for name in face.shapes if not name.startswith("tongue") or name == "tongueOut"}
    for poses in (single, VISEMES, EMOTIONS):
        for label, weights in poses.items():
            values = np.array(list(weights.values()), np.float32)
            yield label, draw(face.bind(tuple(weights))(values))
        for _ in range(-len(poses) % COLUMNS):
            yield "", np.full((size, size, 3), 255, np.uint8)


@app.command("export", epilog="Example: facestream faces export mira -o mira.glb")
def export(
    name: Name,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file, .glb.")],
    motion: Annotated[
        Path | None,
        typer.Option(help="Curves from `animate` (.csv, .npz) to go with it as its animation.", show_default=False),
    ] = None,
) -> None:
    """Write a head as glTF: ARKit's shapes by name, correctives, joints, for three.js, engines, Blender."""
    from facestream.faces.face import load_head
    from facestream.faces.gltf import save_glb

    if output.suffix.lower() != ".glb":
        raise SinkError(f"'{output.name}' is no name for a model; expected one that ends in .glb")
    check_place(output)
    curves = None if motion is None else Motion.load(motion)
    with stoppable(f"'{output}' was not written."):
        save_glb(load_head(name), output, curves)
    megabytes = output.stat().st_size / 1e6
    out.print(f"{output}: {megabytes:.1f} MB", markup=False, highlight=False, soft_wrap=True)
