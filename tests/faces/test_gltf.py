"""What is written as glTF is the head: the same vertices at any weights, by name; small enough for a page."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from facestream.errors import MotionError, SinkError
from facestream.faces.gltf import encode_glb, save_glb
from facestream.faces.gltf.reader import Document
from facestream.faces.gltf.scene import pieces
from facestream.faces.head import Head
from facestream.faces.head.forms import turn
from facestream.faces.model import Model
from facestream.signals import ARKIT, FACE, ROTATIONS, TONGUE, Floats, Motion

LIMIT = 5_000_000  # bytes


@pytest.fixture(scope="module")
def head() -> Head:
    return Head.load()


@pytest.fixture(scope="module")
def talk() -> Motion:
    """Two seconds of everything."""
    rng = np.random.default_rng(1)
    values = rng.uniform(0, 1, (50, len(FACE))).astype(np.float32)
    values[:, [FACE.index(name) for name in ROTATIONS]] -= 0.5
    return Motion(values, FACE)


@pytest.fixture(scope="module")
def written(head: Head, talk: Motion, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gltf") / "talk.glb"
    save_glb(head, path, talk)
    return path


@pytest.fixture(scope="module")
def model(written: Path) -> Model:
    return Model.load(written)


@pytest.fixture(scope="module")
def document(written: Path) -> Document:
    return Document(written)


def corners(head: Head) -> np.ndarray:
    """The head's vertices in the order of the file's triangles."""
    return np.concatenate([triangles for _, _, triangles in pieces(head)])


weights = st.lists(st.sampled_from((0.0, 0.0, 0.2, 0.5, 1.0)), min_size=len(FACE), max_size=len(FACE))


@settings(max_examples=15, deadline=None)
@given(weights, st.lists(st.floats(-0.375, 0.375, width=32), min_size=9, max_size=9))
def test_any_pose_has_the_same_vertices(head: Head, model: Model, shapes: list[float], angles: list[float]) -> None:
    values = np.array(shapes[: -len(ROTATIONS)] + angles, np.float32)
    ours = head.bind(FACE, contacts=False)(values)[corners(head)]
    theirs = model.bind(FACE)(values)[model.mesh.triangles]
    assert np.abs(ours - theirs).max() < 0.003  # 0.3 mm of a head of 25 cm


def test_every_shape_and_corrective_is_there_by_name(head: Head, model: Model) -> None:
    assert model.shapes == ARKIT + TONGUE
    assert set(model.correctives) == set(head.correctives)


def test_colours_and_gloss_survive(head: Head, model: Model) -> None:
    order = corners(head)
    shaded = head.mesh.colors * (0.35 + 0.65 * head.mesh.shade[:, None])
    assert model.mesh.colors[model.mesh.triangles] == pytest.approx(shaded[order], abs=1e-4)
    shine = head.mesh.gloss[order].mean(axis=1)
    there = model.mesh.gloss[model.mesh.triangles][:, 0]
    assert there[shine > 0.45].min() > 0.6
    assert not there[shine == 0].any()


def test_the_texture_lies_where_it_lay(head: Head, document: Document) -> None:
    if head.mesh.texture is None:
        pytest.skip("the default head has no texture")
    view = document.root["bufferViews"][document.root["images"][0]["bufferView"]]
    assert view["byteLength"] < 1_000_000
    assert document.image(0).shape[:2] == head.mesh.texture.shape[:2]
    difference = np.abs(document.image(0)[..., :3].astype(int) - head.mesh.texture)
    assert difference.mean() < 4


def test_still_parts_carry_no_targets_and_all_of_arkit_are_on_the_skin(document: Document) -> None:
    targets = {mesh["name"]: mesh.get("extras", {}).get("targetNames", []) for mesh in document.root["meshes"]}
    assert targets["hair"] == [] and targets["shirt"] == []
    assert set(ARKIT) <= set(targets["skin_matte"] if "skin_matte" in targets else targets["skin"])


def test_what_gleams_is_smooth(document: Document) -> None:
    materials = document.root["materials"]
    surface = {
        mesh["name"]: materials[mesh["primitives"][0]["material"]]["pbrMetallicRoughness"]["roughnessFactor"]
        for mesh in document.root["meshes"]
    }
    assert min(rough for name, rough in surface.items() if name.startswith("eye_left")) < 0.2
    assert surface["skin_moist"] < surface["skin_matte"]
    assert surface["shirt"] > 0.6


def test_a_vertex_has_all_of_its_weight(document: Document) -> None:
    for mesh in document.root["meshes"]:
        weights = document.accessor(mesh["primitives"][0]["attributes"]["WEIGHTS_0"])
        assert weights.sum(axis=1) == pytest.approx(1, abs=1e-6)


def samplers(document: Document) -> dict[tuple[str, str], tuple[Floats, Floats]]:
    """Times and values of an animation by (node, path)."""
    (animation,) = document.root["animations"]
    found = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        target = channel["target"]
        times, values = document.accessor(sampler["input"])[:, 0], document.accessor(sampler["output"])
        found[document.root["nodes"][target["node"]]["name"], target["path"]] = (times, values)
    return found


def test_the_animation_has_every_curve_under_its_name(document: Document, talk: Motion, head: Head) -> None:
    found = samplers(document)
    for mesh in document.root["meshes"]:
        names = mesh.get("extras", {}).get("targetNames")
        if names:
            times, values = found[mesh["name"], "weights"]
            table = values.reshape(len(talk), len(names))
            assert times == pytest.approx(np.arange(50) / 25, abs=1e-6)
            for column, name in enumerate(names):
                if name in ARKIT + TONGUE:
                    assert np.array_equal(table[:, column], talk[name])
            if "jawOpen*mouthClose" in names:
                product = talk["jawOpen"] * talk["mouthClose"]
                assert table[:, names.index("jawOpen*mouthClose")] == pytest.approx(product, abs=1e-6)


def rotation(x: float, y: float, z: float, w: float) -> np.ndarray:
    """Matrix of a quaternion."""
    return np.array((
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    ))  # fmt: skip


def test_joints_turn_as_the_motion_says(document: Document, talk: Motion) -> None:
    found = {name: values for (name, path), (_, values) in samplers(document).items() if path == "rotation"}
    assert set(found) == {"neck", "head", "leftEye", "rightEye"}
    for t in range(len(talk)):
        head_angles = [float(talk["head" + axis][t]) for axis in ("Yaw", "Pitch", "Roll")]
        eye_angles = [float(talk["leftEye" + axis][t]) for axis in ("Yaw", "Pitch", "Roll")]
        both = rotation(*found["neck"][t]) @ rotation(*found["head"][t])
        assert both == pytest.approx(turn(*head_angles), abs=1e-5)
        assert rotation(*found["leftEye"][t]) == pytest.approx(turn(*eye_angles), abs=1e-5)


def test_without_motion_there_is_no_animation(head: Head) -> None:
    assert "animations" not in root_of(encode_glb(head))


def test_a_motion_that_moves_no_face_is_refused(head: Head) -> None:
    for motion in (Motion(np.zeros((0, 1), np.float32), ("jawOpen",)), Motion(np.zeros((5, 1), np.float32), ("arm",))):
        with pytest.raises(MotionError, match="moves no face"):
            encode_glb(head, motion)


def root_of(content: bytes) -> dict[str, Any]:
    (size,) = struct.unpack_from("<I", content, 12)
    root: dict[str, Any] = json.loads(content[20 : 20 + size])
    return root


def test_it_fits_a_page() -> None:
    sizes = {name: len(encode_glb(Head.load(name))) for name in ("mira", "lars")}  # long hair, a full beard
    assert max(sizes.values()) < LIMIT, sizes


def test_it_is_written_whole_or_not_at_all(head: Head, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="nowhere"):
        save_glb(head, tmp_path / "nowhere" / "face.glb")
    assert list(tmp_path.iterdir()) == []


def test_the_picture_in_it_is_a_picture(document: Document) -> None:
    for image in document.list("images"):
        view = document.root["bufferViews"][image["bufferView"]]
        start = view["byteOffset"]
        content = document._inside[start : start + view["byteLength"]]
        assert Image.open(io.BytesIO(content)).format == "JPEG"
