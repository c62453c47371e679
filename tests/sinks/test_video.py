import errno
import resource
from pathlib import Path

import av
import numpy as np
import pytest

from facestream.errors import SinkError
from facestream.sinks.video import VideoSink

SIZE = (64, 48)


def frame(shade: int) -> np.ndarray:
    return np.full((SIZE[1], SIZE[0], 3), shade, np.uint8)


def record(path: Path, frames: int, audio: tuple[np.ndarray, int] | None, fps: float = 25) -> None:
    with VideoSink(path, SIZE, fps, audio) as video:
        for k in range(frames):
            video.write(frame(10 * (k % 20)))


def tone(seconds: float, rate: int) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def sound_seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        return sum(part.samples for part in container.decode(audio=0)) / container.streams.audio[0].rate


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("seconds", [0.0, 0.7, 2.0, 5.0])
def test_picture_and_sound_have_one_length(tmp_path: Path, ending: str, seconds: float) -> None:
    path = tmp_path / ("talk" + ending)
    record(path, 50, (tone(seconds, 16000), 16000))
    with av.open(str(path)) as container:
        pictures = [picture.time for picture in container.decode(video=0)]
    assert len(pictures) == 50
    assert pictures[-1] == pytest.approx(49 / 25, abs=0.002)
    assert sound_seconds(path) == pytest.approx(2.0, abs=1 / 25 + 1024 / 16000)


def test_sound_starts_with_the_picture(tmp_path: Path) -> None:
    """A click at one second is heard at one second."""
    samples = np.zeros(32000, np.float32)
    samples[16000:16040] = 0.9
    path = tmp_path / "click.mp4"
    record(path, 50, (samples, 16000))
    with av.open(str(path)) as container:
        parts = [(part.time, part.to_ndarray()[0]) for part in container.decode(audio=0)]
    heard = np.concatenate([part for _, part in parts])
    assert (parts[0][0] or 0.0) + np.abs(heard).argmax() / 16000 == pytest.approx(1.0, abs=0.02)


def test_stereo_and_odd_rates_of_frames(tmp_path: Path) -> None:
    path = tmp_path / "stereo.mp4"
    record(path, 60, (np.stack([tone(2, 48000)] * 2, -1), 48000), fps=29.97)
    with av.open(str(path)) as container:
        assert container.streams.audio[0].channels == 2
        assert float(container.streams.video[0].average_rate) == pytest.approx(29.97, abs=0.01)
    assert sound_seconds(path) == pytest.approx(60 / 29.97, abs=1 / 29.97 + 1024 / 48000)


def test_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    record(path, 3, None)
    with av.open(str(path)) as container:
        assert not container.streams.audio
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "shades.mp4"
    record(path, 20, None)
    with av.open(str(path)) as container:
        means = [picture.to_ndarray(format="rgb24").mean() for picture in container.decode(video=0)]
    assert np.allclose(means, [10 * k for k in range(20)], atol=4)


def test_a_browser_can_start_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "fast.mp4"
    record(path, 10, (tone(0.4, 16000), 16000))
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), VideoSink(tmp_path / "talk.mp4", SIZE, 25) as video:
        video.write(frame(1))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_an_error_keeps_what_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    record(path, 3, None)
    before = path.read_bytes()
    with pytest.raises(SinkError, match="shape"), VideoSink(path, SIZE, 25) as video:
        video.write(frame(1))
        video.write(np.zeros((4, 4, 3), np.uint8))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("facestream.sinks.video._mux_sound", full)
    with (
        pytest.raises(SinkError, match="No space left on device"),
        VideoSink(tmp_path / "talk.mp4", SIZE, 25, (tone(9, 16000), 16000)) as video,
    ):
        for _ in range(200):  # more than the queue holds: the writer must not wait for a dead encoder
            video.write(frame(1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("frames", [2, 400])
def test_a_file_that_cannot_grow_is_said_and_leaves_nothing(tmp_path: Path, frames: int) -> None:
    """The system refuses to write more than 500 bytes, whether that shows early or only at the end."""
    rng = np.random.default_rng(0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        with pytest.raises(SinkError, match="cannot be written"), VideoSink(tmp_path / "talk.mp4", SIZE, 25) as video:
            for _ in range(frames):
                video.write(rng.integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "size", "fps", "audio", "said"),
    [
        ("talk.gif", SIZE, 25, None, r"\.mp4, \.mov, \.mkv"),
        ("talk", SIZE, 25, None, r"\.mp4"),
        ("nowhere/talk.mp4", SIZE, 25, None, "does not exist"),
        ("talk.mp4", (63, 48), 25, None, "even"),
        ("talk.mp4", SIZE, 0, None, "more than 0"),
        ("talk.mp4", SIZE, 25, (np.zeros(100, np.float32), 12345), "AAC"),
        ("talk.mp4", SIZE, 25, (np.zeros((100, 3), np.float32), 16000), "shape"),
        ("talk.mp4", SIZE, 25, (np.array([np.nan], np.float32), 16000), "finite"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    tmp_path: Path, name: str, size: tuple[int, int], fps: float, audio: object, said: str
) -> None:
    with pytest.raises(SinkError, match=said):
        VideoSink(tmp_path / name, size, fps, audio)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="without frames"), VideoSink(tmp_path / "talk.mp4", SIZE, 25):
        pass
    assert list(tmp_path.iterdir()) == []
