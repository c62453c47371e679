"""Made sets: that they are laid out as the real ones, and that their faces speak."""

from pathlib import Path

import numpy as np
import pytest

from facestream.corpora import biwi, vocaset
from facestream.corpora.biwi import open_biwi
from facestream.corpora.mesh_sources import prepare_meshes
from facestream.corpora.meshes import MeshCorpus
from facestream.corpora.phones import Phone
from facestream.corpora.synthetic import mesh_sets
from facestream.corpora.synthetic.mesh_sets import make_biwi, make_vocaset
from facestream.corpora.synthetic.speech import Speech
from facestream.corpora.vocaset import open_vocaset
from facestream.errors import CorpusError
from facestream.signals import Floats

TRAINED, UNSEEN = "FaceTalk_170728_03272_TA", "FaceTalk_170809_00138_TA"
PHONES = (Phone("SIL", 0.0, 0.1), Phone("M", 0.1, 0.25), Phone("AA", 0.25, 0.55), Phone("SIL", 0.55, 0.6))
SHUT, OPEN = 0.28, 0.5  # seconds, with the rest that comes before


def speak(who: int, text: str) -> Speech:
    """Everybody hums and opens the mouth; a hum of one's own."""
    t = np.arange(9600) / 16_000
    return Speech((0.3 * np.sin(2 * np.pi * (120 + 10 * who) * t)).astype(np.float32), PHONES)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    make_vocaset(folder / "raw", 2, 0, (TRAINED, UNSEEN), speak)
    prepare_meshes(open_vocaset(folder / "raw"), folder / "vocaset", incomplete=True)
    make_biwi(folder / "biwi_raw", 1, 0, ("F2",), speak)
    prepare_meshes(open_biwi(folder / "biwi_raw"), folder / "biwi", incomplete=True)
    return folder


def opening(corpus: MeshCorpus, name: str, seconds: float) -> Floats:
    upper, lower = corpus.topology.lip_pairs.T
    points = corpus.clip(name).vertices[round(seconds * corpus.fps)]
    return np.asarray(np.linalg.norm(points[upper] - points[lower], axis=1))


def test_the_layout_is_vocasets(made: Path) -> None:
    frames = np.load(made / "raw" / "data_verts.npy", mmap_mode="r")
    assert frames.shape[1:] == (5023, 3) and frames.dtype == np.float32
    corpus = MeshCorpus.open(made / "vocaset")
    assert corpus.splits == {
        "train": (f"{TRAINED}_sentence01", f"{TRAINED}_sentence21"),
        "val": (),
        "test": (f"{UNSEEN}_sentence21",),
    }
    assert (corpus.fps, corpus.topology.vertices, len(corpus.topology.lips)) == (30, 5023, 254)
    assert corpus.topology.triangles is not None and len(corpus.topology.triangles) > 9000


def test_the_layout_is_biwis(made: Path) -> None:
    corpus = MeshCorpus.open(made / "biwi")
    assert corpus.splits == {"train": ("F2_e01",), "val": ("F2_e33",), "test_a": ("F2_e37",), "test_b": ()}
    mesh = corpus.topology
    assert (corpus.fps, mesh.vertices, len(mesh.lips), len(mesh.upper)) == (25, 23_370, 4996, 7784)
    points = corpus.clip("F2_e01").vertices[7].astype(np.float64)
    assert np.abs(points.mean(axis=0)).max() < 1e-5
    assert mesh.triangles is not None
    a, b, c = (points[mesh.triangles[:, corner]] for corner in range(3))
    assert 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize(
    ("folder", "name", "millimetres"),
    [("vocaset", f"{TRAINED}_sentence01", 1e3), ("vocaset", f"{UNSEEN}_sentence21", 1e3), ("biwi", "F2_e01", 185.0)],
)
def test_published_pairs_part_on_a_vowel_and_meet_on_a_closure(
    made: Path, folder: str, name: str, millimetres: float
) -> None:
    corpus = MeshCorpus.open(made / folder)
    upper, lower = corpus.clip(name).template[corpus.topology.lip_pairs.T]
    rest = np.linalg.norm(upper - lower, axis=1) * millimetres
    assert ((rest > 2) & (rest < 7)).all()  # FLAME's are 4.7 to 5.4 mm apart
    assert (upper[:, 1] > lower[:, 1]).all() and (np.abs(upper[:, 0] - lower[:, 0]) * millimetres < 2).all()
    assert (opening(corpus, name, SHUT) * millimetres < rest + 0.5).all()
    assert (opening(corpus, name, OPEN) * millimetres > rest + 4).all()


def test_pairs_are_those_the_field_publishes_and_lie_on_the_lips(made: Path) -> None:
    for folder, pairs in (("vocaset", vocaset.LIP_PAIRS), ("biwi", biwi.LIP_PAIRS)):
        mesh = MeshCorpus.open(made / folder).topology
        np.testing.assert_array_equal(mesh.lip_pairs, pairs)
        assert set(np.ravel(pairs)) <= set(mesh.lips.tolist()) and not set(mesh.lips.tolist()) & set(
            mesh.upper.tolist()
        )


def test_people_differ_at_rest_and_the_mouth_moves_most(made: Path) -> None:
    corpus = MeshCorpus.open(made / "vocaset")
    apart = np.linalg.norm(corpus.templates[TRAINED] - corpus.templates[UNSEEN], axis=1)
    assert apart.mean() > 1e-3  # more than a millimetre
    moved = np.linalg.norm(corpus.clip(f"{TRAINED}_sentence01").offsets, axis=2).max(axis=0)
    assert moved[corpus.topology.lips].mean() > 3 * moved[corpus.topology.upper].mean()


def test_the_same_seed_makes_the_same_set(made: Path, tmp_path: Path) -> None:
    make_vocaset(tmp_path / "again", 2, 0, (TRAINED, UNSEEN), speak)
    for name in ("data_verts.npy", "raw_audio_fixed.pkl", "templates.pkl"):
        assert (tmp_path / "again" / name).read_bytes() == (made / "raw" / name).read_bytes()


def test_texts_are_shared_by_neighbours_and_some_by_all() -> None:
    texts = {(who, number): mesh_sets._text(0, who, number, 8) for who in range(12) for number in (1, 2, 21, 22)}
    assert len({texts[who, 21] for who in range(12)}) == 1
    assert texts[0, 2] == texts[1, 2] != texts[2, 2]
    trained, others = ({texts[who, 22] for who in group} for group in (range(8), range(8, 12)))
    assert len(trained) == 4 and len(others) == 2 and not trained & others


def test_what_exists_is_not_written_over(made: Path) -> None:
    with pytest.raises(CorpusError, match="raw' exists already"):
        make_vocaset(made / "raw", 1, 0, (TRAINED,), speak)


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def mute(who: int, text: str) -> Speech:
        raise CorpusError("the voice is gone")

    with pytest.raises(CorpusError, match="voice is gone"):
        make_biwi(tmp_path / "out", 1, 0, ("F2",), mute)
    assert not list(tmp_path.iterdir())
    with pytest.raises(CorpusError, match="no subject F9"):
        make_biwi(tmp_path / "out", 1, 0, ("F9",), speak)
