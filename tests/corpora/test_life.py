import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.corpora.phones import SILENCE, Phone
from facestream.corpora.synthetic.eyes import EYE_PITCH, EYE_YAW
from facestream.corpora.synthetic.life import live
from facestream.corpora.synthetic.performance import perform
from facestream.corpora.synthetic.prosody import Prosody, measure_loudness, prosody, track_pitch
from facestream.corpora.synthetic.styles import NEUTRAL, STYLES, Style
from facestream.motion.spaces import MOUTH, seal_lips
from facestream.signals import FACE, ROTATIONS

FPS, SECONDS = 25, 20
FRAMES = FPS * SECONDS


def phones() -> list[Phone]:
    out, clock = [], 0.5
    for index in range(60):
        out += [Phone("P", clock, clock + 0.08), Phone("AA", clock + 0.08, clock + 0.24)]
        clock += 0.24
        if index % 9 == 8:
            out.append(Phone(SILENCE, clock, clock + 0.5))
            clock += 0.5
    return out


def voice(seed: int = 0) -> Prosody:
    rng = np.random.default_rng(seed)
    loudness, pitch = rng.uniform(0, 1, FRAMES), rng.normal(0, 3, FRAMES)
    return Prosody(loudness.astype(np.float32), pitch.astype(np.float32), np.ones(FRAMES, bool))


def face(seed: int = 0, style: Style = NEUTRAL) -> np.ndarray:
    return live(FRAMES, FPS, voice(), phones(), style, np.random.default_rng(seed))


def column(values: np.ndarray, name: str) -> np.ndarray:
    return values[:, FACE.index(name)]


def tone(hertz: np.ndarray, loud: np.ndarray) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(hertz) / 16_000
    return (loud * sum(np.sin(k * phase) / k for k in range(1, 9))).astype(np.float32) * 0.1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(STYLES))
def test_life_stays_within_a_face(seed: int, style: Style) -> None:
    values = face(seed, style)
    weights = values[:, [index for index, name in enumerate(FACE) if name not in ROTATIONS]]
    assert weights.min() >= 0.0
    assert weights.max() <= 1.0
    assert not values[:, [FACE.index(name) for name in MOUTH]].any()
    head = values[:, [FACE.index(name) for name in ("headYaw", "headPitch", "headRoll")]]
    assert np.abs(head).max() < np.radians(40)
    assert np.abs(np.diff(head, axis=0)).max() * FPS < np.radians(150)


def test_the_same_generator_makes_the_same_face() -> None:
    assert np.array_equal(face(3), face(3))
    assert not np.array_equal(face(3), face(4))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_blinks_shut_the_eyes_and_open_them_again(seed: int) -> None:
    lids = column(face(seed), "eyeBlinkLeft")
    assert np.array_equal(lids, column(face(seed), "eyeBlinkRight"))
    edges = np.flatnonzero(np.diff(np.concatenate(([0.0], lids, [0.0])) > 0.02))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if start > 0 and end < FRAMES:
            assert lids[start:end].max() == 1.0
            peak = start + int(np.argmax(lids[start:end]))
            assert peak - start <= 3


def test_people_blink_as_often_as_their_style_says() -> None:
    rates = {}
    for blinks in (10.0, 25.0):
        lids = [column(face(seed, Style("s", blinks=blinks)), "eyeBlinkLeft") for seed in range(40)]
        rates[blinks] = sum(((a[1:] == 1) & (a[:-1] < 1)).sum() for a in lids) / (40 * SECONDS / 60)
    assert 6 < rates[10.0] < 14
    assert 16 < rates[25.0] < 32


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_eye_rotations_agree_with_eye_weights(seed: int) -> None:
    values = face(seed)
    yaw = column(values, "eyeLookOutLeft") - column(values, "eyeLookInLeft")
    pitch = column(values, "eyeLookDownRight") - column(values, "eyeLookUpRight")
    for eye in ("leftEye", "rightEye"):
        assert np.allclose(column(values, eye + "Yaw"), EYE_YAW * yaw, atol=1e-5)
        assert np.allclose(column(values, eye + "Pitch"), EYE_PITCH * pitch, atol=1e-5)
    assert np.array_equal(column(values, "eyeLookOutLeft"), column(values, "eyeLookInRight"))
    assert np.abs(yaw).max() > 0.02


def test_the_head_nods_onto_accents() -> None:
    quiet, accented = voice(), np.zeros(FRAMES, np.float32)
    at = [index for index, phone in enumerate(phones()) if phone.label == "AA"][::6]
    frames = [round((phones()[index].start + phones()[index].end) / 2 * FPS) for index in at]
    frames = [frame for frame in frames if frame < FRAMES - FPS]
    accented[frames] = 8.0
    accent = Prosody(np.full(FRAMES, 0.8, np.float32), accented, quiet.voiced)
    plain = Prosody(np.full(FRAMES, 0.8, np.float32), np.zeros(FRAMES, np.float32), quiet.voiced)
    nods = []
    for seed in range(30):
        pitches = [
            column(live(FRAMES, FPS, p, phones(), NEUTRAL, np.random.default_rng(seed)), "headPitch")
            for p in (accent, plain)
        ]
        extra = pitches[0] - np.convolve(pitches[0], np.ones(25) / 25, "same")
        nods.append(np.mean([extra[frame : frame + 4].max() for frame in frames]) - np.abs(extra).mean())
    assert np.mean(nods) > np.radians(0.3)


def test_styles_show() -> None:
    warm, serious = (next(style for style in STYLES if style.name == name) for name in ("warm", "serious"))
    smiles = [
        np.mean([column(face(seed, style), "mouthSmileLeft").mean() for seed in range(5)]) for style in (warm, serious)
    ]
    assert smiles[0] > 0.15 > 0.05 > smiles[1]
    assert np.mean(column(face(0, serious), "browDownLeft")) > 0.05
    still, lively = (
        np.mean([column(face(seed, Style("s", head=head)), "headYaw").std() for seed in range(8)])
        for head in (0.5, 2.0)
    )
    assert lively > 2.5 * still


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_hardly_any_frames(frames: int) -> None:
    none = Prosody(np.zeros(frames, np.float32), np.zeros(frames, np.float32), np.zeros(frames, bool))
    assert live(frames, FPS, none, [], NEUTRAL, np.random.default_rng(0)).shape == (frames, len(FACE))


def test_loudness_is_relative_to_the_utterance() -> None:
    samples = tone(np.full(32_000, 150.0), np.where(np.arange(32_000) < 16_000, 1.0, 0.03))
    loud, soft = measure_loudness(samples, 50), measure_loudness(0.05 * samples, 50)
    assert np.allclose(loud, soft, atol=0.02)
    assert loud[2:24].min() > 0.95
    assert 0.1 < loud[30:48].mean() < 0.4
    assert not measure_loudness(np.zeros(32_000, np.float32), 50).any()


@pytest.mark.parametrize("hertz", [85.0, 120.0, 180.0, 250.0, 340.0])
def test_pitch_follows_a_voice(hertz: float) -> None:
    half = np.full(16_000, hertz)
    samples = tone(np.concatenate((half, half * 2 ** (2 / 12))), np.ones(32_000))
    pitch, voiced = track_pitch(samples, 50)
    assert voiced[2:48].mean() > 0.95
    assert np.median(pitch[27:47]) - np.median(pitch[3:23]) == pytest.approx(2.0, abs=0.25)


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)
    assert track_pitch(noise, 50)[1].mean() < 0.2
    silence = prosody(np.zeros(32_000, np.float32), 50)
    assert not silence.voiced.any()
    assert np.isfinite(silence.pitch).all()


def test_a_performance_is_mouth_and_life_together() -> None:
    samples = tone(np.full(16_000 * 4, 130.0), np.ones(16_000 * 4))
    spoken = [phone for phone in phones() if phone.end < 3.5]
    one, other = (perform(samples, spoken, NEUTRAL, np.random.default_rng(seed)) for seed in (1, 2))
    assert one.values.shape == (100, len(FACE))
    assert np.allclose(one.values, seal_lips(one.unsealed, one.seal))
    mouth = [FACE.index(name) for name in MOUTH]
    assert np.array_equal(one.values[:, mouth], other.values[:, mouth])
    assert not np.array_equal(one.values, other.values)
    assert one.seal.max() == 1.0
    assert one.style == 0
    assert one.motion().seconds == 4.0
