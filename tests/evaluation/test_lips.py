from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from facestream.corpora.phones import SILENCE, Phone
from facestream.errors import CorpusError, MotionError, SinkError
from facestream.evaluation import lips
from facestream.evaluation.figures import lips_tables, make_folder, save_json
from facestream.evaluation.lips import LipsReport, evaluate_lips, moving_channels, summarise
from facestream.evaluation.loudness import loudness_mouth
from facestream.evaluation.score import LIPS, score_lips
from facestream.signals import ARKIT, FACE, Floats, Motion

Phones = tuple[Phone, ...]
Change = Callable[..., Motion]
HEADLINES = {
    "closure_f1", "closure_recall", "closure_precision", "fv_recall", "fv_precision", "jaw_r", "lag_ms",
    "amplitude_ratio", "silence_jaw_p95",
}  # fmt: skip


def judge(motion: Motion, reference: Motion, phones: Phones) -> dict[str, float]:
    return summarise([score_lips("made", motion, reference, phones)])


def test_the_reference_itself_is_perfect(reference: Motion, phones: Phones) -> None:
    score = score_lips("made", reference, reference, phones)
    figures = summarise([score])
    assert len(score.closures.sounds) == 6
    assert len(score.bites.sounds) == 2
    for name in ("closure_f1", "closure_recall", "closure_precision", "fv_recall", "fv_precision"):
        assert figures[name] == 1.0, name
    assert figures["jaw_r"] == pytest.approx(1.0)
    assert figures["lag_ms"] == pytest.approx(0.0, abs=2.0)
    assert figures["amplitude_ratio"] == pytest.approx(1.0)
    assert figures["silence_jaw_p95"] < 0.01
    assert figures["jitter"] == figures["reference_jitter"] > 0
    for name, following in moving_channels([score]).items():
        assert following.now == pytest.approx(1.0), name
        assert following.ratio == pytest.approx(1.0), name
    assert {"jawOpen", "mouthPucker", "mouthFunnel", "mouthStretchLeft", "mouthRollLower"} <= set(
        moving_channels([score])
    )


def test_only_arkit_curves_are_looked_at(reference: Motion, phones: Phones) -> None:
    theirs = reference.select(tuple(reversed(ARKIT)))
    assert judge(theirs, reference, phones) == judge(reference, reference, phones)


@pytest.mark.parametrize("late", [-1, 1, 2])
def test_delay_is_measured(late: int, reference: Motion, phones: Phones) -> None:
    delayed = Motion(np.roll(reference.values, late, axis=0), FACE)
    assert judge(delayed, reference, phones)["lag_ms"] == pytest.approx(40.0 * late, abs=5.0)


def test_half_a_jaw_is_half_an_amplitude(reference: Motion, phones: Phones, changed: Change) -> None:
    figures = judge(changed(reference, jawOpen=0.5 * reference["jawOpen"]), reference, phones)
    assert figures["amplitude_ratio"] == pytest.approx(0.5)
    assert figures["jaw_r"] == pytest.approx(1.0)


def test_lips_that_never_close_are_never_found(reference: Motion, phones: Phones, changed: Change) -> None:
    open_mouth = changed(reference, mouthClose=0.0, jawOpen=np.maximum(reference["jawOpen"], 0.1))
    figures = judge(open_mouth, reference, phones)
    assert figures["closure_recall"] == figures["closure_f1"] == 0.0
    assert np.isnan(figures["closure_precision"])
    assert figures["silence_jaw_p95"] == pytest.approx(0.1)


def test_a_mouth_that_stays_shut_gains_nothing(reference: Motion, phones: Phones) -> None:
    figures = judge(Motion(np.zeros_like(reference.values), FACE), reference, phones)
    assert figures["closure_recall"] == 1.0
    assert figures["closure_precision"] < 0.5
    assert figures["jaw_r"] == 0.0
    assert figures["amplitude_ratio"] == 0.0
    assert np.isnan(figures["lag_ms"])


def test_a_lip_bitten_everywhere_is_not_precise(reference: Motion, phones: Phones, changed: Change) -> None:
    figures = judge(changed(reference, mouthRollLower=0.4), reference, phones)
    assert figures["fv_recall"] == 1.0
    assert figures["fv_precision"] < 0.3


def test_speech_without_closures_or_pauses_has_no_such_figures(reference: Motion) -> None:
    figures = judge(reference, reference, (Phone("AA", 0.0, len(reference) / 25),))
    assert np.isnan([figures[name] for name in ("closure_recall", "fv_recall", "silence_jaw_p95")]).all()


def test_missing_channels_are_named(reference: Motion, phones: Phones) -> None:
    theirs = reference.select([name for name in FACE if name not in ("mouthClose", "mouthRollLower")])
    with pytest.raises(MotionError, match="lacks mouthClose, mouthRollLower; expected"):
        score_lips("made", theirs, reference, phones)


def test_another_length_or_rate_is_refused(reference: Motion, phones: Phones) -> None:
    with pytest.raises(MotionError, match="resample"):
        score_lips("made", Motion(reference.values[:-1], FACE), reference, phones)
    with pytest.raises(MotionError, match="30 a second"):
        score_lips("made", Motion(reference.values, FACE, 30.0), reference, phones)


def test_loudness_moves_the_jaw_and_knows_no_lips(samples: Floats, reference: Motion, phones: Phones) -> None:
    figures = judge(loudness_mouth(samples, reference), reference, phones)
    assert 0.3 < figures["jaw_r"] < 0.95
    assert figures["fv_recall"] == 0.0
    assert figures["closure_f1"] < 0.8


@pytest.fixture
def report(samples: Floats, reference: Motion, phones: Phones, changed: Change) -> LipsReport:
    faces = (reference, changed(reference, mouthClose=0.0), Motion(np.zeros_like(reference.values), FACE))
    scores = tuple(score_lips(f"clip{index}", face, reference, phones) for index, face in enumerate(faces))
    loudness = score_lips("loudness", loudness_mouth(samples, reference), reference, phones)
    return LipsReport(scores, (loudness,) * 3, ("clip3: language 'xx' cannot be aligned",))


def test_report_is_json_with_a_row_a_file(report: LipsReport, tmp_path: Path) -> None:
    save_json(report.to_json(), tmp_path / "lips.json")
    found = json.loads((tmp_path / "lips.json").read_text())
    assert set(found["summary"]) >= HEADLINES | {"amplitude_ratios", "channel_r", "jitter", "files", "closures"}
    assert found["summary"]["skipped"] == list(report.skipped)
    assert set(found["baseline"]) >= HEADLINES
    assert [row["file"] for row in found["files"]] == ["clip0", "clip1", "clip2"]
    assert found["files"][1]["missed_closures"][0][0] == "P"
    assert found["files"][2]["lag_ms"] is None
    assert [path.name for path in tmp_path.iterdir()] == ["lips.json"]


def test_intervals_are_the_same_each_time_and_hold_the_figure(report: LipsReport) -> None:
    summary, intervals = report.summary(), report.intervals(200)
    assert intervals == report.intervals(200)
    for name in HEADLINES:
        low, high = intervals[name]
        assert low <= summary[name] <= high, name
    assert intervals["jaw_r"][0] < intervals["jaw_r"][1]


def test_tables_show_the_baseline_and_what_was_skipped(report: LipsReport) -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(lips_tables(report))
    text = console.export_text()
    for word in ("closure_f1", "loudness", "mouthPucker", "skipped clip3"):
        assert word in text


def test_strip_plot_is_written(samples: Floats, reference: Motion, phones: Phones, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="strip plots need matplotlib")
    from facestream.evaluation.strip_plot import strip_plot

    strip_plot(tmp_path / "made.png", samples, phones, reference, reference)
    assert (tmp_path / "made.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["made.png"]


def say(text: str, path: Path) -> None:
    """A sentence spoken by flite, with its transcript beside it."""
    subprocess.run(["flite", "-voice", "kal16", "-t", text, "-o", str(path)], check=True)
    path.with_suffix(".txt").write_text(text)


def test_a_folder_is_aligned_and_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="alignment needs pocketsphinx")
    if not shutil.which("flite"):
        pytest.skip("speech to align needs flite")
    say("My baby may bring five more apples before you move.", tmp_path / "a.wav")
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    (tmp_path / "broken.txt").write_text("no sound")
    monkeypatch.setattr(lips, "animate", shut_mouth)
    ticks: list[tuple[int, int]] = []
    report = evaluate_lips(tmp_path, talker=None, tick=lambda done, total: ticks.append((done, total)))  # type: ignore[arg-type]
    (score,) = report.scores
    assert [phone.label for phone in score.closures.sounds] == ["M", "B", "B", "M", "B", "M", "P", "B", "M"]
    assert [phone.label for phone in score.bites.missed] == ["F", "V", "F", "V"]
    assert score.closures.missed == ()
    assert len(score.closures.false) >= 3
    assert report.baseline_summary()["jaw_r"] > 0.4
    assert [reason[:6] for reason in report.skipped] == ["broken"]
    assert ticks == [(0, 2), (1, 2), (2, 2)]


def shut_mouth(samples: Floats, talker: object, style: str) -> Motion:
    return Motion(np.zeros((-(-len(samples) // 640), len(FACE)), np.float32), FACE)


def test_a_folder_without_transcripts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="expected"):
        evaluate_lips(tmp_path, talker=None)  # type: ignore[arg-type]


def test_results_that_cannot_be_written_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SinkError, match="cannot be written"):
        save_json({}, tmp_path / "nowhere" / "lips.json")
    with pytest.raises(SinkError, match="choose another"):
        make_folder(tmp_path / "file" / "plots")


def test_lips_are_the_channels_of_jaw_and_mouth() -> None:
    assert {"jawOpen", "mouthClose", "mouthRollLower", "mouthUpperUpRight"} <= set(LIPS) <= set(ARKIT)
    assert SILENCE not in LIPS
