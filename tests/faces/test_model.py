"""A user's glTF or VRM becomes a face; what cannot be one says why."""

from __future__ import annotations

import base64
import json
import logging
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faces.small_glb import MOVES, POINTS, TRIANGLES, document, face_mesh, move, picture, plain

from facestream.errors import FaceError, MotionError
from facestream.faces.face import load_face
from facestream.faces.gltf.names import shape_named
from facestream.faces.gltf.writer import VERTICES, Writer
from facestream.faces.head import Head
from facestream.faces.model import Model
from facestream.signals import ARKIT, FACE, TONGUE


def load(writer: Writer, folder: Path, name: str = "model.glb") -> Model:
    path = folder / name
    path.write_bytes(writer.encode())
    return Model.load(path)


def moved(model: Model, name: str) -> np.ndarray:
    """Displacement [V, 3] in units of the file."""
    return model.shape(name) / scale(model)


def scale(model: Model) -> float:
    return float(np.ptp(model.mesh.vertices[:, 1]) / np.ptp(POINTS[:, 1]))


# names


@given(st.sampled_from(ARKIT + TONGUE), st.data())
def test_names_are_known_however_they_are_written(name: str, data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(("", "Face.", "blendShape1.", "M_F00_")))
    side = {"Left": data.draw(st.sampled_from(("Left", "_L", ".l", "L"))), "Right": "_R"}
    for long, short in side.items():
        if name.endswith(long):
            name_there = name.removesuffix(long) + short
            break
    else:
        name_there = name
    case = data.draw(st.sampled_from((str, str.lower, str.upper, lambda s: s[0].upper() + s[1:])))
    assert shape_named(words + case(name_there)) == name


@pytest.mark.parametrize("name", ["", "Basis", "mouth", "aa", "eyesClosed", "jawOpen*smile", "Left"])
def test_other_names_are_not_taken_for_ours(name: str) -> None:
    assert shape_named(name) is None


def test_a_corrective_is_named_after_all_its_factors() -> None:
    assert shape_named("JawOpen*mouth_close") == "jawOpen*mouthClose"
    assert shape_named("-headYaw") == "-headYaw"


def test_targets_go_by_name_and_never_by_place(tmp_path: Path) -> None:
    turned = {name: MOVES[name] for name in reversed(MOVES)}
    one, other = load(plain(), tmp_path), load(plain(turned), tmp_path)
    for name in MOVES:
        assert np.array_equal(one.shape(name), other.shape(name))


def test_names_of_primitives_and_of_accessors_count(tmp_path: Path) -> None:
    within, accessors = plain(), plain()
    names = within.root["meshes"][0].pop("extras")
    within.root["meshes"][0]["primitives"][0]["extras"] = names
    del accessors.root["meshes"][0]["extras"]
    for name, target in zip(MOVES, accessors.root["meshes"][0]["primitives"][0]["targets"], strict=True):
        accessors.root["accessors"][target["POSITION"]]["name"] = name
    for writer in (within, accessors):
        assert set(load(writer, tmp_path).shapes) == set(MOVES)


def test_vrm_0_expressions_and_its_way_of_looking(tmp_path: Path) -> None:
    hidden = {f"Fcl_{k}": moved for k, moved in enumerate(MOVES.values())}
    writer = plain(hidden, points=POINTS * np.array((-1, 1, -1), np.float32))  # it looks along -z
    for target in writer.root["meshes"][0]["primitives"][0]["targets"]:
        assert target
    groups = [
        {"name": "JawOpen", "binds": [{"mesh": 0, "index": 2, "weight": 50}]},
        {"name": "Joy", "binds": [{"mesh": 0, "index": 1, "weight": 100}]},
        {"name": "EyeBlinkLeft", "binds": []},
    ]
    writer.root["extensions"] = {"VRM": {"blendShapeMaster": {"blendShapeGroups": groups}}}
    model = load(writer, tmp_path, "model.vrm")
    assert model.shapes == ("jawOpen",)
    turned = MOVES["jawOpen"] * (-0.5, 0.5, -0.5)
    assert moved(model, "jawOpen") == pytest.approx(turned, abs=1e-6)
    assert model.mesh.vertices[6, 2] > model.mesh.vertices[9, 2]  # the mouth is before the crown


def test_vrm_1_expressions_may_mix_targets(tmp_path: Path) -> None:
    hidden = {f"Fcl_{k}": moved for k, moved in enumerate(MOVES.values())}
    writer = plain(hidden)
    binds = [{"node": 0, "index": 0, "weight": 1.0}, {"node": 0, "index": 1, "weight": 0.5}]
    writer.root["extensions"] = {"VRMC_vrm": {"expressions": {"custom": {"browInnerUp": {"morphTargetBinds": binds}}}}}
    model = load(writer, tmp_path, "model.vrm")
    assert model.shapes == ("browInnerUp",)
    assert moved(model, "browInnerUp") == pytest.approx(MOVES["eyeBlinkLeft"] + 0.5 * MOVES["eyeBlinkRight"], abs=1e-6)


# what it moves


def test_vertices_are_the_rest_plus_weighted_shapes(tmp_path: Path) -> None:
    model = load(plain(), tmp_path)
    weights = np.array((0.3, 0.7), np.float32)
    posed = model.bind(("jawOpen", "eyeBlinkLeft"))(weights)
    expected = model.mesh.vertices + 0.3 * model.shape("jawOpen") + 0.7 * model.shape("eyeBlinkLeft")
    assert posed == pytest.approx(expected, abs=1e-6)


def test_a_corrective_has_the_product_of_its_factors(tmp_path: Path) -> None:
    model = load(plain(MOVES | {"jawOpen*eyeBlinkLeft": move(3, (0.0, 0.4, 0.0))}), tmp_path)
    posed = model.bind(("jawOpen", "eyeBlinkLeft"))(np.array((0.5, 0.6), np.float32))
    assert (posed - model.mesh.vertices)[9] == pytest.approx(0.3 * model.shape("jawOpen*eyeBlinkLeft")[9], abs=1e-6)


def test_channels_that_it_lacks_do_nothing_and_strange_ones_are_refused(tmp_path: Path) -> None:
    model = load(plain(), tmp_path)
    posed = model.bind(FACE)(np.where(np.isin(FACE, model.shapes), 0, 0.5).astype(np.float32))
    assert np.array_equal(posed, model.mesh.vertices)
    with pytest.raises(MotionError, match="noSuchShape"):
        model.bind(("noSuchShape",))
    with pytest.raises(MotionError, match="2 finite"):
        model.bind(("jawOpen", "headYaw"))(np.array((np.nan, 0), np.float32))


def test_its_face_is_where_ours_is_and_its_crown_as_high(tmp_path: Path) -> None:
    head = Head.load()
    for size, offset in ((1.0, 0.0), (0.07, 1.6), (300.0, -20.0)):
        points = (POINTS * size + offset).astype(np.float32)
        moves = {name: (moved * size).astype(np.float32) for name, moved in MOVES.items()}
        model = load(plain(moves, points=points), tmp_path)
        assert model.mesh.vertices[:, 1].max() == pytest.approx(head.mesh.vertices[:, 1].max(), abs=1e-3)
        assert model.mesh.vertices[[0, 3], 0] == pytest.approx(np.array((1, -1)) * model.mesh.vertices[0, 0], abs=0.2)


def test_nodes_place_their_meshes(tmp_path: Path) -> None:
    """The same face, its mesh shrunk, shifted and turned in the file, and put right by a chain of nodes."""
    writer = document()
    quarter = np.array(((0, 0, 1), (0, 1, 0), (-1, 0, 0)), np.float32)  # about y by 90 degrees
    points = ((POINTS - (1, 2, 3)) / 2 @ quarter).astype(np.float32)
    moves = {name: (moved / 2 @ quarter).astype(np.float32) for name, moved in MOVES.items()}
    half = float(np.sqrt(0.5))
    writer.add("nodes", {"translation": [1, 2, 3], "children": [1]})
    writer.add("nodes", {"rotation": [0, half, 0, half], "children": [2]})
    matrix = np.diag((2.0, 2.0, 2.0, 1.0)).reshape(-1).tolist()
    writer.add("nodes", {"matrix": matrix, "mesh": face_mesh(writer, moves, points)})
    placed, straight = load(writer, tmp_path), load(plain(), tmp_path)
    assert placed.mesh.vertices == pytest.approx(straight.mesh.vertices, abs=1e-5)
    assert placed.shape("jawOpen") == pytest.approx(straight.shape("jawOpen"), abs=1e-5)


def test_a_mirrored_node_keeps_its_outside_outside(tmp_path: Path) -> None:
    writer = plain()
    writer.root["nodes"][0]["scale"] = [-1, 1, 1]
    a, b, c = load(writer, tmp_path).mesh.vertices[load(writer, tmp_path).mesh.triangles[0]]
    assert np.cross(b - a, c - a)[2] > 0


def test_sparse_and_quantised_attributes(tmp_path: Path) -> None:
    writer = document()
    step = 2 / 32767

    def packed_points(points: np.ndarray) -> np.ndarray:
        return np.round(points / step).astype(np.int16)

    targets = [{"POSITION": writer.sparse(packed_points(m), normalized=True, bounds=True)} for m in MOVES.values()]
    primitive = {
        "attributes": {"POSITION": writer.accessor(packed_points(POINTS), VERTICES, normalized=True, bounds=True)},
        "indices": writer.accessor(TRIANGLES.reshape(-1)),
        "targets": targets,
    }
    mesh = writer.add("meshes", {"primitives": [primitive], "extras": {"targetNames": list(MOVES)}})
    writer.add("nodes", {"mesh": mesh, "scale": [2, 2, 2]})
    packed, straight = load(writer, tmp_path), load(plain(), tmp_path)
    assert packed.mesh.vertices == pytest.approx(straight.mesh.vertices, abs=3e-4)
    for name in MOVES:
        assert packed.shape(name) == pytest.approx(straight.shape(name), abs=3e-4)


def test_several_meshes_each_with_its_own_targets(tmp_path: Path) -> None:
    writer = document()
    writer.root["scenes"][0]["nodes"] = [0, 1]
    for names in (("eyeBlinkLeft", "jawOpen"), ("jawOpen", "eyeBlinkRight")):
        writer.add("nodes", {"mesh": face_mesh(writer, {name: MOVES[name] for name in names})})
    model = load(writer, tmp_path)
    assert set(model.shapes) == set(MOVES)
    assert not model.shape("eyeBlinkLeft")[12:].any() and not model.shape("eyeBlinkRight")[:12].any()
    assert np.array_equal(model.shape("jawOpen")[:12], model.shape("jawOpen")[12:])


@pytest.mark.parametrize(("mode", "corners"), [(5, (0, 1, 2, 3)), (6, (0, 1, 2, 3))])
def test_strips_and_fans_are_triangles(tmp_path: Path, mode: int, corners: tuple[int, ...]) -> None:
    writer = plain(mode=mode)
    primitive = writer.root["meshes"][0]["primitives"][0]
    primitive["indices"] = writer.accessor(np.array(corners, np.uint16))
    expected = [[0, 1, 2], [1, 3, 2]] if mode == 5 else [[0, 1, 2], [0, 2, 3]]
    assert load(writer, tmp_path).mesh.triangles.tolist() == expected


# joints


def skinned() -> Writer:
    """Head, two eyes on it and a body; the mouth hangs on the head, the crown half on the body."""
    writer = document()
    joints = np.zeros((12, 4), np.uint8)
    weights = np.zeros((12, 4), np.float32)
    weights[:, 0] = 1
    joints[:, 0] = np.repeat((2, 3, 1, 1), 3)
    joints[9:, 1], weights[9:, :2] = 0, 0.5
    attributes = {"JOINTS_0": writer.accessor(joints, VERTICES), "WEIGHTS_0": writer.accessor(weights, VERTICES)}
    mesh = face_mesh(writer, MOVES, attributes=attributes)
    pivots = np.array(((0, -2, 0), (0, -1, 0), (0.3, 0.1, 0.4), (-0.3, 0.1, 0.4)), np.float32)
    inverse = np.tile(np.eye(4, dtype=np.float32), (4, 1, 1))
    inverse[:, 3, :3] = -pivots  # column by column
    skin = writer.add("skins", {"joints": [1, 2, 3, 4], "inverseBindMatrices": writer.accessor(inverse.reshape(4, 16))})
    writer.add("nodes", {"mesh": mesh, "skin": skin})
    for name, above, below in (("Hips", 0, [2]), ("mixamorig:Head", 1, [3, 4]), ("eye_L", 2, []), ("RightEye", 2, [])):
        place = pivots[len(writer.root["nodes"]) - 1] - (pivots[above - 1] if above else 0)
        writer.add("nodes", {"name": name, "translation": place.tolist()} | ({"children": below} if below else {}))
    writer.root["scenes"][0]["nodes"] = [0, 1]
    return writer


def test_bones_of_head_and_eyes_turn_what_hangs_on_them(tmp_path: Path) -> None:
    model = load(skinned(), tmp_path)
    assert model.mesh.vertices == pytest.approx(load(plain(), tmp_path).mesh.vertices, abs=1e-5)
    rest, size = model.mesh.vertices, scale(model)
    nod = model.bind(("headPitch",))(np.array((0.2,), np.float32)) - rest
    pivot = model.joints["head"].pivot
    radius = np.hypot(*(rest[6] - pivot)[1:])
    assert np.linalg.norm(nod[6]) == pytest.approx(2 * radius * np.sin(0.1), rel=1e-4)
    assert nod[6, 1] < 0  # positive pitch: nose down
    assert np.abs(nod[9] * 2) == pytest.approx(np.abs(nod_of(rest[9], pivot)), abs=1e-4)
    look = model.bind(("leftEyeYaw",))(np.array((0.3,), np.float32)) - rest
    assert look[:3].any() and not look[3:].any()
    assert look[0, 0] == pytest.approx(0.1 * size * np.sin(0.3), abs=1e-3)  # towards its left


def nod_of(point: np.ndarray, pivot: np.ndarray) -> np.ndarray:
    """Where a point goes that a nod of 0.2 takes along wholly, less where it is."""
    _, y, z = point - pivot
    cosine, sine = np.cos(0.2), np.sin(0.2)
    return np.array((0, y * cosine - z * sine - y, y * sine + z * cosine - z))


@pytest.mark.parametrize("version", [0, 1])
def test_vrm_tells_its_bones(tmp_path: Path, version: int) -> None:
    writer = skinned()
    for node in writer.root["nodes"]:
        node["name"] = "J_Bip"
    bones = {"head": 2, "leftEye": 3, "rightEye": 4}
    told = [{"bone": name, "node": node} for name, node in bones.items()]
    writer.root["extensions"] = (
        {"VRMC_vrm": {"humanoid": {"humanBones": {name: {"node": node} for name, node in bones.items()}}}}
        if version
        else {"VRM": {"humanoid": {"humanBones": told}}}
    )
    model = load(writer, tmp_path, "model.vrm")
    assert set(model.joints) == set(bones)
    assert model.joints["leftEye"].share[:3].tolist() == [1, 1, 1] and not model.joints["leftEye"].share[3:].any()


def test_eyes_that_the_shapes_of_looking_turn_are_not_turned_twice(tmp_path: Path) -> None:
    writer = skinned()
    primitive = writer.root["meshes"][0]["primitives"][0]
    primitive["targets"].append({"POSITION": writer.accessor(move(0, (0.05, 0, 0)), VERTICES, bounds=True)})
    writer.root["meshes"][0]["extras"]["targetNames"].append("eyeLookOutLeft")
    assert set(load(writer, tmp_path).joints) == {"head", "rightEye"}


def test_a_mesh_that_hangs_on_the_head_turns_with_it(tmp_path: Path) -> None:
    writer = document()
    writer.add("nodes", {"name": "Head", "children": [1]})
    writer.add("nodes", {"mesh": face_mesh(writer, MOVES)})
    model = load(writer, tmp_path)
    assert model.joints["head"].share.tolist() == [1.0] * 12


# what it looks like


def textured(pixels: np.ndarray, uv: np.ndarray, kind: str = "PNG", **material: object) -> Writer:
    writer = document()
    places = {"TEXCOORD_0": writer.accessor(uv.astype(np.float32), VERTICES)}
    image = picture(pixels, kind)
    writer.add("images", {"bufferView": writer.view(image), "mimeType": f"image/{kind.lower()}"})
    writer.add("textures", {"source": 0})
    writer.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}} | material)
    writer.add("nodes", {"mesh": face_mesh(writer, MOVES, attributes=places, material=0)})
    return writer


def texel(model: Model, vertex: int) -> list[int]:
    assert model.mesh.texture is not None
    height, width = model.mesh.texture.shape[:2]
    column, row = (model.mesh.uv[vertex] * (width, height)).astype(int)
    return model.mesh.texture[row, column].tolist()


QUARTERS = np.kron(
    np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], np.uint8), np.ones((8, 8, 1), np.uint8)
)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_embedded_picture_is_the_texture(tmp_path: Path, kind: str) -> None:
    places = np.repeat(((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)), 3, axis=0)
    model = load(textured(QUARTERS, places, kind), tmp_path)
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    for triangle, color in zip(model.mesh.triangles, colors, strict=True):
        assert np.abs(np.subtract(texel(model, triangle[0]), color)).max() <= (0 if kind == "PNG" else 24)
    assert model.mesh.texture is not None and model.mesh.texture[0, 0].tolist() == [255, 255, 255]


def test_a_repeated_picture_is_brought_back(tmp_path: Path) -> None:
    inside = np.repeat(((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)), 3, axis=0)
    tiles = np.repeat(((0, 0), (1, 0), (-2, 3), (0, -1)), 3, axis=0)
    one, other = load(textured(QUARTERS, inside), tmp_path), load(textured(QUARTERS, inside + tiles), tmp_path)
    for a, b in zip(one.mesh.triangles, other.mesh.triangles, strict=True):
        assert texel(one, a[0]) == texel(other, b[0])
        assert one.mesh.vertices[a] == pytest.approx(other.mesh.vertices[b], abs=1e-6)


def test_what_is_transparent_is_left_out(tmp_path: Path) -> None:
    alpha = np.zeros((16, 16, 1), np.uint8)
    alpha[:8] = 255
    places = np.repeat(((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)), 3, axis=0)
    pixels = np.concatenate([QUARTERS, alpha], axis=2)
    assert len(load(textured(pixels, places, alphaMode="MASK"), tmp_path).mesh.triangles) == 2
    assert len(load(textured(pixels, places), tmp_path).mesh.triangles) == 4


def test_a_surface_of_two_sides_is_seen_from_behind(tmp_path: Path) -> None:
    writer = plain(material=0)
    writer.add("materials", {"doubleSided": True})
    model = load(writer, tmp_path)
    a, b, c = np.moveaxis(model.mesh.vertices[model.mesh.triangles], 1, 0)
    facing = np.cross(b - a, c - a)[:, 2] > 0
    assert facing.sum() == 4 and (~facing).sum() == 4
    assert model.shape("jawOpen").any(axis=1).sum() == 6


def test_colours_of_material_and_vertices_multiply(tmp_path: Path) -> None:
    writer = document()
    half = np.full((12, 4), 32768, np.uint16)
    colors = {"COLOR_0": writer.accessor(half, VERTICES, normalized=True)}
    writer.add("materials", {"pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.4, 0.2, 1], "roughnessFactor": 0.0}})
    writer.add("nodes", {"mesh": face_mesh(writer, MOVES, attributes=colors, material=0)})
    mesh = load(writer, tmp_path).mesh
    assert mesh.colors == pytest.approx(np.tile((0.4, 0.2, 0.1), (12, 1)), abs=1e-4)
    assert mesh.gloss.tolist() == [1.0] * 12


def test_borders_of_the_texture_are_no_edges(tmp_path: Path) -> None:
    """Two copies of a vertex with one normal share it; with two normals they do not."""
    for normals, shared in (((0, 0, 1), True), ((0, 1, 0), False)):
        writer = document()
        points = POINTS.copy()
        points[3] = points[0]
        normal = np.tile(np.array((0, 0, 1), np.float32), (12, 1))
        normal[3] = normals
        given_normals = {"NORMAL": writer.accessor(normal, VERTICES)}
        writer.add("nodes", {"mesh": face_mesh(writer, MOVES, points, attributes=given_normals)})
        assert bool(load(writer, tmp_path).mesh.weld[3] == 0) == shared


def test_a_picture_that_cannot_be_read_is_told_and_the_face_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = textured(QUARTERS, np.full((12, 2), 0.5))
    writer.root["images"] = [{"bufferView": writer.view(b"no picture"), "mimeType": "image/png"}]
    with caplog.at_level(logging.WARNING, "facestream"):
        assert load(writer, tmp_path).mesh.texture is None
    assert "image 0" in caplog.text


# files


def test_what_is_missing_is_told_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "facestream"):
        load(plain(), tmp_path)
    assert "lacks 49 of ARKit's 52 shapes" in caplog.text
    assert "mouthClose" in caplog.text and "jawOpen" not in caplog.text
    assert "no bone of the head" in caplog.text


def test_a_model_without_any_of_the_names_says_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(FaceError, match="its morph targets are Smile, Frown; expected names such as jawOpen"):
        load(plain({"Smile": MOVES["jawOpen"], "Frown": MOVES["eyeBlinkLeft"]}), tmp_path)
    with pytest.raises(FaceError, match=r"Shape0, Shape1, .*, Shape11 and 28 more; expected"):
        load(plain({f"Shape{k}": MOVES["jawOpen"] for k in range(40)}), tmp_path)
    with pytest.raises(FaceError, match="no named morph targets"):
        load(plain({}), tmp_path)


def gltf(writer: Writer, folder: Path, uri: str) -> Path:
    """The same document as .gltf, its buffer where the URI says."""
    content = writer.encode()
    (size,) = struct.unpack_from("<I", content, 12)
    root = json.loads(content[20 : 20 + size])
    binary = content[28 + size :]
    if not uri:
        uri = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    else:
        (folder / "a file.bin").write_bytes(binary)
    root["buffers"][0]["uri"] = uri
    (folder / "model.gltf").write_text(json.dumps(root))
    return folder / "model.gltf"


@pytest.mark.parametrize("uri", ["", "a%20file.bin"])
def test_gltf_with_its_buffer_inside_or_beside(tmp_path: Path, uri: str) -> None:
    model = load_face(str(gltf(plain(), tmp_path, uri)))
    assert np.array_equal(model.mesh.vertices, load(plain(), tmp_path).mesh.vertices)


def test_a_file_that_is_not_beside_is_named(tmp_path: Path) -> None:
    path = gltf(plain(), tmp_path, "a%20file.bin")
    (tmp_path / "a file.bin").unlink()
    with pytest.raises(FaceError, match=r"needs the file 'a file\.bin' beside it"):
        Model.load(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_torn_file_says_so(tmp_path: Path, share: float) -> None:
    content = plain().encode()
    path = tmp_path / "torn.glb"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(FaceError, match=r"torn\.glb"):
        Model.load(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"{}", b'{"asset": {"version": "1.0"}}', b"[1, 2]", bytes(99)])
def test_what_is_not_gltf_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gltf"
    path.write_bytes(content)
    with pytest.raises(FaceError, match=r"glTF"):
        Model.load(path)
    with pytest.raises(FaceError, match="cannot be read"):
        Model.load(tmp_path / "nowhere.glb")


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    wrong = POINTS.copy()
    wrong[1, 1] = np.nan
    for writer in (plain(points=wrong), plain(MOVES | {"jawOpen": wrong})):
        with pytest.raises(FaceError, match="finite"):
            load(writer, tmp_path)


@pytest.mark.parametrize("name", ["KHR_draco_mesh_compression", "EXT_meshopt_compression"])
def test_compressed_meshes_say_how_to_unpack_them(tmp_path: Path, name: str) -> None:
    writer = plain()
    writer.root["extensionsRequired"] = [name]
    with pytest.raises(FaceError, match="export without compression"):
        load(writer, tmp_path)


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_document_never_breaks_out_of_its_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any number in the JSON replaced by any other, any entry left out."""
    writer = skinned()
    places: list[tuple[object, object]] = []

    def walk(part: object) -> None:
        items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for key, value in list(items):
            places.append((part, key))
            walk(value)

    walk(writer.root)
    part, key = data.draw(st.sampled_from(places))
    if data.draw(st.booleans()):
        part[key] = data.draw(st.sampled_from((-1, 7, 10**9, 0.5, "x", None, [], {})))  # type: ignore[index]
    else:
        del part[key]  # type: ignore[attr-defined]
    path = tmp_path_factory.getbasetemp() / "damaged.glb"
    path.write_bytes(writer.encode())
    try:
        model = Model.load(path)
        assert np.isfinite(model.bind(FACE)(np.full(len(FACE), 0.1, np.float32))).all()
    except FaceError:
        pass


def test_a_border_of_transparency_is_followed(tmp_path: Path) -> None:
    """Half of the picture is there, its edge across all triangles: so is half of the surface."""
    pixels = np.full((64, 64, 4), 255, np.uint8)
    pixels[:, 32:, 3] = 0
    places = np.tile(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)), (4, 1))
    areas = []
    for mode in ("OPAQUE", "BLEND"):
        mesh = load(textured(pixels, places, alphaMode=mode), tmp_path).mesh
        a, b, c = np.moveaxis(mesh.vertices[mesh.triangles], 1, 0)
        areas.append(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
    assert areas[1] / areas[0] == pytest.approx(0.75, abs=0.05)


def test_what_no_picture_shows_is_left_out(tmp_path: Path) -> None:
    """The feet of a whole body."""
    points = np.concatenate([POINTS[:9], np.array(((0, -9, 0), (1, -9, 0), (0, -8, 0)), np.float32)])
    crown = POINTS[9:]
    writer = document()
    writer.root["scenes"][0]["nodes"] = [0, 1]
    writer.add("nodes", {"mesh": face_mesh(writer, MOVES, points)})
    primitive = {"attributes": {"POSITION": writer.accessor(crown, VERTICES, bounds=True)}}
    writer.add("nodes", {"mesh": writer.add("meshes", {"primitives": [primitive]})})
    mesh = load(writer, tmp_path).mesh
    assert len(mesh.triangles) == 4
    assert mesh.vertices[:, 1].min() > -3
