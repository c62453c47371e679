from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facestream.errors import SinkError
from facestream.sinks.contact_sheet import contact_sheet, save_png


def test_frames_lie_in_rows_under_their_labels() -> None:
    frames = [np.full((10, 20, 3), shade, np.uint8) for shade in (10, 60, 110)]
    sheet = contact_sheet(frames, ["a", "b", "c"], columns=2)
    height = sheet.shape[0] // 2
    assert sheet.shape[1] == 40
    assert (sheet[height - 10 : height, 20:] == 60).all()
    assert (sheet[2 * height - 10 :, :20] == 110).all()
    assert (sheet[height : 2 * height, 20:] == 255).all()


def test_misfits_are_refused() -> None:
    frame = np.zeros((4, 4, 3), np.uint8)
    for frames, labels in (([], []), ([frame], []), ([frame, frame[:2]], ["a", "b"])):
        with pytest.raises(SinkError):
            contact_sheet(frames, labels, 2)


def test_png_is_read_back(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    save_png(picture, tmp_path / "a.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), picture)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot be written"):
        save_png(np.zeros((2, 2, 3), np.uint8), tmp_path / "nowhere" / "a.png")
