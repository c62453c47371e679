"""Decoding: any format, rate and channel count becomes the same mono 16 kHz sound; bad files say what is wrong."""

from __future__ import annotations

import logging
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.audio.waveform import Resampler, audio_blocks, check_samples, mono, read_audio
from facestream.errors import AudioError
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

RATES = (8000, 11025, 16000, 22050, 44100, 48000, 96000)


def tone(rate: int, seconds: float = 1.0) -> Floats:
    """A 440 Hz tone that swells and fades, so that edges do not matter."""
    t = np.arange(int(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * 440 * t) * np.sin(np.pi * t / seconds)).astype(np.float32)


def write_av(path: Path, sound: Floats, rate: int, picture: bool = False) -> Path:
    """AAC sound and, if asked for, a second of black picture."""
    with av.open(str(path), "w") as out:
        track = out.add_stream("aac", rate=rate, layout="mono") if len(sound) else None
        if picture:
            video = out.add_stream("mpeg4", rate=25, width=64, height=64, pix_fmt="yuv420p")
            for _ in range(25):
                out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
            out.mux(video.encode())
        if track is not None:
            frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            frame.sample_rate = rate
            out.mux(track.encode(frame))
            out.mux(track.encode())
    return path


def resemblance(sound: Floats, expected: Floats, slack: int = 3200) -> float:
    """Largest correlation over small shifts: lossy formats add up to 0.1 s of their own."""
    padded = np.pad(sound, slack)
    scores = np.correlate(padded[: len(expected) + 2 * slack], expected, "valid")
    return float(scores.max() / (np.linalg.norm(expected) * np.linalg.norm(sound)))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RATES), st.lists(st.integers(0, 5000), min_size=1, max_size=20))
def test_any_packets_resample_to_the_same_bits_as_the_whole(rate: int, sizes: list[int]) -> None:
    sound = np.random.default_rng(0).standard_normal(sum(sizes)).astype(np.float32) * np.float32(0.1)
    whole, packets = Resampler(rate), Resampler(rate)
    expected = np.concatenate((whole.push(sound), whole.flush()))
    pieces, start = [], 0
    for size in sizes:
        pieces.append(packets.push(sound[start : start + size]))
        start += size
    assert np.array_equal(np.concatenate((*pieces, packets.flush())), expected)
    assert abs(len(expected) - len(sound) * SAMPLE_RATE / rate) <= 1


def test_a_flushed_resampler_is_as_new() -> None:
    resampler = Resampler(48000)
    first = np.concatenate((resampler.push(tone(48000)), resampler.flush()))
    assert np.array_equal(np.concatenate((resampler.push(tone(48000)), resampler.flush())), first)


def test_sound_at_16_khz_passes_unchanged_and_at_once() -> None:
    assert np.array_equal(Resampler(SAMPLE_RATE).push(tone(SAMPLE_RATE)), tone(SAMPLE_RATE))


@pytest.mark.parametrize("rate", [0, -8000, 2_000_000])
def test_an_impossible_rate_is_refused(rate: int) -> None:
    with pytest.raises(AudioError, match=str(rate)):
        Resampler(rate)


@pytest.mark.parametrize("rate", RATES)
def test_every_rate_gives_the_same_sound(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", tone(rate), rate, subtype="FLOAT")
    heard, expected = read_audio(tmp_path / "a.wav"), tone(SAMPLE_RATE)
    assert abs(len(heard) - len(expected)) <= 1
    length = min(len(heard), len(expected))
    assert heard[:length] == pytest.approx(expected[:length], abs=2e-3)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_sample_type_gives_the_same_sound(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "a.wav", tone(SAMPLE_RATE), SAMPLE_RATE, subtype=subtype)
    coarse = subtype in ("PCM_U8", "ULAW")
    assert read_audio(tmp_path / "a.wav") == pytest.approx(tone(SAMPLE_RATE), abs=0.02 if coarse else 1e-4)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.flac", {}), ("a.ogg", {}), ("a.mp3", {}), ("a.aiff", {}), ("a.opus", {"format": "OGG", "subtype": "OPUS"})],
)
def test_formats_of_libsndfile(tmp_path: Path, name: str, kind: dict[str, str]) -> None:
    soundfile.write(tmp_path / name, tone(48000), 48000, **kind)
    heard = read_audio(tmp_path / name)
    assert heard.dtype == np.float32
    assert len(heard) == pytest.approx(SAMPLE_RATE, abs=1600)
    assert resemblance(heard, tone(SAMPLE_RATE)) > 0.99


@pytest.mark.parametrize(("name", "picture"), [("a.m4a", False), ("a.mp4", True), ("a.mkv", True), ("a.mov", True)])
def test_formats_of_ffmpeg_and_sound_tracks_of_videos(tmp_path: Path, name: str, picture: bool) -> None:
    heard = read_audio(write_av(tmp_path / name, tone(44100), 44100, picture))
    assert len(heard) == pytest.approx(SAMPLE_RATE, abs=1600)
    assert resemblance(heard, tone(SAMPLE_RATE)) > 0.99


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
def test_blocks_of_a_long_file_join_without_a_seam(tmp_path: Path, name: str) -> None:
    sound = np.tile(tone(48000), 4)
    soundfile.write(tmp_path / name, sound, 48000)
    whole, _ = soundfile.read(tmp_path / name, dtype="float32")  # in one piece
    expected = Resampler(48000)
    expected_sound = np.concatenate((expected.push(whole), expected.flush()))
    assert read_audio(tmp_path / name) == pytest.approx(expected_sound, abs=1e-4)


def test_the_ending_of_the_name_does_not_matter(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(SAMPLE_RATE), SAMPLE_RATE, subtype="FLOAT")
    for name in ("a.mp3", "a.raw", "a"):
        (tmp_path / name).write_bytes((tmp_path / "a.wav").read_bytes())
        assert np.array_equal(read_audio(tmp_path / name), tone(SAMPLE_RATE))


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    gains = np.linspace(0, 1, channels + 1, dtype=np.float32)[1:]
    soundfile.write(tmp_path / "a.wav", tone(SAMPLE_RATE)[:, None] * gains, SAMPLE_RATE, subtype="FLOAT")
    assert read_audio(tmp_path / "a.wav") == pytest.approx(tone(SAMPLE_RATE) * gains.mean(), abs=1e-6)


def test_a_file_equals_its_samples_as_packets(tmp_path: Path) -> None:
    sound = np.tile(tone(44100), 3)
    soundfile.write(tmp_path / "a.wav", sound, 44100, subtype="FLOAT")
    resampler = Resampler(44100)
    packets = [resampler.push(sound[i : i + 441]) for i in range(0, len(sound), 441)]
    assert np.array_equal(np.concatenate((*packets, resampler.flush())), read_audio(tmp_path / "a.wav"))


def test_long_files_come_in_blocks(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.tile(tone(SAMPLE_RATE), 20), SAMPLE_RATE)
    blocks = list(audio_blocks(tmp_path / "a.wav"))
    assert sum(map(len, blocks)) == 20 * SAMPLE_RATE
    assert max(map(len, blocks)) < 5 * SAMPLE_RATE


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_integers_are_scaled_by_their_range(dtype: type) -> None:
    low = np.iinfo(dtype).min
    assert mono(np.array([low, 0, low // 2], dtype)).tolist() == [-1.0, 0.0, -0.5]
    assert mono(np.array([[low, 0]], dtype)).tolist() == [-0.5]


def test_unsigned_bytes_rest_at_128() -> None:
    assert mono(np.array([0, 128, 192], np.uint8)).tolist() == [-1.0, 0.0, 0.5]


def test_samples_that_are_not_finite_are_counted_and_placed() -> None:
    sound = tone(SAMPLE_RATE)
    sound[[8000, 9000]] = np.nan, np.inf
    with pytest.raises(AudioError, match=r"2 samples .* first at sample 24000 \(1\.500 s\)"):
        check_samples(sound, start=SAMPLE_RATE)


def test_samples_of_16_bit_size_are_explained() -> None:
    with pytest.raises(AudioError, match="divide 16-bit values by 32768"):
        check_samples(tone(SAMPLE_RATE) * 32768)


def test_channels_are_not_samples() -> None:
    with pytest.raises(AudioError, match=r"shape \(2, 100\)"):
        check_samples(np.zeros((2, 100), np.float32))
    with pytest.raises(AudioError, match="shape"):
        mono(np.zeros((1, 2, 3), np.float32))


def test_clipped_sound_is_sound(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.clip(tone(SAMPLE_RATE) * 40, -1, 1), SAMPLE_RATE, subtype="FLOAT")
    assert np.abs(read_audio(tmp_path / "a.wav")).max() == 1


def test_a_file_with_nan_says_where(tmp_path: Path) -> None:
    sound = tone(48000)
    sound[24000:24010] = np.nan
    soundfile.write(tmp_path / "a.wav", sound, 48000, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"a\.wav' holds 10 samples .* \(0\.500 s\)"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg", "a.m4a"])
def test_a_truncated_file_is_used_as_far_as_it_goes(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    noise = np.random.default_rng(0).standard_normal(10 * SAMPLE_RATE) * 0.02  # so that every second costs its bytes
    sound = np.tile(tone(SAMPLE_RATE), 10) + noise.astype(np.float32)
    if name == "a.m4a":
        whole = write_av(
            tmp_path / "whole.mkv", sound, SAMPLE_RATE, "aac"
        )  # an mp4's index is at its end: all or nothing
    else:
        soundfile.write(tmp_path / f"whole_{name}", sound, SAMPLE_RATE)
        whole = tmp_path / f"whole_{name}"
    content = whole.read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with caplog.at_level(logging.WARNING, "facestream"):
        heard = read_audio(tmp_path / name)
    assert 0.3 * len(sound) < len(heard) < 0.7 * len(sound)
    assert resemblance(heard[:SAMPLE_RATE], tone(SAMPLE_RATE)) > 0.99
    if name in ("a.wav", "a.flac", "a.mp3"):  # the other formats do not say how long they are
        assert "a" + Path(name).suffix in caplog.text


def test_a_piped_wav_without_a_length_is_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    soundfile.write(tmp_path / "a.wav", tone(SAMPLE_RATE), SAMPLE_RATE)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    (tmp_path / "a.wav").write_bytes(content)
    assert len(read_audio(tmp_path / "a.wav")) == SAMPLE_RATE
    assert not caplog.records


def test_a_file_cut_within_its_header_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(SAMPLE_RATE), SAMPLE_RATE)
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[:20])
    with pytest.raises(AudioError, match="is not sound"):
        read_audio(tmp_path / "a.wav")
    (tmp_path / "a.wav").write_bytes(content[:44])
    with pytest.raises(AudioError, match="no samples"):
        read_audio(tmp_path / "a.wav")


def test_a_tag_in_an_old_alphabet_does_not_matter(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        out.metadata["title"] = "Xyzzy"
        track = out.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(SAMPLE_RATE)[None], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        out.mux(track.encode(frame))
        out.mux(track.encode())
    content = (tmp_path / "a.mkv").read_bytes()
    assert b"Xyzzy" in content
    (tmp_path / "a.mkv").write_bytes(content.replace(b"Xyzzy", b"M\xfcnze"[:5]))
    assert len(read_audio(tmp_path / "a.mkv")) >= SAMPLE_RATE


def test_a_damaged_place_costs_little(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    noise = np.random.default_rng(0).standard_normal(10 * SAMPLE_RATE) * 0.1
    soundfile.write(tmp_path / "a.flac", noise, SAMPLE_RATE)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    (tmp_path / "a.flac").write_bytes(content)
    assert len(read_audio(tmp_path / "a.flac")) > 3 * SAMPLE_RATE
    assert "damaged" in caplog.text


def test_files_that_are_no_sound_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("Peter bought a boat.\n" * 20)
    silent = write_av(tmp_path / "silent.mp4", np.zeros(0, np.float32), SAMPLE_RATE, picture=True)
    soundfile.write(tmp_path / "nothing.wav", np.zeros(0), SAMPLE_RATE)
    for path, message in {
        tmp_path / "missing.wav": "there is no file",
        tmp_path: "is a folder",
        tmp_path / "empty.wav": r"is empty \(0 bytes\)",
        tmp_path / "text.wav": "is not sound",
        silent: "no sound track",
        tmp_path / "nothing.wav": "no samples",
    }.items():
        with pytest.raises(AudioError, match=message):
            read_audio(path)
