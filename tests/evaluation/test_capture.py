from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from facestream.corpora.capture import CaptureClip
from facestream.errors import CorpusError
from facestream.evaluation import capture
from facestream.evaluation.capture import CaptureReport, evaluate_capture, score_capture
from facestream.evaluation.figures import capture_tables, save_json
from facestream.signals import FACE, Floats, Motion

Change = Callable[..., Motion]
CAPTURED = ("jawOpen", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper")


@pytest.fixture
def clip(samples: Floats, reference: Motion) -> CaptureClip:
    captured = np.isin(FACE, CAPTURED)
    measured = Motion(reference.values * captured, FACE)
    unknown = np.zeros(len(reference), np.float32)
    return CaptureClip("made", samples, measured, captured, unknown, unknown > 0)


def test_a_perfect_face_follows_every_captured_channel(clip: CaptureClip, reference: Motion) -> None:
    rows = score_capture(reference, clip)
    assert set(rows) == {*CAPTURED, "rounding", "lip roll"}
    for name, (face, loudness) in rows.items():
        assert face.now == pytest.approx(1.0), name
        assert face.ratio == pytest.approx(1.0), name
        assert face.lag_ms == pytest.approx(0.0, abs=3.0), name
        assert loudness.now < 0.95, name


def test_rounding_forgives_the_other_shape(clip: CaptureClip, reference: Motion, changed: Change) -> None:
    """A face that rounds by one shape where the measured one uses another still rounds."""
    both = np.maximum(reference["mouthFunnel"], reference["mouthPucker"])
    rows = score_capture(changed(reference, mouthFunnel=0.0, mouthPucker=both), clip)
    assert rows["mouthFunnel"][0].now == 0.0
    assert rows["rounding"][0].now == pytest.approx(1.0)


def test_a_late_face_is_late(clip: CaptureClip, reference: Motion) -> None:
    late = Motion(np.roll(reference.values, 2, axis=0)[:-3], FACE)
    face, _ = score_capture(late, clip)["jawOpen"]
    assert face.lag_ms == pytest.approx(80.0, abs=5.0)
    assert face.best > 0.99 > face.now


def test_report_pools_recordings(clip: CaptureClip, reference: Motion, tmp_path: Path) -> None:
    still = Motion(np.zeros_like(reference.values), FACE)
    report = CaptureReport({"good": score_capture(reference, clip), "still": score_capture(still, clip)})
    assert report.pooled()["jawOpen"][0].now == pytest.approx(0.5)
    save_json(report.to_json(), tmp_path / "capture.json")
    found = json.loads((tmp_path / "capture.json").read_text())
    assert found["summary"]["rounding"]["r"] == pytest.approx(0.5)
    assert found["summary"]["rounding"]["loudness"]["r"] is not None
    assert [row["file"] for row in found["files"]] == ["good", "still"]
    assert found["files"][1]["channels"]["jawOpen"]["lag_ms"] is None
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(capture_tables(report))
    assert "all recordings" in console.export_text()


def test_a_folder_of_recordings(clip: CaptureClip, reference: Motion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "read_capture", lambda folder: [clip])
    monkeypatch.setattr(capture, "animate", lambda samples, talker, style: reference)
    report = evaluate_capture(Path("anywhere"), talker=None)  # type: ignore[arg-type]
    assert report.pooled()["lip roll"][0].now == pytest.approx(1.0)


def test_a_folder_without_captures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no captured face"):
        evaluate_capture(tmp_path, talker=None)  # type: ignore[arg-type]
