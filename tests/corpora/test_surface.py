import struct
from pathlib import Path

import numpy as np
import pytest

from facestream.corpora.surface import read_surface, write_ply
from facestream.errors import CorpusError

POINTS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0.5]], np.float32)
TRIANGLES = [[0, 1, 2], [0, 2, 3]]


def binary(order: str) -> bytes:
    name = {"<": "little", ">": "big"}[order]
    head = (
        f"ply\nformat binary_{name}_endian 1.0\ncomment none\nelement vertex 4\nproperty float x\nproperty float y\n"
        "property float z\nproperty uchar red\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
    )
    rows = b"".join(struct.pack(order + "fffB", *point, 7) for point in POINTS.tolist())
    return head.encode() + rows + struct.pack(order + "B4i", 4, 0, 1, 2, 3)


FILES = {
    "own.ply": write_ply(POINTS, np.array(TRIANGLES, np.int32)),
    "little.ply": binary("<"),
    "big.ply": binary(">"),
    "quad.obj": b"# a\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0.5\nvt 0 0\nvn 0 0 1\nf 1/1/1 2/1/1 3/1/1 4/1/1\n",
    "back.obj": b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0.5\nf -4 -3 -2\nf -4 -2 -1\n",
}


@pytest.mark.parametrize("name", FILES)
def test_every_form_gives_the_same_surface(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    points, triangles = read_surface(tmp_path / name)
    np.testing.assert_array_equal(points, POINTS)
    np.testing.assert_array_equal(triangles, TRIANGLES)


@pytest.mark.parametrize(("name", "cut"), [("own.ply", 3), ("little.ply", 1), ("big.ply", 20), ("back.obj", 3)])
def test_a_torn_file_is_told(tmp_path: Path, name: str, cut: int) -> None:
    (tmp_path / name).write_bytes(FILES[name].rstrip(b"\n")[:-cut])
    with pytest.raises(CorpusError, match="no surface that can be read"):
        read_surface(tmp_path / name)
