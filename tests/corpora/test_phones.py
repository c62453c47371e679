import itertools

from hypothesis import given
from hypothesis import strategies as st

from facestream.corpora.phones import (
    ALVEOLAR,
    BILABIAL,
    DENTAL,
    LABIODENTAL,
    PHONE_TO_VISEME,
    PHONES,
    POSTALVEOLAR,
    ROUNDED,
    SILENCE,
    VELAR,
    VISEMES,
    VOWELS,
    Phone,
    fill_gaps,
)


def test_forty_distinct_labels_and_silence_first() -> None:
    assert len(PHONES) == len(set(PHONES)) == 40
    assert PHONES[0] == SILENCE


def test_groups_are_phones_and_consonant_groups_are_disjoint() -> None:
    consonants = [BILABIAL, LABIODENTAL, DENTAL, ALVEOLAR, POSTALVEOLAR, VELAR]
    assert sum(map(len, consonants)) == len(frozenset().union(*consonants))
    assert frozenset().union(*consonants, ROUNDED, VOWELS) <= set(PHONES)
    assert not VOWELS & frozenset().union(*consonants)


def test_every_phone_has_a_viseme_and_every_viseme_a_phone() -> None:
    assert PHONE_TO_VISEME.keys() == set(PHONES)
    assert set(PHONE_TO_VISEME.values()) == set(VISEMES)
    assert {phone for phone, viseme in PHONE_TO_VISEME.items() if viseme == "PP"} == BILABIAL
    assert {phone for phone, viseme in PHONE_TO_VISEME.items() if viseme == "FF"} == LABIODENTAL


times = st.tuples(st.sampled_from(PHONES), st.floats(-1, 12), st.floats(-1, 12))


@given(st.lists(times, max_size=12), st.floats(0.01, 10))
def test_filled_phones_cover_the_sound_without_gap_or_overlap(
    rows: list[tuple[str, float, float]], duration: float
) -> None:
    filled = fill_gaps([Phone(*row) for row in rows], duration)
    assert filled[0].start == 0 and filled[-1].end == duration
    assert all(left.end == right.start for left, right in itertools.pairwise(filled))
    assert all(end > start for _, start, end in filled)
    assert not any(left.label == right.label == SILENCE for left, right in itertools.pairwise(filled))


def test_gaps_become_silence_and_neighbouring_silences_one() -> None:
    phones = [Phone("SIL", 0.1, 0.2), Phone("M", 0.3, 0.4), Phone("AA", 0.4, 0.9)]
    assert fill_gaps(phones, 0.8) == (Phone("SIL", 0, 0.3), Phone("M", 0.3, 0.4), Phone("AA", 0.4, 0.8))
