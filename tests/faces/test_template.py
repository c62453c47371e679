"""A face that is only a mesh."""

import numpy as np
import pytest

from facestream.errors import FaceError
from facestream.faces.rasterizer import Renderer
from facestream.faces.template import Template
from facestream.faces.topology import Topology

SPOTS = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, -0.5)], np.float32)
SQUARE = np.array([(0, 1, 2), (0, 2, 3)])
NONE = np.zeros(0, np.int32)


def square(scale=1.0, triangles=SQUARE):
    return Template(Topology("square", 4, triangles, NONE, NONE, NONE), np.float32(scale) * SPOTS + 7)


def test_whatever_its_unit_a_mesh_fills_the_picture_and_moves_with_its_offsets():
    small, large = square(0.001), square(100.0)
    np.testing.assert_allclose(small.mesh.vertices, large.mesh.vertices, atol=0.05)
    drawn = [Renderer(each.mesh, 64, background=(0, 0, 255)).draw(each.mesh.vertices) for each in (small, large)]
    assert np.abs(drawn[0].astype(int) - drawn[1]).mean() < 1
    skin = (drawn[0][..., 0] > 60).mean()
    assert 0.4 < skin < 0.75
    higher = small.pose(np.tile((0, 0.001, 0), 4))
    assert (higher[:4, 1] > small.mesh.vertices[:4, 1]).all()
    assert np.array_equal(higher[4:], small.mesh.vertices[4:]), "what lies behind stays"


def test_a_template_comes_back_as_it_was(tmp_path):
    template = Template(square().topology, SPOTS, {"jawOpen": SPOTS * 2})
    template.save(tmp_path / "mesh.npz")
    again = Template.load(tmp_path / "mesh.npz")
    assert np.array_equal(again.vertices, SPOTS)
    assert np.array_equal(again.topology.triangles, SQUARE)
    assert again.topology.name == "square"
    assert np.array_equal(again.shapes["jawOpen"], SPOTS * 2)


def test_a_mesh_without_triangles_is_kept_but_not_drawn(tmp_path):
    square(triangles=None).save(tmp_path / "mesh.npz")
    with pytest.raises(FaceError, match="triangles"):
        _ = Template.load(tmp_path / "mesh.npz").mesh


def test_what_is_no_template_is_refused(tmp_path):
    with pytest.raises(FaceError, match="no mesh at rest"):
        Template.load(tmp_path / "none.npz")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(FaceError, match="no mesh at rest"):
        Template.load(tmp_path / "torn.npz")
    with pytest.raises(FaceError, match="shape"):
        Template(square().topology, SPOTS[:3])
