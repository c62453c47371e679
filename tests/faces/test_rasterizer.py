from dataclasses import replace

import numpy as np
import pytest

from facestream.faces.head import Head
from facestream.faces.light import Light
from facestream.faces.mesh import Mesh, grid_triangles
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
    with pytest.raises(ValueError, match="camera"):
        Renderer(mesh, SIZE, Camera(position=(0, 1, 0), target=(0, 0, 0)))
    with pytest.raises(ValueError, match="vertices"):
        Renderer(mesh, SIZE).draw(np.zeros((4, 3), np.float32))


def square(center: tuple[float, float, float], half: float, color: float = 0.5, steps: int = 24) -> Mesh:
    """A square that faces the camera, of small triangles, as light is worked out at vertices."""
    x, y = np.meshgrid(np.linspace(-half, half, steps), np.linspace(-half, half, steps))
    points = np.stack([x, y, 0 * x], -1) + np.array(center)
    return Mesh.plain(points, grid_triangles(steps, steps), (color, color, color))


def test_what_stands_before_the_light_casts_a_shadow_that_goes_with_it() -> None:
    light = Light(key=(1.0, 0.0, 1.0))
    mesh = Mesh.joined([square((0, 0, 0), 0.95), square((0.4, 0, 0.8), 0.15)])
    renderer = Renderer(mesh, SIZE, FLAT, light, BLACK)
    shadow = (slice(28, 36), slice(16, 24))  # 0.8 to the left of the small square
    there = renderer.draw(mesh.vertices)[shadow]
    moved = mesh.vertices + np.where(np.arange(len(mesh.vertices)) < 24 * 24, 0.0, 0.5)[:, None] * (0, 1, 0)
    away = renderer.draw(moved.astype(np.float32))[shadow]
    assert there.max() < 0.85 * away.min()


def test_a_plane_does_not_shade_itself() -> None:
    mesh = square((0, 0, 0), 0.95)
    for key in ((0.0, 0.0, 1.0), (1.0, 0.5, 0.6), (-1.0, 0.0, 0.25)):
        inner = Renderer(mesh, SIZE, FLAT, Light(key=key), BLACK).draw(mesh.vertices)[4:-4, 4:-4, 0]
        assert np.ptp(inner.astype(int)) <= 1


@pytest.mark.parametrize("size", [64, 97, 200])
def test_bands_do_not_show(size: int) -> None:
    mesh = square((0, 0, 0), 1.2)
    picture = Renderer(mesh, size, FLAT, background=BLACK).draw(mesh.vertices)
    assert np.ptp(picture.reshape(-1, 3).astype(int), axis=0).max() <= 1


def test_transparent_pictures_lie_on_any_colour_as_if_drawn_on_it() -> None:
    head = Head.load()
    cut = Renderer(head.mesh, 160, background="transparent").draw(head.mesh.vertices).astype(float)
    alpha = cut[..., 3:] / 255
    assert cut.shape == (160, 160, 4)
    assert (alpha[:6] == 0).all() and (alpha[70:90, 70:90] == 1).all()
    assert (alpha * (1 - alpha) > 0).any()
    for color in ((255, 255, 255), (0, 0, 0), (30, 160, 90)):
        drawn = Renderer(head.mesh, 160, background=color).draw(head.mesh.vertices)
        assert np.abs(cut[..., :3] * alpha + np.array(color) * (1 - alpha) - drawn).max() <= 1.5


def test_borders_have_five_steps_in_every_direction() -> None:
    for angle in (0.1, np.pi / 2 - 0.1):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        corners = np.array([(-3, -3), (0.0, -3), (0.0, 3), (-3, 3)]) @ turn.T
        mesh = Mesh.plain(np.c_[corners, np.zeros(4)], [(0, 1, 2), (0, 2, 3)], (0.5, 0.5, 0.5))
        alpha = Renderer(mesh, SIZE, FLAT, background="transparent").draw(mesh.vertices)[..., 3]
        assert set(np.unique(alpha).tolist()) == {0, 64, 128, 191, 255}


def test_a_texture_lies_where_its_coordinates_say() -> None:
    texture = np.full((8, 8, 3), 255, np.uint8)
    texture[:4, 4:] = (255, 0, 0)  # upper right
    texture[4:, :4] = (0, 0, 255)  # lower left
    mesh = square((0, 0, 0), 1.0, 0.8)
    uv = np.stack([mesh.vertices[:, 0] + 1, 1 - mesh.vertices[:, 1]], -1) / 2
    plain = Renderer(mesh, SIZE, FLAT, background=BLACK).draw(mesh.vertices)
    picture = Renderer(replace(mesh, uv=uv, texture=texture), SIZE, FLAT, background=BLACK).draw(mesh.vertices)
    half = SIZE // 2
    assert np.array_equal(picture[: half - 1, : half - 1], plain[: half - 1, : half - 1])
    assert np.array_equal(picture[half + 1 :, half + 1 :], plain[half + 1 :, half + 1 :])
    upper, lower = picture[: half - 1, half + 1 :], picture[half + 1 :, : half - 1]
    assert upper[..., 0].min() > 100 and upper[..., 1:].max() <= 2
    assert lower[..., 2].min() > 100 and lower[..., :2].max() <= 2


def test_places_outside_the_texture_take_its_border() -> None:
    texture = np.full((4, 4, 3), 255, np.uint8)
    texture[:, 3] = 0
    mesh = square((0, 0, 0), 1.0, 0.8)
    uv = np.stack([mesh.vertices[:, 0] + 3, mesh.vertices[:, 1]], -1)
    picture = Renderer(replace(mesh, uv=uv, texture=texture), SIZE, FLAT, background=BLACK).draw(mesh.vertices)
    assert picture.max() <= 2


def test_light_shines_through_what_is_translucent() -> None:
    light = Light(key_color=(0, 0, 0), rim=(0, 0, -1), rim_color=(2, 2, 2))
    mesh = square((0, 0, 0), 1.0, 0.8)
    ear = replace(mesh, translucency=np.full(len(mesh.vertices), 0.6, np.float32))
    dull, glowing = (
        Renderer(each, SIZE, FLAT, light, BLACK).draw(mesh.vertices)[SIZE // 2, SIZE // 2].astype(int)
        for each in (mesh, ear)
    )
    more = glowing - dull
    assert more[0] > 30 and more[0] > 1.5 * more[1:].max()


def test_a_twin_draws_the_same_in_buffers_of_its_own() -> None:
    mesh = Mesh.plain([(-0.8, -0.8, 0), (0.8, -0.8, 0), (0, 0.8, 0)], [(0, 1, 2)], (0.7, 0.4, 0.2))
    first = Renderer(mesh, SIZE, FLAT)
    second = first.twin()
    moved = mesh.vertices + np.float32(0.1)
    alone = first.draw(mesh.vertices)
    assert np.array_equal(second.draw(moved), first.draw(moved))
    assert np.array_equal(first.draw(mesh.vertices), alone)
    for name in ("_points", "_normals", "_screen", "_lit", "_used", "_key_share", "_depth", "_color"):
        assert not np.shares_memory(getattr(first, name), getattr(second, name)), name
    assert not np.shares_memory(first._shadow.depths, second._shadow.depths)
