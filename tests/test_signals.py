"""Motion: curves by name, saved and read again, and what is said when they do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facestream.errors import MotionError, SinkError
from facestream.signals import ARKIT, FACE, ROTATIONS, TONGUE, Motion

ENDINGS = (".npz", ".csv", ".NPZ", ".CSV")


def motion(frames: int = 30, channels: tuple[str, ...] = FACE, fps: float = 25.0) -> Motion:
    values = np.random.default_rng(frames).uniform(-1, 1, (frames, len(channels))).astype(np.float32)
    return Motion(values, channels, fps)


def test_a_face_has_every_name_once() -> None:
    assert (len(ARKIT), len(TONGUE), len(ROTATIONS)) == (52, 16, 9)
    assert len(set(FACE)) == len(FACE) == 77


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("frames", [0, 1, 2, 30])
def test_what_is_saved_is_read_again(tmp_path: Path, ending: str, frames: int) -> None:
    saved = motion(frames)
    saved.save(tmp_path / f"talk{ending}")
    read = Motion.load(tmp_path / f"talk{ending}")
    assert read.channels == saved.channels
    assert read.fps == saved.fps
    assert len(read) == frames
    np.testing.assert_allclose(read.values, saved.values, rtol=1e-5 if ending.lower() == ".csv" else 0)
    assert read.values.dtype == np.float32
    assert [path.name for path in tmp_path.iterdir()] == [f"talk{ending}"]


@pytest.mark.parametrize("ending", [".npz", ".csv"])
@pytest.mark.parametrize("fps", [10, 25, 29.97, 50, 60, 100])
def test_the_rate_is_read_again(tmp_path: Path, ending: str, fps: float) -> None:
    motion(40, fps=fps).save(tmp_path / f"talk{ending}")
    assert Motion.load(tmp_path / f"talk{ending}").fps == pytest.approx(fps, abs=0.005)


def test_names_that_need_quoting_survive_in_csv(tmp_path: Path) -> None:
    odd = ('with,comma', 'with "quotes"', "mit Ümlaut")  # fmt: skip
    motion(3, odd).save(tmp_path / "talk.csv")
    assert Motion.load(tmp_path / "talk.csv").channels == odd


def test_select_goes_by_name_and_fills_with_zeros() -> None:
    whole = motion()
    some = whole.select(("jawOpen", "notAChannel", "eyeBlinkLeft"))
    assert some.channels == ("jawOpen", "notAChannel", "eyeBlinkLeft")
    np.testing.assert_array_equal(some["jawOpen"], whole["jawOpen"])
    np.testing.assert_array_equal(some["eyeBlinkLeft"], whole["eyeBlinkLeft"])
    assert not some["notAChannel"].any()
    assert some.fps == whole.fps


def test_length_in_frames_and_in_seconds() -> None:
    assert len(motion(30)) == 30
    assert motion(30).seconds == pytest.approx(1.2)


def test_an_unknown_channel_is_named_with_those_there_are() -> None:
    with pytest.raises(MotionError, match=r"no channel 'jaw'; it has: jawOpen, mouthClose"):
        motion(3, ("jawOpen", "mouthClose"))["jaw"]


@pytest.mark.parametrize("shape", [(77,), (3, 76), (3, 77, 1), (0,)])
def test_values_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(MotionError, match=r"expected \[frames, 77\]"):
        Motion(np.zeros(shape, np.float32), FACE)


def test_two_channels_of_one_name_are_refused() -> None:
    with pytest.raises(MotionError, match="name of its own"):
        Motion(np.zeros((1, 2), np.float32), ("jawOpen", "jawOpen"))


@pytest.mark.parametrize("name", ["talk.txt", "talk", ".csv"])
def test_another_ending_is_refused_in_both_directions(tmp_path: Path, name: str) -> None:
    with pytest.raises(MotionError, match=r"\.npz or \.csv"):
        motion().save(tmp_path / name)
    (tmp_path / name).touch()
    with pytest.raises(MotionError, match=r"\.npz or \.csv"):
        Motion.load(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MotionError, match=r"no motion file '.*talk\.npz'"):
        Motion.load(tmp_path / "talk.npz")


@pytest.mark.parametrize("ending", [".npz", ".csv"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_torn_file_is_said_to_be_no_motion(tmp_path: Path, ending: str, share: float) -> None:
    path = tmp_path / f"talk{ending}"
    motion(200).save(path)
    content = path.read_bytes()[: int(share * path.stat().st_size)]
    if ending == ".csv" and content:  # within the last number a tear cannot be seen; a short row can
        content = content[: content.rindex(b",", 0, content.rindex(b"\n"))]
    path.write_bytes(content)
    with pytest.raises(MotionError, match="not a motion file"):
        Motion.load(path)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n0,1\n",
        "time,jawOpen\n0,wide\n",
        "time,jawOpen\n0,1\n0,1\n",
        "time,jawOpen\n1,1\n0,1\n",
        "time,jawOpen,jawOpen\n0,1,1\n",
    ],
)
def test_a_table_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "talk.csv").write_text(text)
    with pytest.raises(MotionError):
        Motion.load(tmp_path / "talk.csv")


@pytest.mark.parametrize("ending", [".npz", ".csv"])
def test_a_folder_that_is_not_there_is_said(tmp_path: Path, ending: str) -> None:
    with pytest.raises(SinkError, match="cannot be written"):
        motion().save(tmp_path / "nowhere" / f"talk{ending}")


def test_an_older_file_stays_when_the_new_one_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "talk.npz"
    motion(5).save(path)

    def torn(unfinished: Path, content: bytes) -> None:
        with unfinished.open("wb") as file:
            file.write(content[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", torn)
    with pytest.raises(SinkError, match="No space left"):
        motion(9).save(path)
    assert len(Motion.load(path)) == 5
    assert list(tmp_path.iterdir()) == [path]
