"""The four sets in their own layouts: lists are read to the letter, clips are found, cut and cropped."""

from pathlib import Path

import numpy as np
import pytest

from facestream.corpora.footage.avspeech import open_avspeech
from facestream.corpora.footage.hdtf import open_hdtf
from facestream.corpora.footage.ravdess import open_ravdess
from facestream.corpora.footage.shots import Box
from facestream.corpora.footage.vfhq import open_vfhq
from facestream.errors import CorpusError

from .filming import film, lines

ID = "u5MPyrRJPm-"  # YouTube's ids have dashes, too


def hdtf(folder: Path) -> Path:
    lists = folder / "HDTF_dataset"
    url = "https://www.youtube.com/watch?v="
    lines(lists / "RD_video_url.txt", ("Radio11", url + "a"), ("Radio34", url + "b"))
    lines(lists / "RD_annotion_time.txt", ("Radio11.mp4", "00:30-01:00", "01:30-02:30"), ("Radio34.mp4", "00:02-00:05"))
    lines(lists / "RD_crop_wh.txt", ("Radio11_0.mp4", 412, 599, 0, 599), ("Radio11_1.mp4", 557, 478, 0, 478))
    lines(lists / "RD_resolution.txt", ("Radio11.mp4", 720), ("Radio34.mp4", 0))
    lines(lists / "WDA_annotion_time.txt", ("ChrisCoons1.mp4", "1:00:12-1:03:10"))
    lines(lists / "WDA_crop_wh.txt", ("ChrisCoons1_0.mp4", 10, 40, 4, 40))
    return folder


def test_hdtf_is_found_whole_cut_and_cropped(tmp_path: Path) -> None:
    folder = hdtf(tmp_path)
    (folder / "videos").mkdir()
    (folder / "videos" / "Radio11.mp4").touch()
    film(folder / "clips" / "Radio34_0.mp4")
    film(folder / "clips" / "WDA_ChrisCoons1_000.mp4", size=(64, 64))
    found = open_hdtf(folder)
    whole, second, cut, cropped = found.shots
    assert [shot.id for shot in found.shots] == ["RD_Radio11_0", "RD_Radio11_1", "RD_Radio34_0", "WDA_ChrisCoons1_0"]
    assert {shot.speaker for shot in found.shots} == {"hdtf-Radio", "hdtf-ChrisCoons"}
    assert (whole.cut.start, whole.cut.end, whole.cut.crop) == (30, 60, Box(412, 0, 599, 599, 720))
    assert (second.cut.start, second.cut.end) == (90, 150)
    assert cut.video.name == "Radio34_0.mp4" and cut.cut.start == 0 and cut.cut.crop is None  # the lists have no crop
    assert cropped.cut.crop is None and cropped.cut.start == 0  # square already
    assert not found.missing and "RD_Radio34_0" in found.remarks[0]


def test_a_clip_that_was_cut_but_not_cropped_is_cropped(tmp_path: Path) -> None:
    folder = hdtf(tmp_path)
    film(folder / "ChrisCoons1_0.mp4", size=(96, 64))
    found = open_hdtf(folder)
    assert found.shots[0].cut.crop == Box(10, 4, 40, 40, None)
    assert found.missing == ("RD_Radio11_0", "RD_Radio11_1", "RD_Radio34_0")


def test_avspeech_has_splits_whole_videos_and_clips(tmp_path: Path) -> None:
    (tmp_path / "avspeech_train.csv").write_text(
        f"{ID},12.5,15.04,0.25,0.4\n{ID},90,93,0.5,0.5\nabsent_____,0,3,.5,.5\n"
    )
    (tmp_path / "avspeech_test.csv").write_text("hPqZ8RkJ9w0,1.000000,4.500000,0.7,0.3\n")
    (tmp_path / f"{ID}.mp4").touch()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / f"{ID}_90.0_93.0_video.mp4").touch()
    (tmp_path / "cut" / "hPqZ8RkJ9w0_1.000000_4.500000.mp4").touch()
    found = open_avspeech(tmp_path)
    test, whole, clip = found.shots
    assert (test.split, whole.split, clip.split) == ("test", "train", "train")
    assert (whole.cut.start, whole.cut.end, whole.face) == (12.5, 15.04, (0.25, 0.4))
    assert clip.video.parent.name == "cut" and clip.cut.start == 0 and test.video.parent.name == "cut"
    assert whole.speaker == clip.speaker != test.speaker
    assert found.missing == ("absent______0.000000",)


def test_vfhq_reads_a_text_file_a_clip(tmp_path: Path) -> None:
    meta = tmp_path / "meta_info"
    rest = (("1", 0.5, 0.5),)  # further lines are landmarks and the like
    for clip, frames in (("C0", "F100-400"), ("C1", "F500-700")):
        crop = ("CROP", 600, 120, 1300, 820)
        lines(meta / f"Clip+{ID}+P1+{clip}+{frames}.txt", ("H", 1080), ("W", 1920), ("FPS", 25.0), crop, *rest)
    (tmp_path / f"{ID}.mkv").touch()
    film(tmp_path / f"Clip+{ID}+P1+C1.mp4", size=(64, 64))
    found = open_vfhq(tmp_path)
    whole, clip = found.shots
    assert (whole.cut.start, whole.cut.end) == (101 / 25, 399 / 25)
    assert whole.cut.crop == Box(600, 120, 700, 700, 1080)
    assert clip.cut.crop is None and clip.cut.start == 0
    assert whole.speaker == clip.speaker == f"vfhq-{ID}-P1"


def test_ravdess_is_known_by_its_numbers(tmp_path: Path) -> None:
    for name in ("01-01-05-02-01-01-12", "02-01-05-02-01-01-12", "01-02-05-02-01-01-12", "01-01-01-01-02-02-03"):
        (tmp_path / f"Actor_{name[-2:]}").mkdir(exist_ok=True)
        (tmp_path / f"Actor_{name[-2:]}" / f"{name}.mp4").touch()
    found = open_ravdess(tmp_path)
    quiet, angry = found.shots
    assert angry.about == {"emotion": "angry", "intensity": "strong", "text": "Kids are talking by the door."}
    assert (quiet.speaker, angry.speaker) == ("ravdess-03", "ravdess-12")
    assert len(found.missing) == 24 * 60 - 2


@pytest.mark.parametrize(
    ("path", "text", "opened", "told"),
    [
        ("RD_annotion_time.txt", "a.mp4 00:30\n", open_hdtf, r"line 1: '00:30'; expected a span such as"),
        ("avspeech_train.csv", "abc,1,2,0.5\n", open_avspeech, r"line 1: 'abc,1,2,0.5'; expected YouTube id"),
        (f"Clip+{ID}+P0+C0+F1-200.txt", "H 1080\nW 1920\nCROP 1 2 3\n", open_vfhq, r"lacks FPS, CROP"),
        ("Clip+odd.txt", "", open_vfhq, r"expected a name such as Clip\+ID"),
    ],
)
def test_a_torn_list_is_told_by_its_line(tmp_path: Path, path: str, text: str, opened, told: str) -> None:
    (tmp_path / path).write_text(text)
    with pytest.raises(CorpusError, match=told):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("opened", "told"),
    [
        (open_hdtf, "https://github.com/MRzzm/HDTF"),
        (open_avspeech, "https://looking-to-listen.github.io"),
        (open_vfhq, "https://liangbinxie.github.io/projects/vfhq"),
        (open_ravdess, "https://zenodo.org/records/1188976"),
    ],
)
def test_without_lists_it_is_told_where_they_are_had(tmp_path: Path, opened, told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        opened(tmp_path)
    with pytest.raises(CorpusError, match="is not a folder"):
        opened(tmp_path / "none")


def test_a_box_counts_in_the_lists_resolution_and_never_leaves_the_picture() -> None:
    picture = np.arange(40 * 60 * 3, dtype=np.uint8).reshape(40, 60, 3)
    np.testing.assert_array_equal(Box(20, 10, 40, 40, of=80)(picture), picture[5:25, 10:30])
    assert Box(50, -5, 40, 20)(picture).shape == (15, 10, 3)
    with pytest.raises(CorpusError, match="lies outside its picture of 60 x 40"):
        Box(70, 0, 10, 10)(picture)
