"""What one sees of the head in the picture."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from facestream.faces.head import PRESETS, Head
from facestream.faces.light import Light
from facestream.faces.mesh import Mesh
from facestream.faces.rasterizer import Camera, Renderer

SIZE = 256
MAGENTA = np.full((SIZE, SIZE, 3), (255, 0, 255), np.uint8)


@pytest.fixture(scope="module")
def head() -> Head:
    return Head.load()


def pose(head: Head, **weights: float) -> np.ndarray:
    return head.pose(np.array(list(weights.values()), np.float32), tuple(weights))


def covered(head: Head, vertices: np.ndarray) -> np.ndarray:
    """Pixels [S, S] with anything but background."""
    return (Renderer(head.mesh, SIZE, background=MAGENTA).draw(vertices) != MAGENTA).any(axis=2)


def seen(head: Head, vertices: np.ndarray, parts: tuple[str, ...], camera: Camera) -> int:
    """Number of pixels in which the colour of these parts makes a difference."""
    pictures = []
    for brightness in (0.0, 1.0):
        colors = np.full_like(head.mesh.colors, 0.5)
        colors[np.concatenate([head.vertex_sets[part] for part in parts])] = brightness
        mesh = replace(head.mesh, colors=colors, gloss=np.zeros_like(head.mesh.gloss))
        pictures.append(Renderer(mesh, SIZE, camera).draw(vertices).astype(int))
    return int((np.abs(pictures[0] - pictures[1]).max(axis=2) > 8).sum())


@pytest.mark.parametrize("pitch", [0.0, 0.3, 0.4, 0.7])
@pytest.mark.parametrize("roll", [-0.3, 0.0])
def test_the_crown_is_closed(head: Head, pitch: float, roll: float) -> None:
    # the middle columns from the hair to the chin
    middle = covered(head, pose(head, headPitch=pitch, headRoll=roll))[: SIZE * 2 // 3, SIZE * 3 // 8 : SIZE * 5 // 8]
    top = middle.argmax(axis=0)
    below = np.arange(len(middle))[:, None] >= top
    assert (top < SIZE // 3).all() and middle[below].all()


def test_the_hair_has_no_open_edge_on_the_crown(head: Head) -> None:
    first, last = head.vertex_sets["hair"][[0, -1]]
    hair = head.mesh.triangles[(head.mesh.triangles >= first).all(axis=1) & (head.mesh.triangles <= last).all(axis=1)]
    edges = np.sort(np.concatenate([hair[:, [0, 1]], hair[:, [1, 2]], hair[:, [2, 0]]]), axis=1)
    found, count = np.unique(edges, axis=0, return_counts=True)
    assert count.max() == 2
    # open are the hairline and the locks' pointed ends
    assert head.mesh.vertices[found[count == 1], 1].max() < 1.35 < 1.4 < head.mesh.vertices[hair, 1].max()


def test_there_is_room_above_the_head_at_rest(head: Head) -> None:
    top = int(covered(head, head.mesh.vertices).any(axis=1).argmax())
    assert 0.05 * SIZE <= top <= 0.07 * SIZE


@pytest.mark.parametrize("turned", list(product((-0.3, 0.0, 0.3), repeat=3)))
def test_a_lively_head_stays_in_the_picture(head: Head, turned: tuple[float, float, float]) -> None:
    pitch, yaw, roll = turned
    picture = covered(head, pose(head, headPitch=pitch, headYaw=yaw, headRoll=roll))
    assert not picture[:4].any()
    assert not picture[: SIZE * 3 // 4, :4].any() and not picture[: SIZE * 3 // 4, -4:].any()


@pytest.mark.parametrize("shape", ["mouthStretch", "mouthDimple", "mouthSmile", "mouthPress"])
@pytest.mark.parametrize("amount", [0.0, 0.3])
def test_a_closed_mouth_shows_no_teeth(head: Head, shape: str, amount: float) -> None:
    mouth = Camera(position=(0.0, -0.6, 9.45), target=(0.0, -0.6, 0.0), view=6.5)
    teeth = ("teeth_upper", "teeth_lower", "tongue")
    for pitch in (-0.3, 0.0, 0.3):
        vertices = pose(head, headPitch=pitch, **{shape + "Left": amount, shape + "Right": amount})
        assert seen(head, vertices, teeth, mouth) == 0
    assert seen(head, pose(head, jawOpen=0.3), teeth, mouth) > 100


def lit(mesh: Mesh, vertices: np.ndarray, camera: Camera) -> np.ndarray:
    """Brightness [S, S] of the key light alone, without occlusion and highlights."""
    even = replace(mesh, texture=None, shade=np.ones_like(mesh.shade), gloss=0 * mesh.gloss, sheen=0 * mesh.sheen)
    dark = (0.0, 0.0, 0.0)
    light = Light(fill_color=dark, rim_color=dark, sky=dark, bounce=dark)
    return Renderer(even, SIZE, camera, light, (0, 0, 0)).draw(vertices)[..., 1].astype(float)


def test_the_chin_shades_the_neck_and_less_when_the_head_is_raised(head: Head) -> None:
    neck = Camera(position=(0.0, -1.2, 9.45), target=(0.0, -1.2, 0.0), view=3.0)
    down, up = (lit(head.mesh, pose(head, headPitch=pitch), neck).mean() for pitch in (0.25, -0.35))
    assert up > 1.2 * down


def test_hair_shades_the_forehead() -> None:
    head = Head.load("yuki")  # a fringe
    hair = head.vertex_sets["hair"]
    black = replace(head.mesh, colors=np.where(np.isin(np.arange(len(head.mesh.vertices)), hair)[:, None], 0, 0.5))
    gone = head.mesh.vertices.copy()
    gone[hair] += np.float32((0, 0, -60))  # far behind, where it shades nothing and hides nothing
    camera = Camera(position=(0.0, 0.45, 9.45), target=(0.0, 0.45, 0.0), view=6.0)
    with_hair, without = (lit(black, vertices, camera) for vertices in (head.mesh.vertices, gone))
    forehead = with_hair > 20
    assert (with_hair[forehead] < without[forehead] - 25).mean() > 0.03


def test_the_mouth_is_dark_inside_and_darker_the_less_it_is_open(head: Head) -> None:
    mouth, colors = Camera(position=(0.0, -0.62, 9.45), target=(0.0, -0.62, 0.0), view=3.0), 0 * head.mesh.colors
    wall = head.vertex_sets["cavity"]
    colors[wall[head.mesh.vertices[wall, 2] < head.mesh.vertices[wall, 2].max() - 0.2]] = 0.5
    dark = replace(head.mesh, colors=colors, texture=None, gloss=0 * head.mesh.gloss, sheen=0 * head.mesh.sheen)
    renderer = Renderer(dark, SIZE, mouth, background=(0, 0, 0))
    light = []
    for amount in (0.15, 0.8):
        picture = renderer.draw(pose(head, jawOpen=amount))[..., 1].astype(float)
        light.append(np.quantile(picture[picture > 10], 0.9))
    assert 20 < light[0] < 0.95 * light[1] and light[1] < 160


@pytest.mark.parametrize("name", PRESETS)
def test_skin_is_neither_burnt_nor_grey(name: str) -> None:
    person = Head.load(name)
    picture = Renderer(person.mesh, SIZE).draw(person.mesh.vertices)
    points, camera = person.mesh.vertices[person.vertex_sets["skin"]], Camera()
    right, down, back = ((points - np.array(camera.position)) @ (camera.axes() * ((1,), (-1,), (-1,))).T).T
    x, y = SIZE / 2 + camera.focal(SIZE) * right / back, SIZE / 2 + camera.focal(SIZE) * down / back
    cheeks = (np.abs(np.abs(points[:, 0]) - 0.45) < 0.15) & (np.abs(points[:, 1] + 0.3) < 0.1) & (points[:, 2] > 0.2)
    colors = picture[y[cheeks].astype(int), x[cheeks].astype(int)].astype(float)
    assert colors.max() < 250
    assert (colors[:, 0] > 1.15 * colors[:, 2]).mean() > 0.95  # but for the frames of glasses
