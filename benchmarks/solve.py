"""Vertices to ARKit's weights: how right and how fast, on the bundled sample's motion.

    python benchmarks/solve.py

The bundled talker speaks the sample; our head is posed by its curves, first by its shapes alone, then as it is drawn,
with contacts and correctives; and the weights are asked back. A mesh of FLAME's size with 52 smooth random shapes is
there for others. Costs are processor time of one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.resources import files

import numpy as np
from rich.console import Console
from rich.table import Table

import facestream
from facestream.audio.waveform import read_audio
from facestream.faces.head import Head
from facestream.motion.solve import Blendshapes, SolveConfig, Solver
from facestream.signals import ARKIT, Floats

NOISES = (0.0001, 0.0005)  # metres
UNIT = 0.1  # metres in a unit of our head
table = Table(
    "vertices", "asked for", "weights: mean error", "largest", "surface mm, rms", "ms a frame, alone", "all at once"
)


def smooth_mesh() -> Blendshapes:
    """5023 vertices, 52 shapes that each move a patch of 12 cm."""
    rng = np.random.default_rng(0)
    neutral = rng.normal(0, 0.07, (5023, 3)).astype(np.float32)
    places, moves = rng.normal(0, 0.07, (52, 3)), rng.normal(0, 0.005, (52, 1, 3))
    fall = np.clip(1 - np.linalg.norm(neutral - places[:, None], axis=2) / 0.12, 0, 1)
    return Blendshapes(neutral, ARKIT, (fall[:, :, None] * moves).astype(np.float32))


def measure(name: str, asked: str, solver: Solver, vertices: Floats, weights: Floats, unit: float) -> None:
    truth = np.stack([weights[:, ARKIT.index(shape)] for shape in solver.names], axis=1)
    solver(vertices[:2])
    together, found = timed(lambda: solver(vertices).weights)

    def one_by_one() -> None:
        last = None
        for frame in vertices:
            last = solver(frame[None], last).weights[0]

    alone, _ = timed(one_by_one)
    error = np.abs(found - truth)
    surface = np.sqrt(np.square(solver.shapes.pose(found) - vertices).sum(axis=2).mean()) * unit * 1e3
    costs = (f"{1e3 * cost / len(vertices):.3f}" for cost in (alone, together))
    table.add_row(name, asked, f"{error.mean():.1e}", f"{error.max():.1e}", f"{surface:.4f}", *costs)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def main() -> None:
    motion = facestream.animate(read_audio(files("facestream") / "assets" / "sample.flac"))
    weights = np.clip(motion.select(ARKIT).values, 0, 1)[:200]
    head, rng = Head.load(), np.random.default_rng(0)
    for name, shapes, unit in (("our head", Blendshapes.of(head), UNIT), ("5023, random", smooth_mesh(), 1.0)):
        solver, vertices = Solver(shapes), shapes.pose(weights)
        measure(name, "52 shapes", solver, vertices, weights, unit)
        for noise in NOISES:
            noisy = (vertices + rng.normal(0, noise / unit, vertices.shape)).astype(np.float32)
            measure(name, f"noise {1e3 * noise:.1f} mm", solver, noisy, weights, unit)
        steadied = Solver(shapes, SolveConfig(temporal=0.01, symmetry=0.01))
        measure(name, f"noise {1e3 * noise:.1f} mm, temporal, symmetry", steadied, noisy, weights, unit)
        known = [k for k, shape in enumerate(ARKIT) if "mouth" not in shape or shape.endswith(("Left", "Right"))]
        few = Blendshapes(shapes.neutral, tuple(ARKIT[k] for k in known), shapes.moves[known])
        measure(name, f"{len(known)} shapes known", Solver(few), vertices, weights, unit)
    shapes = Blendshapes.of(head)
    pose = head.bind(ARKIT)
    drawn = np.stack([pose(row) for row in weights])
    measure("our head, as drawn", "52 shapes", Solver(shapes), drawn, weights, UNIT)
    Console().print(table)


if __name__ == "__main__":
    main()
