"""The .glb in the hands of others: Khronos' validator finds nothing, and three.js in Chromium shows what we draw.

Needs node with the packages of package.json (npm ci), and chromium.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from facestream.faces.gltf import save_glb
from facestream.faces.gltf.scene import pieces
from facestream.faces.head import Head
from facestream.faces.head.poses import EMOTIONS, VISEMES
from facestream.faces.rasterizer import Camera, Light, Renderer
from facestream.signals import FACE, Motion

HERE = Path(__file__).parent
PACKAGES = HERE.parent.parent / "node_modules"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
SIZE = 384
MAGENTA = (255, 0, 255)
INSIDE = ("cavity", "teeth_upper", "teeth_lower", "tongue")  # what one sees in an open mouth
WHO = ("default", "lars")  # with a beard

POSES: dict[str, dict[str, float]] = {
    "neutral": {},
    "aa": dict(VISEMES["aa"]),
    "ou": dict(VISEMES["ou"]),
    "happy": dict(EMOTIONS["happy"]),
    "sealed": {"jawOpen": 0.6, "mouthClose": 0.6},
    "smiling, wide open, turned": {
        "jawOpen": 0.7, "mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "mouthFunnel": 0.2, "headYaw": -0.3,
        "headPitch": 0.1, "headRoll": 0.1, "leftEyeYaw": -0.3, "rightEyeYaw": -0.3,
    },
    "winking": {"eyeBlinkLeft": 0.9, "eyeLookDownLeft": 0.6, "cheekSquintLeft": 0.7, "browDownLeft": 0.5},
}  # fmt: skip

MEASURED = ("neutral", "sealed", "smiling, wide open, turned", "winking")


@cache
def talk() -> Motion:
    """Half a second between the poses."""
    values = np.zeros((len(POSES), len(FACE)), np.float32)
    for row, weights in zip(values, POSES.values(), strict=True):
        for name, weight in weights.items():
            row[FACE.index(name)] = weight
    return Motion(values, FACE, fps=2.0)


def node(script: str, *words: object) -> Any:
    """What a script prints as JSON. Skips where it cannot run."""
    program = shutil.which("node")
    if program is None or not (PACKAGES / "three").is_dir():
        pytest.skip("node is not installed, or its packages are not: npm ci")
    done = subprocess.run(
        [program, str(HERE / script), *map(str, words)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    for name in WHO:
        save_glb(Head.load(name), folder / f"{name}.glb")
    save_glb(Head.load(), folder / "moving.glb", talk())
    return folder


def test_the_validator_of_khronos_finds_nothing(folder: Path) -> None:
    reports = node("validate.mjs", *sorted(folder.glob("*.glb")))
    assert len(reports) == len(WHO) + 1
    for report in reports:
        assert report["issues"]["messages"] == [], report["uri"]
        assert report["info"]["hasMorphTargets"] and report["info"]["hasSkins"]


@pytest.fixture(scope="module")
def shown(folder: Path) -> dict[str, Any]:
    """Results of the browser by task."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    tasks = {
        name: {"glb": "default.glb", "values": values, "picture": f"{name}.png", "vertices": name in MEASURED}
        for name, values in POSES.items()
    }
    for name in ("neutral", "aa", "ou", "sealed"):
        tasks["through " + name] = {
            "glb": "default.glb", "values": POSES[name], "picture": f"through {name}.png", "hidden": INSIDE,
        }  # fmt: skip
    tasks["moving"] = {"glb": "moving.glb", "seconds": 0.5, "vertices": True}
    job = {
        "chromium": CHROMIUM, "size": SIZE, "camera": dataclasses.asdict(Camera()),
        "light": dataclasses.asdict(Light()), "tasks": list(tasks.values()),
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job))
    told = node("browser.mjs", folder / "job.json")
    assert told["complaints"] == []
    return dict(zip(tasks, told["results"], strict=True))


def ours(name: str) -> np.ndarray:
    """Vertices [V, 3] of a pose, as any player makes them."""
    values = np.array(list(POSES[name].values()), np.float32)
    return Head.load().bind(tuple(POSES[name]), contacts=False)(values)


def furthest(found: dict[str, list[float]], vertices: np.ndarray) -> float:
    """The greatest distance between the page's vertices and ours."""
    distances = []
    for name, _, triangles in pieces(Head.load()):
        there = np.array(found[name]).reshape(-1, 3)
        distances.append(np.linalg.norm(there - vertices[np.unique(triangles)], axis=1).max())
    return float(max(distances))


@pytest.mark.parametrize("name", MEASURED)
def test_the_page_has_the_same_vertices(shown: dict[str, Any], name: str) -> None:
    assert furthest(shown[name]["vertices"], ours(name)) < 0.002  # 0.2 mm of a head of 25 cm


def test_the_page_finds_every_target(shown: dict[str, Any]) -> None:
    head = Head.load()
    assert set(shown["neutral"]["names"]) == {*head.shapes, *head.correctives}


def test_the_animation_plays(shown: dict[str, Any]) -> None:
    assert furthest(shown["moving"]["vertices"], ours("aa")) < 0.002


def covered(picture: np.ndarray) -> np.ndarray:
    """Pixels [S, S] that are not background."""
    return np.abs(picture.astype(int) - MAGENTA).max(axis=2) > 16


def pictures(folder: Path, name: str, hidden: tuple[str, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """The page's picture and ours."""
    head = Head.load()
    out = np.concatenate([head.vertex_sets[part] for part in hidden]) if hidden else np.zeros(0, np.int32)
    mesh = dataclasses.replace(head.mesh, triangles=head.mesh.triangles[~np.isin(head.mesh.triangles, out).any(axis=1)])
    drawn = Renderer(mesh, SIZE, background=MAGENTA).draw(ours(name))
    with Image.open(folder / (("through " if hidden else "") + name + ".png")) as page:
        return np.asarray(page.convert("RGB")), drawn


@pytest.mark.parametrize("name", POSES)
def test_outlines_lie_on_each_other(shown: dict[str, Any], folder: Path, name: str) -> None:
    page, drawn = (covered(picture) for picture in pictures(folder, name))
    assert (page & drawn).sum() / (page | drawn).sum() > 0.995


@pytest.mark.parametrize("name", POSES)
def test_colours_are_alike(shown: dict[str, Any], folder: Path, name: str) -> None:
    """The lights of three.js are not ours; hair is brown and skin is skin all the same."""
    page, drawn = pictures(folder, name)
    both = covered(page) & covered(drawn)
    assert np.abs(page[both].astype(int) - drawn[both]).mean() < 30


def opening(picture: np.ndarray) -> int:
    """Pixels of background that shine through the mouth when nothing is in it."""
    mouth = ~covered(picture)[SIZE * 45 // 100 : SIZE * 75 // 100, SIZE * 35 // 100 : SIZE * 65 // 100]
    return int(mouth.sum())


def test_mouths_open_equally_wide(shown: dict[str, Any], folder: Path) -> None:
    wide = {
        name: [opening(picture) for picture in pictures(folder, name, INSIDE)]
        for name in ("neutral", "aa", "ou", "sealed")
    }
    for page, drawn in wide.values():
        assert abs(page - drawn) <= 4 + 0.04 * drawn, wide
    assert wide["aa"][1] > 2 * wide["ou"][1] > 4 * wide["sealed"][1], wide
