"""From films to measured faces: cut to the frame, cropped, sorted out, gone on with, and trained on."""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import soundfile

from facestream.audio.waveform import read_audio
from facestream.corpora.capture import list_capture, read_capture
from facestream.corpora.footage.avspeech import open_avspeech
from facestream.corpora.footage.hdtf import open_hdtf
from facestream.corpora.footage.job import Sieve, prepare_footage
from facestream.corpora.footage.ravdess import open_ravdess
from facestream.corpora.footage.sync import Sync, measure_sync
from facestream.corpora.footage.vfhq import open_vfhq
from facestream.corpora.video import Picture, Seen, Stretch, track_video
from facestream.errors import CorpusError
from facestream.signals import Motion

from .filming import RATE, film, lines, loudness, see

SHARED = Path(__file__).parents[3].parent / "shared"

ID = "u5MPyrRJPmc"


def rows(out: Path) -> dict[str, dict]:
    return {row["id"]: row for row in map(json.loads, (out / "index.jsonl").read_text().splitlines())}


def test_hdtf_is_cut_and_cropped_to_the_frame(tmp_path: Path, tracker: Path) -> None:
    folder = tmp_path / "set"
    lines(folder / "WRA_annotion_time.txt", ("TimScott0.mp4", "00:01-00:04"), ("Absent.mp4", "00:00-00:09"))
    lines(folder / "WRA_crop_wh.txt", ("TimScott0_0.mp4", 32, 64, 16, 64))
    lines(folder / "WRA_resolution.txt", ("TimScott0.mp4", 128))
    film(folder / "TimScott0.mp4", 5.0, (96, 64), (16, 8, 48, 40), (50, 0, 96, 64))  # half the list's resolution
    told = prepare_footage(open_hdtf(folder), tracker, tmp_path / "out")
    assert told[0].startswith("hdtf: 1 of 1 clips kept") and "missing: 1 clips (WRA_Absent_0)" in told[-1]
    (clip,) = read_capture(tmp_path / "out")
    assert clip.name == "WRA_TimScott0_0" and 74 <= len(clip.motion) <= 75
    level = loudness(5.0)[100:400:4][: len(clip.motion)]
    slope = np.polyfit(level, clip.motion["jawOpen"], 1)[0]
    assert slope == pytest.approx(1 / (1 - np.percentile(level, 5)), abs=0.15)
    (known,) = list_capture(tmp_path / "out")
    assert (known.speaker, known.test) == ("hdtf-TimScott", False)


def test_vfhq_and_ravdess_go_the_same_way(tmp_path: Path, tracker: Path) -> None:
    name = f"Clip+{ID}+P0+C3+F24-101"
    crop = ("CROP", 32, 16, 96, 80)
    lines(tmp_path / "v" / f"{name}.txt", ("H", 128), ("W", 192), ("FPS", 25), crop)
    film(tmp_path / "v" / f"{ID}.mp4", 5.0, (96, 64), (16, 8, 48, 40), (50, 0, 96, 64))
    prepare_footage(open_vfhq(tmp_path / "v"), tracker, tmp_path / "vfhq")
    (clip,) = read_capture(tmp_path / "vfhq")
    assert clip.name == name and len(clip.motion) == 75
    film(tmp_path / "r" / "Actor_02" / "01-01-03-01-02-01-02.mp4", 2.0, (96, 64))
    prepare_footage(open_ravdess(tmp_path / "r"), tracker, tmp_path / "ravdess")
    (row,) = rows(tmp_path / "ravdess").values()
    assert (row["speaker"], row["emotion"], row["licence"]) == ("ravdess-02", "happy", "CC-BY-NC-SA-4.0")


def test_avspeech_keeps_to_the_face_that_the_list_means(tmp_path: Path, tracker: Path) -> None:
    """Somebody small to the left speaks; the tracker alone would see somebody large to the right, who does not."""
    (tmp_path / "avspeech_test.csv").write_text(f"{ID},0.5,3.5,0.25,0.5\n")
    film(tmp_path / f"{ID}.mp4", 4.0, (192, 96), (36, 36, 60, 60), (110, 10, 180, 80))
    prepare_footage(open_avspeech(tmp_path), tracker, tmp_path / "out")
    (clip,) = read_capture(tmp_path / "out")
    (known,) = list_capture(tmp_path / "out")
    assert known.test and known.speaker == f"avspeech-{ID}"
    level = loudness(4.0)[50:350:4][: len(clip.motion)]
    assert np.corrcoef(clip.motion["jawOpen"], level)[0, 1] > 0.98


def test_what_moves_too_far_or_is_not_in_step_is_left_out(tmp_path: Path, tracker: Path) -> None:
    folder = tmp_path / "r" / "Actor_01"
    film(folder / "01-01-01-01-01-01-01.mp4", 3.0)
    film(folder / "01-01-01-01-01-02-01.mp4", 3.0, late=0.4)
    film(folder / "01-01-01-01-02-01-01.mp4", 3.0, patch=(0, 0, 0, 0))  # dark
    told = "\n".join(prepare_footage(open_ravdess(tmp_path / "r"), tracker, tmp_path / "out"))
    assert "1 of 3 clips kept" in told and "1 x lips and sound are apart" in told
    late = rows(tmp_path / "out")["01-01-01-01-01-02-01"]
    assert late["lag"][0] == pytest.approx(0.4, abs=0.05) and late["clips"] == []
    assert "face" in rows(tmp_path / "out")["01-01-01-01-02-01-01"]["error"]


def test_a_face_that_crosses_half_the_picture_is_left_out(tmp_path: Path) -> None:
    def walks(moved: float) -> str | None:
        motion = Motion(np.zeros((25, 1), np.float32), ("jawOpen",))
        return Sieve().reason(Stretch(motion, np.zeros(RATE, np.float32), moved), Sync(0.9, 0.0))

    assert walks(0.49) is None and "moves over too much" in (walks(0.51) or "")
    path = film(tmp_path / "a.mp4", 2.0)
    places = iter(np.linspace(0, 0.6, 100))

    def wandering(picture: Picture) -> Seen | None:
        seen, x = see(picture), next(places)
        return seen and replace(seen, place=(x, 0.2, x + 0.3, 0.8))

    (stretch,) = track_video(path, wandering, quiet=True)
    assert stretch.moved == pytest.approx(0.6 * 49 / 99)


def test_it_goes_on_where_it_stopped_and_takes_up_what_came_since(
    tmp_path: Path, tracker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "r" / "Actor_01"
    film(folder / "01-01-01-01-01-01-01.mp4", 2.0)
    prepare_footage(open_ravdess(tmp_path / "r"), tracker, tmp_path / "out")
    before = (tmp_path / "out" / "01-01-01-01-01-01-01.npz").stat().st_mtime_ns
    film(folder / "01-01-01-01-02-01-01.mp4", 2.0, seed=3)
    told = prepare_footage(open_ravdess(tmp_path / "r"), tracker, tmp_path / "out")
    assert told[0].startswith("ravdess: 2 of 2 clips kept")
    assert (tmp_path / "out" / "01-01-01-01-01-01-01.npz").stat().st_mtime_ns == before
    empty = lines(tmp_path / "none" / "RD_annotion_time.txt", ("a.mp4", "00:00-00:09")).parent
    with pytest.raises(CorpusError, match=r"none of the videos is there; missing: 1 clips \(RD_a_0\)"):
        prepare_footage(open_hdtf(empty), tracker, tmp_path / "nothing")


def test_features_hold_out_whole_speakers_and_what_the_lists_test_on(tmp_path: Path, tracker: Path) -> None:
    pytest.importorskip("torch")
    from facestream.training.features import Features
    from facestream.training.prepare import prepare_features

    silence = tmp_path / "features" / "silence" / "index.json"
    silence.parent.mkdir(parents=True)
    silence.touch()  # made already
    other = "hPqZ8RkJ9w0"
    (tmp_path / "avspeech_train.csv").write_text(f"{ID},0,2,0.5,0.5\n")
    (tmp_path / "avspeech_test.csv").write_text(f"{other},0,2,0.5,0.5\n")
    for seed, name in enumerate((ID, other)):
        film(tmp_path / f"{name}.mp4", 2.2, seed=seed)
    prepare_footage(open_avspeech(tmp_path), tracker, tmp_path / "out")
    prepare_features({"avspeech": tmp_path / "out"}, tmp_path / "features", versions=1)
    (clean, copy) = Features(tmp_path / "features" / "avspeech").items
    assert clean.speaker == copy.speaker == f"avspeech-{ID}" and clean.clean and not copy.clean
    assert "jawOpen" in clean.measured
    (test,) = Features(tmp_path / "features" / "avspeech-held-out").items
    assert test.speaker == f"avspeech-{other}"


def test_our_own_head_speaks_in_hdtfs_layout(tmp_path: Path) -> None:
    """`animate` makes the film: who says what is heard is kept."""
    pytest.importorskip("mediapipe")
    model = next(iter((SHARED / "assets").glob("*.task")), None)
    if model is None:
        pytest.skip("no tracker at ../shared/assets")
    from facestream.cli.animate import animate_file
    from facestream.runtime.talker import load

    folder = tmp_path / "set"
    folder.mkdir()
    speech = read_audio(Path(str(files("facestream") / "assets" / "sample.flac")))[: 3 * RATE]
    soundfile.write(tmp_path / "speech.wav", speech, RATE)
    animate_file(tmp_path / "speech.wav", folder / "Us0_0.mp4", load(None), size=224)
    lines(folder / "RD_annotion_time.txt", ("Us0.mp4", "00:00-00:03"))
    told = prepare_footage(open_hdtf(folder), model, tmp_path / "out")
    assert told[0].startswith("hdtf: 1 of 1 clips kept"), rows(tmp_path / "out")
    (clip,) = read_capture(tmp_path / "out")
    assert len(clip.motion) >= 72
    (row,) = rows(tmp_path / "out").values()
    assert row["agreement"][0] > 0.4 and abs(row["lag"][0]) <= 0.12


def test_sync_finds_how_late_a_sound_is_and_that_strangers_do_not_agree() -> None:
    level = loudness(6.0)
    rng = np.random.default_rng(0)
    sound = 10 ** (1.5 * (np.repeat(level, RATE // 100) - 1)) * rng.normal(scale=0.2, size=6 * RATE)
    gap = 0.3 * level[::4]
    assert measure_sync(gap, sound, 25).lag == 0 and measure_sync(gap, sound, 25).agreement > 0.9
    for late in (-0.2, 0.32):
        assert measure_sync(gap, np.roll(sound, round(late * RATE)), 25).lag == pytest.approx(late, abs=0.021)
    assert measure_sync(gap, 0 * sound, 25).agreement == 0 and measure_sync(0 * gap, sound, 25).agreement == 0
    stranger = 0.3 * loudness(6.0, seed=9)[::4]
    assert measure_sync(stranger, sound, 25).agreement < 0.6
