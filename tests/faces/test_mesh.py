"""Meshes: what is left out, and what joining keeps."""

from dataclasses import replace

import numpy as np
import pytest

from facestream.faces.mesh import Mesh

TRIANGLE = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]


def triangle(**fields: object) -> Mesh:
    return replace(Mesh.plain(TRIANGLE, [(0, 1, 2)], (0.5, 0.5, 0.5)), **fields)


def test_what_is_left_out_is_plain() -> None:
    mesh = Mesh.plain(TRIANGLE, [(0, 1, 2)], (0.5, 0.5, 0.5))
    assert mesh.texture is None
    assert mesh.uv.shape == (3, 2) and not mesh.uv.any()
    assert mesh.translucency.shape == (3,) and not mesh.translucency.any()


def test_joining_keeps_every_part_as_it_was() -> None:
    texture = np.full((4, 4, 3), 255, np.uint8)
    uv, soft = np.full((3, 2), 0.5, np.float32), np.full(3, 0.5, np.float32)
    whole = Mesh.joined([triangle(), triangle(uv=uv, texture=texture, translucency=soft)])
    assert whole.triangles.tolist() == [[0, 1, 2], [3, 4, 5]] and whole.weld.tolist() == [0, 1, 2, 3, 4, 5]
    assert whole.texture is texture
    assert not whole.uv[:3].any() and (whole.uv[3:] == 0.5).all()
    assert not whole.translucency[:3].any() and (whole.translucency[3:] == 0.5).all()


def test_a_mesh_carries_one_texture_that_begins_white() -> None:
    white, black = np.full((4, 4, 3), 255, np.uint8), np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="2 parts have a texture"):
        Mesh.joined([triangle(texture=white), triangle(texture=white)])
    with pytest.raises(ValueError, match="expected white"):
        Mesh.joined([triangle(), triangle(texture=black)])
    assert Mesh.joined([triangle(texture=black)]).texture is black
