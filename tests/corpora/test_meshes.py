import dataclasses
from pathlib import Path

import numpy as np
import pytest

from facestream.corpora.meshes import CORPUS, SHAPES, MeshClip, MeshCorpus, MeshSet, MeshWriter
from facestream.corpora.store import INDEX
from facestream.errors import CorpusError, FaceError
from facestream.faces.topology import Topology

V = 7
SPLITS = {"train": ("a_x_s01", "a_x_s02"), "test": ("b_s01",)}


def mesh_set(**changes: object) -> MeshSet:
    rng = np.random.default_rng(1)
    topology = Topology("seven", V, np.array([[0, 1, 2]]), np.array([3, 4, 4]), np.array([5]), np.array([[3, 4]]))
    faces = {"b": rng.random((V, 3), np.float32), "a_x": rng.random((V, 3), np.float32)}
    return dataclasses.replace(MeshSet("tiny", 30, 1.0, topology, faces, ("a_x", "gone"), SPLITS), **changes)


def clip(name: str, frames: int = 5) -> MeshClip:
    subject, _, sentence = name.rpartition("_")
    rng = np.random.default_rng(len(name) + frames)
    sound = rng.uniform(-1, 1, 1000 + frames).astype(np.float32)
    template = mesh_set().templates[subject]
    return MeshClip(subject, sentence, sound, rng.random((frames, V, 3), np.float32), template, 30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with MeshWriter(tmp_path / "set", mesh_set()) as writer:
        for frames, name in enumerate(mesh_set().clips, 4):
            writer.append(clip(name, frames))
    return tmp_path / "set"


def check_whole(folder: Path) -> None:
    corpus = MeshCorpus.open(folder)
    corpus.verify()
    for frames, name in enumerate(mesh_set().clips, 4):
        got, want = corpus.clip(name), clip(name, frames)
        np.testing.assert_array_equal(got.vertices, want.vertices)
        np.testing.assert_array_equal(got.offsets, want.vertices - want.template)
        np.testing.assert_allclose(got.sound, want.sound, atol=0.6 / 32767)
        assert (got.name, got.subject, got.fps) == (name, want.subject, 30)
        assert (corpus.frames(name), corpus.samples(name)) == (frames, len(want.sound))


def test_what_is_written_is_read(folder: Path) -> None:
    check_whole(folder)
    corpus, given = MeshCorpus.open(folder), mesh_set()
    assert (corpus.name, corpus.fps, corpus.set.metres) == ("tiny", 30, 1.0)
    assert corpus.splits == SPLITS and corpus.identities == ("a_x", "gone")
    assert corpus.subjects == ("a_x", "b")  # those trained on first, those without a face not at all
    for part in ("triangles", "lips", "upper", "lip_pairs"):
        np.testing.assert_array_equal(getattr(corpus.topology, part), getattr(given.topology, part))
    for subject, face in given.templates.items():
        np.testing.assert_array_equal(corpus.templates[subject], face)
    assert corpus.seconds == pytest.approx(sum(corpus.samples(name) for name in given.clips) / 16_000)
    with pytest.raises(CorpusError, match=r"no clip 'a_x_s03'.*Did you mean"):
        corpus.clip("a_x_s03")


def test_vertices_cannot_be_changed_by_who_reads_them(folder: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        MeshCorpus.open(folder).clip("b_s01").vertices[:] = 0


@pytest.mark.parametrize("kept", [0, 1, 30, -1])
def test_a_writer_goes_on_where_it_was_stopped(folder: Path, kept: int) -> None:
    lines = (folder / INDEX).read_bytes().splitlines(keepends=True)
    (folder / INDEX).write_bytes(lines[0] + lines[1][:kept])
    with pytest.raises(CorpusError, match=r"is torn|is not finished"):
        MeshCorpus.open(folder)
    with MeshWriter(folder, mesh_set()) as writer:
        assert [name for name in mesh_set().clips if name in writer] == ["a_x_s01"]
        for frames, name in enumerate(mesh_set().clips, 4):
            if name not in writer:
                writer.append(clip(name, frames))
    check_whole(folder)


def test_vertices_cut_short_are_written_again(folder: Path) -> None:
    content = (folder / "vertices.f32").read_bytes()
    (folder / "vertices.f32").write_bytes(content[:-8])
    with pytest.raises(CorpusError, match=r"vertices.f32 holds 14 samples, the index speaks of 15"):
        MeshCorpus.open(folder)
    with MeshWriter(folder, mesh_set()) as writer:
        assert "b_s01" not in writer and "a_x_s02" in writer
        writer.append(clip("b_s01", 6))
    check_whole(folder)


def test_another_set_is_not_written_over(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    others = mesh_set(fps=25), mesh_set(templates={**mesh_set().templates, "b": np.zeros((V, 3), np.float32)})
    for other in others:
        with pytest.raises(CorpusError, match=r"holds another corpus.*stays as it is"):
            MeshWriter(folder, other)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_changed_number_is_found(folder: Path) -> None:
    same = MeshCorpus.open(folder).checksum
    with (folder / "vertices.f32").open("r+b") as file:
        file.seek(4 * 3 * V * 5)
        file.write(b"\x01")
    with pytest.raises(CorpusError, match="'a_x_s02' is not what was written"):
        MeshCorpus.open(folder).verify()
    assert MeshCorpus.open(folder).checksum == same  # of what was written


def test_the_checksum_is_the_clips_not_their_order(folder: Path, tmp_path: Path) -> None:
    with MeshWriter(tmp_path / "other", mesh_set()) as writer:
        for frames, name in reversed(list(enumerate(mesh_set().clips, 4))):
            writer.append(clip(name, frames))
    assert MeshCorpus.open(tmp_path / "other").checksum == MeshCorpus.open(folder).checksum


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vertices": np.zeros((3, V + 1, 3), np.float32)}, r"shape \(3, 8, 3\); expected \[frames, 7, 3\]"),
        ({"vertices": np.full((3, V, 3), np.nan, np.float32)}, "not finite"),
        ({"vertices": np.zeros((0, V, 3), np.float32)}, r"shape \(0, 7, 3\)"),
        ({"sentence": "s99"}, "is no clip of 'tiny'"),
        ({"fps": 25}, "25 frames a second"),
    ],
)
def test_clips_that_do_not_fit_are_refused(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with MeshWriter(tmp_path, mesh_set()) as writer, pytest.raises(CorpusError, match=words):
        writer.append(dataclasses.replace(clip("b_s01"), **change))


@pytest.mark.parametrize(("name", "words"), [(CORPUS, "corpus.json' is torn"), (SHAPES, "shapes.npz' cannot be read")])
def test_torn_descriptions_are_told(folder: Path, name: str, words: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:-40])
    with pytest.raises(CorpusError, match=words):
        MeshCorpus.open(folder)


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no prepared corpus.*prepare vocaset"):
        MeshCorpus.open(tmp_path)


def test_a_topology_speaks_of_its_own_vertices_only() -> None:
    none = np.zeros(0, np.int32)
    with pytest.raises(FaceError, match="lips of 'm' speak of vertex 7; the mesh has vertices 0 to 6"):
        Topology("m", 7, None, np.array([0, 7]), none, none)
    assert Topology("m", 7, None, np.array([0, 6]), none, none).lip_pairs.shape == (0, 2)
