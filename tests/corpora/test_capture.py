from pathlib import Path

import numpy as np
import pytest
import soundfile

from facestream.corpora.capture import GAINS, ROUND_PARTS, ROUND_SHAPE, read_capture
from facestream.errors import CorpusError
from facestream.signals import FACE

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "face_capture"


def record(
    folder: Path, curves: dict[str, np.ndarray], rig: dict[str, np.ndarray] | None = None, fps: float = 30.0
) -> None:
    frames = len(next(iter(curves.values())))
    all_curves = {name: np.zeros(frames) for name in GAINS} | curves
    rig = rig or {"brow": np.zeros(frames)}
    np.savez(
        folder / "take.npz",
        arkit=np.stack(list(all_curves.values()), 1).astype(np.float32),
        arkit_names=np.array(list(all_curves)),
        weights=np.stack(list(rig.values()), 1).astype(np.float32),
        names=np.array(list(rig)),
        fps=np.float32(fps),
    )
    soundfile.write(folder / "take.wav", np.zeros(int(frames / fps * 16_000), np.float32) + 0.01, 16_000)


def test_curves_keep_their_instants(tmp_path: Path) -> None:
    record(tmp_path, {"jawOpen": np.linspace(0.0, 0.5, 61)})
    (clip,) = read_capture(tmp_path)
    assert clip.name == "take"
    assert len(clip.samples) == round(61 / 30 * 16_000)
    assert len(clip.motion) == 51
    assert clip.motion["jawOpen"] == pytest.approx(np.linspace(0.0, 0.5, 51), abs=1e-6)
    assert [name for name, captured in zip(FACE, clip.captured, strict=True) if captured] == ["jawOpen"]


def test_rolled_lips_come_in_our_scale(tmp_path: Path) -> None:
    roll = 0.2 * np.sin(np.linspace(0, np.pi, 31))
    record(tmp_path, {"mouthRollLower": roll})
    (clip,) = read_capture(tmp_path)
    assert clip.motion["mouthRollLower"].max() == pytest.approx(0.2 * GAINS["mouthRollLower"], rel=0.01)


def test_the_rigs_own_rounding_rounds(tmp_path: Path) -> None:
    record(tmp_path, {"jawOpen": np.zeros(31)}, {ROUND_SHAPE: np.linspace(0, 1, 31)})
    (clip,) = read_capture(tmp_path)
    for name, part in ROUND_PARTS.items():
        assert clip.motion[name][-1] == pytest.approx(part)


def test_closures_are_known_where_lips_roll_in_or_the_jaw_is_open(tmp_path: Path) -> None:
    frames = np.arange(91)
    closed, jaw = (frames > 30) & (frames < 40), np.where(frames > 60, 0.4, 0.0)
    record(tmp_path, {"mouthRollLower": 0.25 * closed, "mouthRollUpper": 0.25 * closed, "jawOpen": jaw})
    (clip,) = read_capture(tmp_path)
    at = {instant: round(instant * 25) for instant in (0.5, 1.16, 2.6)}
    assert clip.seal[at[1.16]] == 1.0
    assert clip.seal_known[at[1.16]]
    assert clip.seal[at[2.6]] == 0.0
    assert clip.seal_known[at[2.6]]
    assert not clip.seal_known[at[0.5]]


def test_folders_that_are_not_captures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no captured face"):
        read_capture(tmp_path)
    np.savez(tmp_path / "take.npz", something=np.zeros(3))
    with pytest.raises(CorpusError, match="sound beside it"):
        read_capture(tmp_path)
    soundfile.write(tmp_path / "take.wav", np.zeros(1600, np.float32), 16_000)
    with pytest.raises(CorpusError, match="no captured face"):
        read_capture(tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="the captured face is not beside the checkout")
def test_a_real_capture_is_speech() -> None:
    clips = read_capture(REAL)
    assert len(clips) == 5
    for clip in clips:
        assert abs(len(clip.samples) / 16_000 - clip.motion.seconds) < 0.2
        jaw = clip.motion["jawOpen"]
        assert 0.3 < np.percentile(jaw, 99) < 0.7
        assert clip.captured[FACE.index("mouthPucker")]
        assert not clip.captured[FACE.index("eyeBlinkLeft")]
        assert jaw[clip.seal > 0.5].max() < 0.08
