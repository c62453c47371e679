"""How much ambient light arrives: all of it where nothing stands around, less in a crease."""

import numpy as np
import pytest

from facestream.faces.head import PRESETS, Head
from facestream.faces.head.shade import kept
from facestream.faces.mesh import Floats, Mesh, grid_triangles
from facestream.faces.occlusion import all_around, lightest, reached


def ball(center: tuple[float, float, float] = (0, 0, 0), radius: float = 1.0) -> Mesh:
    rows, columns = 24, 48
    lift = np.linspace(-np.pi / 2 + 0.02, np.pi / 2 - 0.02, rows)[:, None]
    turn = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    points = np.stack([np.cos(lift) * np.sin(turn), np.sin(lift) + 0 * turn, np.cos(lift) * np.cos(turn)], -1)
    return Mesh.plain(radius * points + np.array(center), grid_triangles(rows, columns, wrap=True), (0.5, 0.5, 0.5))


def test_directions_are_even() -> None:
    directions = all_around(200)
    assert np.allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-6)
    assert np.abs(directions.mean(axis=0)).max() < 0.01


def test_all_light_reaches_a_ball() -> None:
    mesh = ball()
    assert reached(mesh, mesh.vertices, 64).min() > 0.97


def test_less_light_reaches_between_two_balls() -> None:
    mesh = Mesh.joined([ball((-0.9, 0, 0)), ball((0.9, 0, 0))])
    share = reached(mesh, mesh.vertices, 64)
    crease = (np.abs(mesh.vertices[:, 0]) < 0.3) & (np.hypot(mesh.vertices[:, 1], mesh.vertices[:, 2]) < 0.75)
    assert share[crease].mean() < 0.6 < 0.97 < share[np.abs(mesh.vertices[:, 0]) > 1.7].min()


def test_the_lightest_pose_counts() -> None:
    mesh = Mesh.joined([ball((-0.9, 0, 0)), ball((0.9, 0, 0))])
    apart = (
        mesh.vertices + np.where(np.arange(len(mesh.vertices)) < len(mesh.vertices) / 2, -9, 9)[:, None] * np.eye(3)[0]
    )
    poses: list[Floats] = [mesh.vertices, apart.astype(np.float32)]
    assert lightest(mesh, poses, 32).min() > 0.97


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_kept_fits_the_sculpture(name: str) -> None:
    shade = kept(name, Head.load(name).mesh)
    assert shade is not None, "the sculpture has changed: python -m facestream.faces.head measures its shade anew"
    assert shade.min() > 0.1 and shade.max() > 0.95


def test_another_sculpture_is_noticed() -> None:
    mesh = Head.load("default").mesh
    assert kept("mira", mesh) is None
    assert kept("nobody", mesh) is None
