"""The camera's three numbers mean what they mean in three.js."""

import numpy as np
import pytest

from facestream.faces.camera import Camera
from facestream.faces.mesh import Mesh
from facestream.faces.rasterizer import Renderer

SIZE = 200


def where(point: np.ndarray, camera: Camera) -> tuple[float, float]:
    """Column and row of a small bright square that faces the camera at a point."""
    right, up, _ = camera.axes()
    corners = [point + 0.04 * (x * right + y * up) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    mesh = Mesh.plain(corners, [(0, 1, 2), (0, 2, 3)], (0.9, 0.9, 0.9))
    picture = Renderer(mesh, SIZE, camera, background=(0, 0, 0)).draw(mesh.vertices)[..., 1].astype(float)
    rows, columns = np.indices(picture.shape) + 0.5
    return float((picture * columns).sum() / picture.sum()), float((picture * rows).sum() / picture.sum())


def projected(point: np.ndarray, camera: Camera) -> tuple[float, float]:
    """The same by three.js' matrices: lookAt, then makePerspective with aspect 1."""
    back = np.subtract(camera.position, camera.target)
    back = back / np.linalg.norm(back)
    right = np.cross((0, 1, 0), back)
    right = right / np.linalg.norm(right)
    x, y, z = np.stack([right, np.cross(back, right), back]) @ (point - np.array(camera.position))
    edge = np.tan(np.radians(camera.view) / 2) * -z
    return (1 + x / edge) * SIZE / 2, (1 - y / edge) * SIZE / 2


@pytest.mark.parametrize("yaw", [-2.5, -0.7, 0.0, 0.4, np.pi])
@pytest.mark.parametrize("pitch", [-0.4, 0.0, 0.9])
def test_points_are_where_three_js_has_them(yaw: float, pitch: float) -> None:
    camera = Camera(position=(0.3, 0.2, 5.0), target=(0.1, -0.1, 0.0), view=30.0).around(yaw, pitch)
    for point in np.array([(0.0, 0.0, 0.0), (0.4, 0.3, 0.2), (-0.5, 0.2, -0.6)]):
        assert np.allclose(where(point, camera), projected(point, camera), atol=0.3)


def test_going_round_keeps_the_distance() -> None:
    camera = Camera()
    for yaw, pitch in ((1.0, 0.0), (-2.0, 0.5), (0.0, -0.8)):
        moved = camera.around(yaw, pitch)
        assert np.isclose(np.linalg.norm(np.subtract(moved.position, moved.target)), 9.45)
        assert np.allclose(moved.axes() @ moved.axes().T, np.eye(3), atol=1e-6)
    right = camera.around(np.pi / 2).position
    assert np.allclose(right, (9.45, -0.11, 0), atol=1e-5)


def test_a_camera_above_its_target_is_refused() -> None:
    with pytest.raises(ValueError, match="beside"):
        Camera(position=(0, 3, 0), target=(0, 0, 0)).axes()
