"""Packets in, frames out: of a small random talker, and of the one that ships."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facestream import Stream, animate, load
from facestream.errors import AudioError, BundleError, FacestreamError
from facestream.signals import FACE
from facestream.talkers.bundle import NETWORK

SECOND = 16_000


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    """Something between speech and noise, never silent."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * SECOND)) / SECOND
    tone = np.sin(2 * np.pi * 140 * time) * (1 + np.sin(2 * np.pi * 3 * time))
    return (0.1 * tone + 0.02 * rng.standard_normal(len(time))).astype(np.float32)


@pytest.fixture(params=["tiny", "shipped"])
def talker(request):
    if request.param == "shipped":
        return load()
    return request.getfixturevalue("tiny_talker")


def pushed(stream, samples, cuts):
    frames, start = [], 0
    for cut in cuts:
        frames += stream.push(samples[start : start + cut])
        start += cut
    return [*frames, *stream.push(samples[start:]), *stream.flush()]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 9000), max_size=6), length=st.integers(1, 20_000))
def test_any_packets_give_the_same_frames_to_the_bit(talker, cuts, length):
    samples = voice(1.3)[:length]
    whole = animate(samples, talker)
    stream = Stream(talker)
    motion = stream.motion(pushed(stream, samples, cuts))
    assert np.array_equal(motion.values, whole.values)
    assert len(motion) == talker.timing.frame_count(length)


def test_packets_of_one_sample(talker):
    samples = voice(0.3)
    stream = Stream(talker)
    assert np.array_equal(
        stream.motion(pushed(stream, samples, [1] * len(samples))).values, animate(samples, talker).values
    )


def test_what_was_emitted_does_not_depend_on_what_comes_later(talker):
    samples = voice(2.0)
    first, second = Stream(talker), Stream(talker)
    heard = 20_000
    early = first.push(samples[:heard])
    late = second.push(np.concatenate((samples[:heard], 0.9 * voice(1.0, seed=5))))
    assert len(early) == heard // 640 - talker.timing.delay
    for a, b in zip(early, late, strict=False):
        assert np.array_equal(a.values, b.values)


def test_the_first_frame_comes_after_the_declared_look_ahead(talker):
    needed = (talker.timing.delay + 1) * talker.timing.frame_samples
    stream = Stream(talker)
    assert stream.push(voice(1.0)[: needed - 1]) == []
    (frame,) = stream.push(voice(1.0)[needed - 1 : needed])
    assert (frame.index, frame.sample) == (0, 0)


def test_frames_are_numbered_and_finite(talker):
    frames = pushed(stream := Stream(talker), voice(1.0), [777])
    assert [frame.index for frame in frames] == list(range(25))
    assert [frame.sample for frame in frames] == [640 * index for index in range(25)]
    values = stream.motion(frames).values
    assert np.isfinite(values).all()
    shapes = values[:, : FACE.index("headYaw")]
    assert shapes.min() >= 0 and shapes.max() <= 1


def test_seeds_and_styles_are_heard(talker):
    samples = voice(1.5)
    same, again, other = (animate(samples, talker, seed=seed).values for seed in (1, 1, 2))
    assert np.array_equal(same, again)
    assert not np.array_equal(same, other)
    jaw = FACE.index("jawOpen")
    assert np.array_equal(same[:, jaw], other[:, jaw]), "what the jaw does is decided by the sound"
    style = talker.config.styles[1]
    assert not np.array_equal(animate(samples, talker, style, seed=1).values, same)


def test_a_stream_goes_on_from_a_snapshot(talker):
    samples = voice(2.0)
    whole = Stream(talker, seed=3)
    whole.push(samples[:9_999])
    moment = whole.snapshot()
    rest = [*whole.push(samples[9_999:]), *whole.flush()]
    other = Stream(talker, seed=3)
    other.push(voice(1.0, seed=8))
    for _ in range(2):  # a snapshot can be gone back to again
        other.restore(moment)
        again = [*other.push(samples[9_999:]), *other.flush()]
        assert [frame.index for frame in again] == [frame.index for frame in rest]
        assert np.array_equal(other.motion(again).values, whole.motion(rest).values)


def test_reset_forgets_everything(talker):
    stream = Stream(talker)
    stream.push(voice(1.0, seed=4))
    stream.reset()
    samples = voice(1.0)
    assert np.array_equal(stream.motion(pushed(stream, samples, [])).values, animate(samples, talker).values)


def test_after_an_interruption_nothing_of_the_old_speech_is_left(talker):
    quiet = np.zeros(SECOND, np.float32)
    results = []
    for seed in (1, 2):
        stream = Stream(talker)
        stream.push(voice(1.0, seed=0))
        stream.push(voice(0.03, seed=seed))  # sound still waiting: whatever it is, it must not be seen
        shown = stream.interrupt()
        frames = stream.push(quiet)
        assert frames[0].sample == shown, "time goes on where the face was"
        assert len(frames) == 25, "one frame for every 40 ms, at once"
        results.append(stream.motion(frames).values)
    mouth = [FACE.index(name) for name in ("jawOpen", "mouthFunnel", "mouthClose")]
    assert np.array_equal(results[0][:, mouth], results[1][:, mouth])


def test_an_interrupted_face_is_at_rest_within_200_ms():
    stream = Stream(load())
    from importlib.resources import as_file, files

    from facestream.audio.waveform import read_audio

    with as_file(files("facestream") / "assets" / "sample.flac") as path:
        speech = read_audio(path)
    frames = stream.push(speech[: 2 * SECOND])
    loudest = max(range(30, len(frames)), key=lambda index: frames[index].values[FACE.index("jawOpen")])
    stream.reset()
    frames = stream.push(speech[: 640 * (loudest + 3)])
    jaw = FACE.index("jawOpen")
    assert frames[-1].values[jaw] > 0.15
    stream.interrupt()
    after = stream.push(np.zeros(SECOND, np.float32))
    assert after[0].values[jaw] < frames[-1].values[jaw], "the next frame already closes"
    assert max(frame.values[jaw] for frame in after[4:]) < 0.06


def test_sound_after_the_end_is_refused(talker):
    stream = Stream(talker)
    stream.push(voice(0.1))
    stream.flush()
    assert stream.flush() == []
    with pytest.raises(FacestreamError, match=r"reset\(\)"):
        stream.push(voice(0.1))


def test_nothing_gives_nothing(talker):
    stream = Stream(talker)
    assert stream.push(np.zeros(0, np.float32)) == []
    assert stream.flush() == []


def test_a_recording_of_nothing_is_refused(talker):
    with pytest.raises(AudioError, match="no samples"):
        animate(np.zeros(0, np.float32), talker)


@pytest.mark.parametrize("samples", [np.ones(640, np.int16), [0, 1], b"pcm", None])
def test_sound_that_is_not_of_floats_is_refused(talker, samples):
    with pytest.raises(AudioError, match="expected floats"):
        Stream(talker).push(samples)


def test_a_frame_belongs_to_the_caller(talker):
    """Whatever is written into it, the stream goes on from what it showed."""
    streams = [Stream(talker), Stream(talker)]
    frames = [stream.push(voice(0.5))[-1] for stream in streams]
    frames[0].values[:] = 9
    after = []
    for stream in streams:
        stream.interrupt()
        after.append(stream.push(voice(0.3))[0].values)
    assert np.array_equal(*after)


def test_sound_that_is_not_finite_is_refused_and_the_stream_lives_on(talker):
    samples = voice(1.0)
    stream = Stream(talker)
    frames = stream.push(samples[:5_000])
    with pytest.raises(AudioError, match=r"(?i)nan|finite"):
        stream.push(np.array([0.0, np.nan], np.float32))
    frames += [*stream.push(samples[5_000:]), *stream.flush()]
    assert np.array_equal(stream.motion(frames).values, animate(samples, talker).values)


def test_lanes_of_a_batch_do_not_touch(talker):
    """Integers must not couple lanes either: a loud neighbour changes nothing."""
    from facestream.audio.frontend import log_mel

    lanes, steps = 3, 40
    sounds = [log_mel(voice(2.0, seed) * gain) for seed, gain in ((0, 1.0), (1, 9.0), (2, 0.01))]
    noise = np.stack([talker.noise(lane, 0) for lane in range(lanes)])
    style = np.stack([talker.style(talker.config.styles[0])] * lanes)

    def live(chosen):
        memories = talker.newcomers(len(chosen))
        faces = []
        for step in range(steps):
            sound = np.stack([sounds[lane][4 * step : 4 * step + 4] for lane in chosen])
            clock = np.full(len(chosen), step, np.int64)
            every = np.arange(len(chosen))
            faces.append(talker.step(sound, style[chosen], noise[chosen], memories, clock, every))
        return np.stack(faces, 1)

    together = live([0, 1, 2])
    for lane in range(lanes):
        np.testing.assert_allclose(together[lane], live([lane])[0], atol=1e-4)


def test_memory_stays_as_large_as_it_is(talker):
    stream = Stream(talker)
    sizes = {name: value.nbytes for name, value in stream.snapshot().memories.items()}
    for _ in range(12):
        stream.push(voice(10.0))
    snapshot = stream.snapshot()
    assert {name: value.nbytes for name, value in snapshot.memories.items()} == sizes
    assert snapshot.lane.buffered < talker.timing.frame_samples


def test_a_style_that_does_not_exist_is_named_with_those_that_do(talker):
    with pytest.raises(BundleError, match="neutral"):
        Stream(talker, style="neutrall")


def test_a_bundle_that_is_not_whole_says_what_is_missing(tmp_path, tiny_bundle):
    with pytest.raises(BundleError, match=r"config\.json"):
        load(tmp_path)
    (tmp_path / "config.json").write_bytes((tiny_bundle[0] / "config.json").read_bytes())
    with pytest.raises(BundleError, match=NETWORK):
        load(tmp_path)
    (tmp_path / NETWORK).write_bytes((tiny_bundle[0] / NETWORK).read_bytes()[:5_000])
    with pytest.raises(BundleError, match="ONNX Runtime"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("fps", 50), ("fps", 30), ("fps", "25"), ("latents", 3), ("bands", 40), ("delay", -1), ("styles", ["neutral"]),
     ("channels", ["jawOpen"]), ("memories", {})],
)  # fmt: skip
def test_a_config_that_does_not_fit_its_network_is_refused_at_once(tmp_path, tiny_bundle, key, value):
    folder = shutil.copytree(tiny_bundle[0], tmp_path / "bundle")
    fields = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(fields | {key: value}))
    with pytest.raises(BundleError, match="does not fit"):
        load(folder)
