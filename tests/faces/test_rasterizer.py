import numpy as np
import pytest

from facestream.faces.head import Head
from facestream.faces.mesh import Mesh
from facestream.faces.rasterizer import Camera, Renderer

SIZE = 64
# sees -1..1
FLAT = Camera(position=(0.0, 0.0, 1000.0), target=(0.0, 0.0, 0.0), view=float(np.degrees(2 * np.arctan(1 / 1000))))
BLACK = (0, 0, 0)


def draw(vertices: list, triangles: list, colors: object = (0.5, 0.5, 0.5), gloss: float = 0.0) -> np.ndarray:
    mesh = Mesh.plain(vertices, triangles, colors, gloss)
    return Renderer(mesh, SIZE, FLAT, background=BLACK).draw(mesh.vertices)


def test_a_square_covers_its_pixels_and_no_other() -> None:
    picture = draw([(-0.5, -0.5, 0), (0.5, -0.5, 0), (0.5, 0.25, 0), (-0.5, 0.25, 0)], [(0, 1, 2), (0, 2, 3)])
    covered = picture.max(axis=2) > 0
    expected = np.zeros((SIZE, SIZE), bool)
    expected[24:48, 16:48] = True
    assert np.array_equal(covered, expected)


def test_a_border_through_pixels_is_mixed() -> None:
    # the right border cuts pixels in half
    picture = draw([(-0.5, -0.5, 0), (0.515625, -0.5, 0), (0.515625, 0.5, 0), (-0.5, 0.5, 0)], [(0, 1, 2), (0, 2, 3)])
    inside, border, outside = picture[32, 40, 0], picture[32, 48, 0], picture[32, 49, 0]
    assert outside == 0
    assert abs(int(border) - int(inside) / 2) <= 2


def test_the_nearer_triangle_wins_in_any_order() -> None:
    near = [(-0.8, -0.8, 0.5), (0.8, -0.8, 0.5), (0.0, 0.8, 0.5)]
    far = [(-0.8, -0.8, 0.0), (0.8, -0.8, 0.0), (0.0, 0.8, 0.0)]
    red, green = [(0.8, 0, 0)] * 3, [(0, 0.8, 0)] * 3
    first = draw(near + far, [(0, 1, 2), (3, 4, 5)], red + green)
    second = draw(near + far, [(3, 4, 5), (0, 1, 2)], red + green)
    assert np.array_equal(first, second)
    assert first[40, 32, 0] > 100 and first[40, 32, 1] < 30


def test_back_faces_are_not_drawn() -> None:
    assert draw([(-0.5, -0.5, 0), (0.5, -0.5, 0), (0, 0.5, 0)], [(0, 2, 1)]).max() == 0


def test_neighbours_leave_no_crack() -> None:
    rng = np.random.default_rng(3)
    steps = np.linspace(-1.2, 1.2, 24)
    x, y = np.meshgrid(steps, steps)
    points = np.stack([x, y, 0 * x], -1)
    points[1:-1, 1:-1, :2] += rng.uniform(-0.04, 0.04, points[1:-1, 1:-1, :2].shape)
    i = np.arange(24 * 24).reshape(24, 24)
    a, b, c, d = i[:-1, :-1].ravel(), i[:-1, 1:].ravel(), i[1:, 1:].ravel(), i[1:, :-1].ravel()
    picture = draw(
        points.reshape(-1, 3).tolist(), np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).tolist()
    )
    assert picture[..., 0].min() > 100
    assert np.ptp(picture[..., 0].astype(int)) <= 1  # no sample missing, none brighter


def test_gloss_makes_a_highlight() -> None:
    light = np.array((-0.50, 0.62, 0.80))
    half = light / np.linalg.norm(light) + np.array((0, 0, 1))
    half /= np.linalg.norm(half)
    side = np.cross(half, (0, 1, 0))
    up = np.cross(side, half)
    corners = [(-side - up) * 0.6, (side - up) * 0.6, (0.8 * up)]
    dull, shiny = (draw(corners, [(0, 2, 1)], (0.1, 0.1, 0.1), gloss) for gloss in (0.0, 1.0))
    assert dull.max() > 20
    assert shiny.max() > int(dull.max()) + 40


def test_drawing_again_gives_the_same_picture_and_fills_out() -> None:
    head = Head.load()
    renderer = Renderer(head.mesh, 128)
    first = renderer.draw(head.mesh.vertices)
    renderer.draw(head.pose(np.array([1.0], np.float32), ("jawOpen",)))
    out = np.empty_like(first)
    assert renderer.draw(head.mesh.vertices, out) is out
    assert np.array_equal(out, first)


def test_the_picture_of_the_head_scales_with_its_size() -> None:
    head = Head.load()
    small, large = (Renderer(head.mesh, size).draw(head.mesh.vertices).astype(float) for size in (96, 192))
    shrunk = large.reshape(96, 2, 96, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - shrunk).mean() < 3.0


def test_wrong_shapes_are_refused() -> None:
    mesh = Mesh.plain([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 2)], (0.5, 0.5, 0.5))
    for background in ((0, 0), (0, 0, 256), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), "sky"):
        with pytest.raises(ValueError, match="background"):
            Renderer(mesh, SIZE, background=background)
    with pytest.raises(ValueError, match="camera"):
        Renderer(mesh, SIZE, Camera(position=(0, 1, 0), target=(0, 0, 0)))
    with pytest.raises(ValueError, match="vertices"):
        Renderer(mesh, SIZE).draw(np.zeros((4, 3), np.float32))
