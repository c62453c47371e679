"""Meshes judged over a split: whose identity, which average, which unit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from facestream.corpora.meshes import MeshClip, MeshCorpus, MeshSet, MeshWriter
from facestream.errors import CorpusError
from facestream.evaluation.mesh_clips import MeshProtocol, clips_of, mean_offset
from facestream.evaluation.mesh_report import evaluate_mesh
from facestream.evaluation.mesh_speakers import read_predictions, speak_live
from facestream.runtime.talker import Talker
from facestream.signals import Floats, Frame
from tests.evaluation.test_mesh import LENGTHS, MESH, RELEASED, REST, spoken, wave

NAMES = tuple(f"new_sentence{k}" for k in range(3))


@pytest.fixture
def corpus(tmp_path: Path) -> MeshCorpus:
    """A subject that is trained on, one that is not and has the golden clips."""
    mesh_set = MeshSet(
        name="biwi",
        fps=25,
        metres=0.185,
        topology=MESH,
        templates={"new": REST, "one": REST, "two": REST},
        identities=("one", "two"),
        splits={"train": ("one_sentence0", "two_sentence0"), "test": NAMES, "val": ()},
    )
    sound = np.full(16000, 0.5, np.float32)
    with MeshWriter(tmp_path / "set", mesh_set) as writer:
        for subject in ("one", "two"):
            writer.append(MeshClip(subject, "sentence0", sound, wave(20, 0), REST, 25))
        for k in range(3):
            writer.append(MeshClip("new", f"sentence{k}", sound, spoken(k, 0)[1], REST, 25))
    return MeshCorpus.open(tmp_path / "set")


def golden(clip: MeshClip, identities: Sequence[str]) -> list[Floats]:
    return [spoken(NAMES.index(clip.name), ("one", "two").index(identity))[0] for identity in identities]


def test_a_new_subject_speaks_as_everybody_and_means_are_those_of_the_released_trainer(corpus: MeshCorpus) -> None:
    """Numbers of the released test_epoch_end: float32 means over identities, then over clips."""
    figures = evaluate_mesh(corpus, MeshProtocol("test"), golden).by_clips()
    assert figures["lve"] == pytest.approx(4.669149348046631e-06, rel=1e-6)
    assert figures["fdd"] == pytest.approx(-9.864237426882028e-07, rel=1e-6)
    assert figures["mod"] == pytest.approx(0.0008490158361382782, rel=1e-6)


def test_pooled_frames_weigh_long_clips_more(corpus: MeshCorpus) -> None:
    report = evaluate_mesh(corpus, MeshProtocol("test"), golden)
    lve = [np.mean([RELEASED[clip, take][0] for take in (0, 1)]) for clip in range(3)]
    pooled = np.dot(lve, LENGTHS) / sum(LENGTHS)
    assert report.by_frames()["lve"] == pytest.approx(pooled, rel=1e-6)
    assert report.by_frames()["lve"] != pytest.approx(report.by_clips()["lve"], rel=1e-4)
    assert "fdd" not in report.by_frames()  # no paper pools it


def test_a_known_subject_speaks_as_itself(corpus: MeshCorpus) -> None:
    asked = []

    def speak(clip: MeshClip, identities: Sequence[str]) -> list[Floats]:
        asked.append((clip.name, *identities))
        return [clip.vertices for _ in identities]

    report = evaluate_mesh(corpus, MeshProtocol("train"), speak)
    assert asked == [("one_sentence0", "one"), ("two_sentence0", "two")]
    assert report.by_clips()["lve"] == 0
    assert np.isnan(report.by_clips()["diversity"])  # one of each
    assert evaluate_mesh(corpus, MeshProtocol("test"), golden).by_clips()["diversity"] > 0


def test_signed_and_absolute_fdd_are_both_there(corpus: MeshCorpus) -> None:
    """A face that moves too much here and too little there cancels in one of them."""

    def speak(clip: MeshClip, identities: Sequence[str]) -> list[Floats]:
        return [REST + (0.5 if name == "one" else 1.3229) * (clip.vertices - REST) for name in identities]

    figures = evaluate_mesh(corpus, MeshProtocol("test"), speak).by_clips()
    assert abs(figures["fdd"]) < 0.01 * figures["abs_fdd"]


def test_units(corpus: MeshCorpus) -> None:
    report = evaluate_mesh(corpus, MeshProtocol("test"), golden)
    figures = report.by_clips()
    assert report.in_si(figures)["lve"] == pytest.approx(figures["lve"] * 0.185**2)
    assert report.in_si(figures)["mod"] == pytest.approx(figures["mod"] * 0.185)
    assert report.as_printed(figures)["lve"] == pytest.approx(figures["lve"] * 1e4)
    assert report.as_printed(figures)["fdd"] == pytest.approx(figures["fdd"] * 1e5)
    assert report.as_printed(figures)["mod"] == pytest.approx(figures["mod"] * 1e3)


def test_the_mean_face_is_that_of_the_training_split(corpus: MeshCorpus) -> None:
    np.testing.assert_allclose(mean_offset(corpus), (wave(20, 0) - REST).mean(axis=0), atol=1e-7)
    report = evaluate_mesh(
        corpus,
        MeshProtocol("test"),
        lambda clip, names: [np.tile(REST + mean_offset(corpus), (50, 1, 1)) for _ in names],
    )
    assert report.by_clips()["lve"] == pytest.approx(report.still()["lve"], rel=1e-5)


def test_json_keeps_small_numbers_and_says_what_is_averaged(corpus: MeshCorpus) -> None:
    found = json.loads(json.dumps(evaluate_mesh(corpus, MeshProtocol("test"), golden).to_json()))
    assert found["clips"]["unit"]["lve"] == pytest.approx(4.66915e-06, rel=1e-4)
    assert found["frames"]["si"].keys() == {"lve", "mod", "mve"}
    assert found["files"][0]["as"] == ["one", "two"]
    assert (
        evaluate_mesh(corpus, MeshProtocol("train"), lambda clip, names: [clip.vertices]).to_json()["clips"]["unit"][
            "diversity"
        ]
        is None
    )


def test_predictions_of_another_system_are_read_by_name(corpus: MeshCorpus, tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    for k, name in enumerate(NAMES):
        for take, identity in enumerate(("one", "two")):
            np.save(folder / f"{name}_condition_{identity}.npy", spoken(k, take)[0].reshape(-1, 3 * MESH.vertices))
    report = evaluate_mesh(corpus, MeshProtocol("test"), read_predictions(folder))
    assert report.by_clips()["lve"] == pytest.approx(4.669149348046631e-06, rel=1e-6)
    (folder / f"{NAMES[2]}_condition_two.npy").unlink()
    with pytest.raises(CorpusError, match=r"neither new_sentence2\.npy"):
        evaluate_mesh(corpus, MeshProtocol("test"), read_predictions(folder))
    np.save(folder / f"{NAMES[2]}.npy", spoken(2, 1)[0])
    assert evaluate_mesh(corpus, MeshProtocol("test"), read_predictions(folder)).to_json() == report.to_json()


def test_what_cannot_be_judged_is_refused(corpus: MeshCorpus, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no split 'tset'.*Did you mean 'test'"):
        evaluate_mesh(corpus, MeshProtocol("tset"), golden)
    with pytest.raises(CorpusError, match="empty"):
        evaluate_mesh(corpus, MeshProtocol("val"), golden)
    with pytest.raises(CorpusError, match="no folder"):
        read_predictions(tmp_path / "nowhere")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / f"{NAMES[0]}.npy").write_bytes(b"not numbers")
    with pytest.raises(CorpusError, match="is no array"):
        evaluate_mesh(corpus, MeshProtocol("test"), read_predictions(tmp_path / "torn"))


def test_long_clips_are_the_sentences_of_a_subject_in_step_with_their_sound(corpus: MeshCorpus) -> None:
    (read,) = clips_of(corpus, MeshProtocol("test", long=150))
    clip = read()
    assert clip.vertices.shape == (150, MESH.vertices, 3)
    assert len(clip.sound) == 150 * 640
    whole = np.concatenate([spoken(k % 3, 0)[1] for k in range(6)])  # from the first again
    np.testing.assert_array_equal(clip.vertices, whole[:150])
    loud = np.flatnonzero(clip.sound)  # clips sound for a second each
    assert loud[0] == 0 and 40 * 640 in loud and not np.isin(np.arange(16000, 40 * 640), loud).any()


def test_chunks_show_their_seams(corpus: MeshCorpus) -> None:
    """A talker that creeps, and starts from rest in each chunk."""

    def creep(clip: MeshClip, identities: Sequence[str]) -> list[Floats]:
        t = np.arange(len(clip.vertices), dtype=np.float32)[:, None, None]
        return [REST + 1e-4 * t for _ in identities]

    whole, cut = (
        evaluate_mesh(corpus, MeshProtocol("test", long=150, chunk=chunk), creep, online=creep).clips[0]
        for chunk in (0, 50)
    )
    assert whole.jumps is None and whole.apart == 0
    assert cut.jumps is not None and cut.jumps.mesh == pytest.approx(49 * cut.jumps.usual, rel=1e-2)
    assert cut.apart == pytest.approx(1e-4 * np.sqrt(3) * 50, rel=1e-2)  # 0, 50 and 100 frames' way on average
    assert cut.scores[0].frames == 150


class Served:
    """In the place of a Stream: every frame is its number in millimetres, the last two come late."""

    def __init__(self, talker: object, style: str, seed: int) -> None:
        self.heard, self.away = 0, {"one": 1e-3, "two": 2e-3}[style]

    def push(self, samples: Floats) -> list[Frame]:
        self.heard += len(samples)
        return [self.frame(t) for t in range(self.heard // 640 - 2)]

    def flush(self) -> list[Frame]:
        return [self.frame(t) for t in range(self.heard // 640 - 2, self.heard // 640)]

    def frame(self, t: int) -> Frame:
        return Frame(t, 640 * t, np.full(3 * MESH.vertices, self.away * t, np.float32))


def test_an_exported_talker_is_heard_as_it_is_served(corpus: MeshCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facestream.evaluation.mesh_speakers.Stream", Served)
    talker = SimpleNamespace(config=SimpleNamespace(vertices=MESH.vertices, fps=25))
    clip = corpus.clip(NAMES[2])
    one, two = speak_live(cast(Talker, talker))(clip, corpus.identities)
    assert one.shape == two.shape == clip.vertices.shape  # as many frames as the clip has, not as its sound
    np.testing.assert_allclose(two[10], REST + 0.02, atol=1e-6)
    np.testing.assert_allclose(one[-1], REST + 0.032, atol=1e-6)


@pytest.mark.parametrize("vertices, fps", [(MESH.vertices, 30), (5023, 25)])
def test_a_talker_of_another_mesh_is_refused(corpus: MeshCorpus, vertices: int, fps: int) -> None:
    talker = SimpleNamespace(config=SimpleNamespace(vertices=vertices, fps=fps))
    with pytest.raises(CorpusError, match="the corpus has 48 at 25"):
        speak_live(cast(Talker, talker))(corpus.clip(NAMES[0]), corpus.identities)
