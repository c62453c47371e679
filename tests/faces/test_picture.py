"""What one sees of the head in the picture."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from facestream.faces.head import Head
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
    assert head.mesh.vertices[found[count == 1], 1].max() < 1.3 < 1.4 < head.mesh.vertices[hair, 1].max()


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
