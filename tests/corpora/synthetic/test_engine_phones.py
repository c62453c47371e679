import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.corpora.phones import BILABIAL, LABIODENTAL, PHONES, ROUNDED
from facestream.corpora.synthetic.engine_phones import (
    CATALAN,
    CZECH,
    FINNISH,
    ITALIAN,
    RADIO,
    RUSSIAN,
    ipa_phones,
    translator,
)

TABLES = {"en": RADIO, "cs": CZECH, "it": ITALIAN, "fi": FINNISH, "ca": CATALAN, "ru": RUSSIAN}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_tables_lead_to_arpabet_and_lips_stay_lips(table: dict[str, str]) -> None:
    assert set(table.values()) <= set(PHONES)
    for letter in "pbm":
        assert table[letter] in BILABIAL
    for letter in "fv":
        assert table[letter] in LABIODENTAL
    assert table.get("u", table.get("uw")) in ROUNDED
    assert table["pau"] == "SIL"


def test_length_marks_are_dropped_where_the_table_has_none() -> None:
    translate = translator(CZECH)
    assert (translate("o:"), translate("u:"), translate("b"), translate("qq")) == ("AO", "UW", "B", None)


@pytest.mark.parametrize(
    ("symbol", "phones"),
    [
        ("tʃ", "CH"),
        ("ˈaɪ", "AY"),
        ("uː", "UW"),
        ("onɡ", "OW NG"),
        ("ts.", "CH"),
        ("s.", "SH"),
        ("œ̃", "UH"),
        ("ã", "AA"),
        ("ç", "HH"),
        ("ʲ", ""),
        ("", ""),
        ("ˈ", ""),
    ],
)
def test_ipa(symbol: str, phones: str) -> None:
    assert ipa_phones(symbol) == tuple(phones.split())


def test_a_letter_without_counterpart_is_an_error() -> None:
    with pytest.raises(KeyError, match="ж"):
        ipa_phones("ж")


@given(st.text("pbmvwɸɱβʋ", max_size=6))
def test_ipa_keeps_every_consonant_of_the_lips(letters: str) -> None:
    assert len(ipa_phones(letters)) == len(letters)
