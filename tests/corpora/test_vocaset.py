"""Both layouts of VOCASET and the one of BIWI, with random motion: what is read, and what is refused."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from facestream.corpora import biwi, mesh_sources, vocaset
from facestream.corpora.biwi import open_biwi
from facestream.corpora.mesh_sources import prepare_meshes
from facestream.corpora.meshes import MeshCorpus
from facestream.corpora.surface import write_ply
from facestream.corpora.vocaset import open_vocaset
from facestream.errors import CorpusError

CLIPS = {"FaceTalk_170728_03272_TA_sentence01": 9, "FaceTalk_170908_03277_TA_sentence21": 7}
V = 11


@pytest.fixture(autouse=True)
def small_meshes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meshes of eleven vertices instead of thousands."""
    for module in (vocaset, biwi):
        monkeypatch.setattr(module, "V", V)
        monkeypatch.setattr(module, "LIP_PAIRS", ((0, 1), (2, 3)))


def motion(name: str, frames: int) -> np.ndarray:
    return np.random.default_rng(len(name) + frames).normal(size=(frames, V, 3)).astype(np.float32)


def faces(names: list[str]) -> dict[str, np.ndarray]:
    return {name.rpartition("_")[0]: np.random.default_rng(k).normal(size=(V, 3)) for k, name in enumerate(names)}


def dump(path: Path, content: object) -> None:
    path.write_bytes(pickle.dumps(content, 2))


def original(folder: Path) -> Path:
    """As VOCASET is given out; rows of the second clip lie before those of the first, last frame first."""
    folder.mkdir()
    (first, long), (second, short) = CLIPS.items()
    np.save(folder / "data_verts.npy", np.concatenate([motion(second, short)[::-1], motion(first, long)]))
    places = {first: {k: short + k for k in range(long)}, second: {k: short - 1 - k for k in range(short)}}
    sound = {"audio": np.arange(-3000, 3000, dtype=np.int16), "sample_rate": 22_000}
    for file, table in (("subj_seq_to_idx.pkl", places), ("raw_audio_fixed.pkl", dict.fromkeys(CLIPS, sound))):
        dump(folder / file, {name.rpartition("_")[0]: {name.rpartition("_")[2]: table[name]} for name in CLIPS})
    return common(folder)


def converted(folder: Path) -> Path:
    """As the papers' scripts leave it."""
    for part in ("vertices_npy", "wav"):
        (folder / part).mkdir(parents=True)
    for name, frames in CLIPS.items():
        np.save(folder / "vertices_npy" / f"{name}.npy", motion(name, frames).reshape(frames, -1))
        soundfile.write(folder / "wav" / f"{name}.wav", np.linspace(-0.1, 0.1, 6000), 22_000)
    return common(folder)


def common(folder: Path) -> Path:
    dump(folder / "templates.pkl", faces(list(CLIPS)))
    dump(folder / "FLAME_masks.pkl", {"lips": np.array([1, 2, 2]), "forehead": np.arange(4), "eye_region": [3, 5]})
    (folder / "FLAME_sample.ply").write_bytes(write_ply(np.zeros((V, 3), np.float32), np.array([[0, 1, 2]], np.int32)))
    return folder


@pytest.mark.parametrize("layout", [original, converted])
def test_both_layouts_give_the_same_corpus(tmp_path: Path, layout: Callable[[Path], Path]) -> None:
    lines = prepare_meshes(open_vocaset(layout(tmp_path / "in")), tmp_path / "out", incomplete=True)
    corpus = MeshCorpus.open(tmp_path / "out")
    for name, frames in CLIPS.items():
        clip = corpus.clip(name)
        np.testing.assert_array_equal(clip.vertices, motion(name, frames)[::2])  # 60 frames a second → 30
        np.testing.assert_allclose(clip.template, faces(list(CLIPS))[clip.subject], rtol=1e-6)
        assert abs(len(clip.sound) - 6000 * 16 / 22) < 2 and 0.08 < np.abs(clip.sound).max() < 0.12
    assert corpus.fps == 30 and corpus.set.metres == 1.0
    assert corpus.splits == {"train": (next(iter(CLIPS)),), "val": (list(CLIPS)[1],), "test": ()}
    np.testing.assert_array_equal(corpus.topology.lips, [1, 2, 2])  # as listed
    np.testing.assert_array_equal(corpus.topology.upper, [0, 1, 2, 3, 5])  # each once
    np.testing.assert_array_equal(corpus.topology.triangles, [[0, 1, 2]])
    assert lines[0] == "train: 1 sentences of 1 subjects, 0.0 min"
    assert not any(line.startswith("look at") for line in lines)  # 0.27 s of sound, 0.15 s of motion: near enough


def test_the_papers_splits() -> None:
    names = vocaset.splits()
    assert [len(clips) for clips in names.values()] == [320, 40, 40]
    assert len({name.rpartition("_")[0] for clips in names.values() for name in clips}) == 12
    assert names["test"][0] == "FaceTalk_170809_00138_TA_sentence21"
    names = biwi.splits()
    assert {split: len(clips) for split, clips in names.items()} == {
        "train": 192, "val": 24, "test_a": 24, "test_b": 32,
    }  # fmt: skip
    assert names["val"][0] == "F2_e33" and names["test_b"][-1] == "M6_e40"


def test_identities_keep_their_numbers_in_an_incomplete_set(tmp_path: Path) -> None:
    prepare_meshes(open_vocaset(converted(tmp_path / "in")), tmp_path / "out", incomplete=True)
    corpus = MeshCorpus.open(tmp_path / "out")
    assert corpus.identities == vocaset.SUBJECTS["train"] and len(corpus.subjects) == 2


def test_missing_sentences_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    source = open_vocaset(converted(tmp_path / "in"))
    with pytest.raises(CorpusError) as refusal:
        prepare_meshes(source, tmp_path / "out")
    words = str(refusal.value)
    assert "FaceTalk_170728_03272_TA: sentence02 to sentence40\n" in words
    assert "FaceTalk_170908_03277_TA: sentence22 to sentence40\n" in words
    assert "the face at rest of FaceTalk_170904_00128_TA" in words and "--incomplete" in words
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        *((original, name) for name in ("templates.pkl", "raw_audio_fixed.pkl", "subj_seq_to_idx.pkl")),
        *((converted, name) for name in ("templates.pkl", "wav")),
    ],
)
def test_missing_files_are_named_with_where_they_are_had(
    tmp_path: Path, layout: Callable[[Path], Path], name: str
) -> None:
    folder = layout(tmp_path / "in")
    (folder / name).rename(tmp_path / "away")
    with pytest.raises(CorpusError, match=rf"lacks {name}.*https://voca.is.tue.mpg.de.*licence"):
        open_vocaset(folder)


def test_an_empty_folder_is_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"lacks data_verts.npy, raw_audio_fixed.pkl, templates.pkl, subj_seq"):
        open_vocaset(tmp_path)


def test_without_masks_one_is_told_where_they_are(tmp_path: Path) -> None:
    folder = converted(tmp_path / "in")
    (folder / "FLAME_masks.pkl").unlink()
    with pytest.raises(CorpusError, match=r"FLAME_masks.pkl, which names.*https://flame.is.tue.mpg.de"):
        prepare_meshes(open_vocaset(folder), tmp_path / "out")
    prepare_meshes(open_vocaset(folder), tmp_path / "out", incomplete=True)
    assert MeshCorpus.open(tmp_path / "out").topology.lips.size == 0


@pytest.mark.parametrize("name", ["raw_audio_fixed.pkl", "templates.pkl", "subj_seq_to_idx.pkl", "FLAME_masks.pkl"])
def test_torn_pickles_are_told(tmp_path: Path, name: str) -> None:
    path = original(tmp_path / "in") / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CorpusError, match=f"{name}' is torn"):
        open_vocaset(path.parent)


def test_a_torn_array_is_told_and_what_was_written_stays(tmp_path: Path) -> None:
    folder = converted(tmp_path / "in")
    path = folder / "vertices_npy" / f"{list(CLIPS)[1]}.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(CorpusError, match=r"sentence21.npy' is torn or no array"):
        prepare_meshes(open_vocaset(folder), tmp_path / "out", incomplete=True)
    with pytest.raises(CorpusError, match=r"not finished: 1 of 2"):
        MeshCorpus.open(tmp_path / "out")
    path.write_bytes(whole)
    prepare_meshes(open_vocaset(folder), tmp_path / "out", incomplete=True)
    assert len(MeshCorpus.open(tmp_path / "out").set.clips) == 2


def change(folder: Path, name: str, edit: Callable[[dict], object]) -> None:
    dump(folder / name, edit(pickle.loads((folder / name).read_bytes())))


SUBJECT, SENTENCE = next(iter(CLIPS)).rpartition("_")[::2]


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("templates.pkl", lambda t: t | {SUBJECT: np.zeros((12, 3))}, r"shape \(12, 3\); expected 11 vertices"),
        ("templates.pkl", lambda t: list(t), "holds list; expected a dict"),
        ("templates.pkl", lambda t: t | {SUBJECT: np.full((V, 3), np.nan)}, "expected 11 vertices, 3 finite numbers"),
        ("subj_seq_to_idx.pkl", lambda t: {SUBJECT: {SENTENCE: {0: 99}}}, "rows of .*sentence01' .*16 frames does not"),
        ("subj_seq_to_idx.pkl", lambda t: {SUBJECT: {SENTENCE: [1]}}, "has no rows"),
        ("subj_seq_to_idx.pkl", lambda t: {SUBJECT: 5}, "not laid out as VOCASET's"),
        ("raw_audio_fixed.pkl", lambda t: [1], "not laid out as VOCASET's"),
        ("raw_audio_fixed.pkl", lambda t: {SUBJECT: {SENTENCE: {"audio": 1}}}, "lacks 'sample_rate'"),
        ("raw_audio_fixed.pkl", lambda t: {SUBJECT: {SENTENCE: {"audio": [], "sample_rate": 9}}}, "has no sound"),
        ("FLAME_masks.pkl", lambda t: {"lips": [1]}, "no file of FLAME's masks"),
    ],
)
def test_wrong_content_is_told(tmp_path: Path, name: str, edit: Callable[[dict], object], words: str) -> None:
    change(original(tmp_path / "in"), name, edit)
    with pytest.raises(CorpusError, match=words):
        prepare_meshes(open_vocaset(tmp_path / "in"), tmp_path / "out", incomplete=True)
    assert not (tmp_path / "out" / "vertices.f32").exists() or not (tmp_path / "out" / "vertices.f32").stat().st_size


def test_a_sentence_with_half_of_its_files_is_told(tmp_path: Path) -> None:
    folder = converted(tmp_path / "in")
    (folder / "wav" / f"{next(iter(CLIPS))}.wav").unlink()
    with pytest.raises(CorpusError, match=rf"wav/{next(iter(CLIPS))}.wav, though vertices_npy has it"):
        prepare_meshes(open_vocaset(folder), tmp_path / "out")


def test_sound_and_motion_of_different_lengths_are_told(tmp_path: Path) -> None:
    folder = converted(tmp_path / "in")
    soundfile.write(folder / "wav" / f"{next(iter(CLIPS))}.wav", np.zeros(22_000 * 2), 22_000)
    lines = prepare_meshes(open_vocaset(folder), tmp_path / "out", incomplete=True)
    assert f"look at {next(iter(CLIPS))}: the sound is 1.8 s longer" in lines


def test_biwi(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for part in ("vertices_npy", "wav", "regions"):
        (folder / part).mkdir(parents=True)
    clips = {"F2_e01": 5, "F2_e37": 4, "M6_e40": 3, "M6_e01": 3}  # the last belongs to no split
    for name, frames in clips.items():
        np.save(folder / "vertices_npy" / f"{name}.npy", motion(name, frames).astype(np.float64).reshape(frames, -1))
        soundfile.write(folder / "wav" / f"{name}.wav", np.linspace(-0.1, 0.1, 8820), 44_100)
    dump(folder / "templates.pkl", {name: face.reshape(-1) for name, face in faces(list(clips)).items()})
    (folder / "regions" / "lve.txt").write_text("1, 2, 9")
    (folder / "regions" / "fdd.txt").write_text("3, 4\n")
    prepare_meshes(open_biwi(folder), tmp_path / "out", incomplete=True)
    corpus = MeshCorpus.open(tmp_path / "out")
    assert corpus.fps == 25 and corpus.splits == {
        "train": ("F2_e01",), "val": (), "test_a": ("F2_e37",), "test_b": ("M6_e40",),
    }  # fmt: skip
    np.testing.assert_array_equal(corpus.clip("F2_e37").vertices, motion("F2_e37", 4))
    assert corpus.topology.lips.tolist() == [1, 2, 9] and corpus.topology.upper.tolist() == [3, 4]
    (folder / "regions" / "lve.txt").write_text("1, two")
    with pytest.raises(CorpusError, match=r"lve.txt' is no list of vertices"):
        open_biwi(folder)
    (folder / "templates.pkl").unlink()
    with pytest.raises(CorpusError, match=r"lacks templates.pkl.*b3dac2.*no longer is"):
        open_biwi(folder)


def test_a_surface_of_another_mesh_is_told(tmp_path: Path) -> None:
    folder = converted(tmp_path / "in")
    (folder / "FLAME_sample.ply").write_bytes(write_ply(np.zeros((5, 3), np.float32), np.zeros((0, 3), np.int32)))
    with pytest.raises(CorpusError, match="has 5 vertices; expected 11"):
        open_vocaset(folder)


def test_an_interrupted_preparation_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_vocaset(original(tmp_path / "in"))
    read = mesh_sources._clip

    def stopped(source: mesh_sources.MeshSource, name: str) -> object:
        if name == list(CLIPS)[1]:
            raise KeyboardInterrupt
        return read(source, name)

    monkeypatch.setattr(mesh_sources, "_clip", stopped)
    with pytest.raises(KeyboardInterrupt):
        prepare_meshes(source, tmp_path / "out", incomplete=True)
    only_new: list[str] = []
    monkeypatch.setattr(mesh_sources, "_clip", lambda source, name: (only_new.append(name), read(source, name))[1])
    prepare_meshes(source, tmp_path / "out", incomplete=True)
    assert only_new == [list(CLIPS)[1]]
    assert len(MeshCorpus.open(tmp_path / "out").set.clips) == 2
