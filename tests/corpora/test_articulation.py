import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.corpora.phones import BILABIAL, LABIODENTAL, PHONES, SILENCE, Phone
from facestream.corpora.synthetic.articulation import Articulation, articulate
from facestream.corpora.synthetic.styles import NEUTRAL, STYLES, Style
from facestream.corpora.synthetic.targets import ARTICULATORS, LOOKS, TARGETS
from facestream.motion.spaces import LIFE, lip_gap
from facestream.signals import FACE, Motion

FPS = 25


def utterance(labels: list[str], lengths: list[float], start: float = 0.3) -> list[Phone]:
    borders = start + np.concatenate(([0.0], np.cumsum(lengths)))
    return [Phone(label, float(a), float(b)) for label, (a, b) in zip(labels, itertools.pairwise(borders), strict=True)]


@st.composite
def speech(draw: st.DrawFn, shortest: float = 0.03) -> list[Phone]:
    count = draw(st.integers(1, 25))
    labels = draw(st.lists(st.sampled_from([*PHONES, "P", "B", "M", "F"]), min_size=count, max_size=count))
    lengths = draw(st.lists(st.floats(shortest, 0.3), min_size=count, max_size=count))
    return utterance(labels, lengths, draw(st.floats(0.0, 0.5)))


def speak(phones: list[Phone], style: Style = NEUTRAL, loudness: np.ndarray | None = None) -> Articulation:
    return articulate(phones, int(np.ceil((phones[-1].end + 0.6) * FPS)), FPS, loudness, style)


def curve(mouth: Articulation, channel: str) -> np.ndarray:
    return mouth.sealed()[:, FACE.index(channel)]


def gap(mouth: Articulation) -> np.ndarray:
    return lip_gap(Motion(mouth.sealed(), FACE, FPS))


def around(phone: Phone) -> slice:
    """Frames of a sound, at least the one nearest to it."""
    return slice(round(phone.start * FPS) - 1, round(phone.end * FPS) + 2)


def test_every_phone_has_a_target_and_every_target_its_strengths() -> None:
    assert set(LOOKS) == set(PHONES)
    assert all(look in TARGETS for looks in LOOKS.values() for look in looks)
    assert all(len(target.strength) == len(ARTICULATORS) for target in TARGETS.values())


@settings(deadline=None, max_examples=60)
@given(speech(), st.sampled_from(STYLES))
def test_lips_close_on_every_bilabial(phones: list[Phone], style: Style) -> None:
    mouth = speak(phones, style)
    gaps = gap(mouth)
    for phone in phones:
        if phone.label in BILABIAL:
            frames = np.arange(len(gaps)) / FPS
            near = (frames >= phone.start - 0.0201) & (frames <= phone.end + 0.0201)
            assert mouth.seal[near].max() == 1.0
            assert gaps[near].min() <= 0.01


@settings(deadline=None, max_examples=60)
@given(speech())
def test_teeth_meet_the_lip_on_every_labiodental(phones: list[Phone]) -> None:
    mouth = speak(phones)
    for phone in phones:
        if phone.label in LABIODENTAL:
            assert mouth.labiodental[max(around(phone).start, 0) : around(phone).stop].max() == 1.0


@settings(deadline=None, max_examples=60)
@given(speech(), st.sampled_from(STYLES))
def test_curves_are_weights_without_jumps(phones: list[Phone], style: Style) -> None:
    mouth = speak(phones, style)
    values = mouth.sealed()
    assert np.isfinite(values).all()
    assert values.min() >= 0.0
    assert values.max() <= 1.0
    assert not values[:, [FACE.index(name) for part in LIFE.values() for name in part]].any()
    assert np.abs(np.diff(curve(mouth, "jawOpen"))).max() * FPS < 14.0  # the captured jaw's fastest is 12 a second
    assert np.abs(np.diff(values, axis=0)).max() < 0.7


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(set(PHONES) - BILABIAL - {SILENCE})), st.floats(0.0, 0.04), st.floats(0.0, 1.0))
def test_lips_of_other_sounds_are_seen_apart(label: str, phase: float, level: float) -> None:
    phones = utterance([label], [0.2], 0.4 + phase)
    mouth = speak(phones, loudness=np.full(40, level)[: int(np.ceil((phones[-1].end + 0.6) * FPS))])
    inside = slice(int(np.ceil(phones[0].start * FPS)), int(phones[0].end * FPS) + 1)
    assert gap(mouth)[inside].min() >= 0.06


def test_silence_is_rest() -> None:
    assert not speak([Phone(SILENCE, 0.0, 2.0)]).sealed().any()
    phones = utterance(["AA", "M", "AA", SILENCE, "T", "UW"], [0.1, 0.08, 0.15, 1.0, 0.1, 0.2], 1.0)
    values = speak(phones).sealed()
    assert not values[: int(0.84 * FPS)].any()
    assert not values[int(np.ceil((phones[2].end + 0.2) * FPS)) : int((phones[4].start - 0.16) * FPS)].any()
    assert not values[int(np.ceil((phones[-1].end + 0.2) * FPS)) :].any()


def test_no_phones_and_no_frames() -> None:
    assert not articulate([], 10, FPS, None, NEUTRAL).sealed().any()
    assert articulate([Phone("AA", 0.0, 0.2)], 0, FPS, None, NEUTRAL).sealed().shape == (0, len(FACE))


def test_phones_beyond_the_frames_do_not_matter() -> None:
    phones = utterance(["AA", "T", "IY"], [0.2, 0.1, 0.2], 0.1)
    late = [*phones, Phone("P", 3.0, 3.1)]
    short, cut = (articulate(p, 12, FPS, None, NEUTRAL).seal for p in (phones, late))
    assert np.array_equal(short, cut)


@pytest.mark.parametrize(("open_", "closed"), [("AA", "IY"), ("AE", "S"), ("AO", "UW"), ("AA", "T")])
def test_open_vowels_open_the_jaw(open_: str, closed: str) -> None:
    wide, narrow = (curve(speak(utterance([label], [0.2])), "jawOpen").max() for label in (open_, closed))
    assert wide > 2 * narrow


@pytest.mark.parametrize("label", ["UW", "W", "OW"])
def test_rounded_sounds_round_and_spread_ones_do_not(label: str) -> None:
    rounded, spread = (speak(utterance([sound], [0.2])) for sound in (label, "IY"))
    assert curve(rounded, "mouthPucker").max() > 0.3
    assert curve(spread, "mouthPucker").max() < 0.01
    assert curve(spread, "mouthStretchLeft").max() > 0.2 > 0.01 > curve(rounded, "mouthStretchLeft").max()


def test_rounding_comes_before_its_sound() -> None:
    plain, rounded = (curve(speak(utterance(["T", last], [0.1, 0.2])), "mouthPucker") for last in ("IY", "UW"))
    onset = int(0.4 * FPS)
    assert rounded[onset - 1] > plain[onset - 1] + 0.05


def test_the_mouth_moves_before_the_first_sound_and_after_the_last() -> None:
    jaw = curve(speak([Phone("AA", 1.0, 1.2)]), "jawOpen")
    assert 0.0 < jaw[int(0.96 * FPS)] < jaw[int(1.1 * FPS)]
    assert jaw[int(1.24 * FPS)] > 0.0


def test_a_diphthong_moves_from_its_first_vowel_to_its_second() -> None:
    mouth = speak(utterance(["AW"], [0.3]))
    jaw, pucker = curve(mouth, "jawOpen"), curve(mouth, "mouthPucker")
    assert np.argmax(jaw) < np.argmax(pucker)


def test_the_jaw_follows_loudness() -> None:
    phones, frames = utterance(["AA", "T", "AA", "T"], [0.15, 0.08, 0.15, 0.08]), 40
    soft, loud = (
        articulate(phones, frames, FPS, np.full(frames, level), NEUTRAL).sealed()[:, FACE.index("jawOpen")]
        for level in (0.5, 1.0)
    )
    assert 0.5 < soft.max() / loud.max() < 0.85


def test_styles_scale_the_mouth() -> None:
    phones = utterance(["AA", "UW"], [0.2, 0.2])
    small, large = (speak(phones, Style("s", jaw=scale, lips=scale)) for scale in (0.7, 1.2))
    for channel in ("jawOpen", "mouthPucker"):
        assert curve(small, channel).max() < curve(large, channel).max()


@settings(deadline=None, max_examples=60)
@given(speech(shortest=0.05))
def test_moving_everything_by_a_frame_moves_the_curves_by_a_frame(phones: list[Phone]) -> None:
    later = [Phone(label, start + 1 / FPS, end + 1 / FPS) for label, start, end in phones]
    now, then = speak(phones).values, speak(later).values
    count = min(len(now), len(then) - 1)
    started = int(np.ceil(phones[0].start * FPS))
    assert np.allclose(now[started:count], then[started + 1 : count + 1], atol=2e-3)
