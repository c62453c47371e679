"""What the speech engines call their phones → ARPABET, by the nearest mouth.

Where a language has a sound that English lacks, the lips decide: rounded front vowels stay rounded, palatals spread.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

from facestream.corpora.phones import PHONES, SILENCE


def _table(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


_SILENCES = dict.fromkeys(("pau", "#", "_", "sil", "ssil", "h#", "brth", "SIL"), SILENCE)

RADIO: dict[str, str] = {
    **_SILENCES,
    **{phone.lower(): phone for phone in PHONES},
    **_table("ax=AH axr=ER ix=IH ux=UW dx=D el=L em=M en=N nx=N hv=HH"),
}
"""flite's voices and festival's English ones."""

CZECH: dict[str, str] = _SILENCES | _table(
    "a=AA e=EH i=IH i:=IY o=AO u=UH u:=UW @=AH "
    "b=B c=T c~=CH d=D d~=D dz=Z dz~=JH f=F g=G h=HH j=Y k=K l=L m=M n=N n~=N N*=NG n*=NG m*=M g*=G "
    "p=P r=R r~=ZH r~*=SH s=S s~=SH t=T t~=T v=V x=HH ch=HH z=Z z~=ZH ?=SIL"
)
ITALIAN: dict[str, str] = _SILENCES | _table(
    "a=AA a1=AA e=EY e1=EY E=EH E1=EH i=IY i1=IY o=OW o1=OW O=AO O1=AO u=UW u1=UW j=Y w=W "
    "b=B d=D f=F g=G k=K l=L L=L m=M n=N J=N ng=NG nf=M p=P r=R s=S S=SH Z=ZH t=T v=V z=Z tS=CH ts=T dz=D dZ=JH"
)
FINNISH: dict[str, str] = _SILENCES | _table(
    "a=AA e=EH i=IY o=AO 7=UH @=AE &=AH u=UW y=UW b=B d=D f=F g=G h=HH j=Y k=K l=L m=M n=N N=NG "
    "p=P r=R s=S S=SH t=T T=TH D=DH v=V w=V x=HH z=Z Z=ZH L=L ?=SIL"
)
CATALAN: dict[str, str] = _SILENCES | _table(
    "a=AA a1=AA ax=AH e=EY e1=EY E=EH E1=EH i=IY i1=IY o=OW o1=OW O=AO O1=AO u=UW u1=UW j=Y w=W "
    "b=B d=D f=F g=G k=K l=L L=L m=M n=N J=N ng=NG p=P r=R rr=R s=S S=SH t=T v=V z=Z Z=ZH tS=CH dZ=JH"
)

RUSSIAN: dict[str, str] = _SILENCES | _table(
    "a=AH aa=AA ae=IH ay=AH e=EH ee=EH i=IH ii=IY y=IH yy=IH oo=AO u=UH uu=UW ur=UW j=Y b=B bb=B p=P pp=P d=D dd=D t=T "
    "tt=T g=G gg=G k=K kk=K v=V vv=V f=F ff=F z=Z zz=Z s=S ss=S zh=ZH sh=SH sch=SH ch=CH c=T h=HH hh=HH m=M mm=M n=N "
    "nn=N l=L ll=L r=R rr=R"
)

_IPA = _table(
    "a=AA ɑ=AA ɒ=AO æ=AE ʌ=AH ə=AH ɐ=AH ɜ=ER ɝ=ER ɚ=ER ɛ=EH ɔ=AO ɪ=IH ʊ=UH ɨ=IH ʉ=UW y=UW ø=UW œ=UH ɯ=IH ɤ=AH ɘ=AH "
    "ɞ=ER ɵ=UH ʏ=UH ᵻ=IH e=EY i=IY o=OW u=UW ɶ=AO "
    "b=B d=D f=F h=HH j=Y k=K l=L m=M n=N p=P r=R s=S t=T v=V w=W x=HH z=Z ɡ=G g=G ʃ=SH ʒ=ZH θ=TH ð=DH ŋ=NG ɲ=N ɳ=N "
    "ɴ=NG ɹ=R ɾ=D ɻ=R ʀ=R ʁ=R ɽ=R ɫ=L ʎ=L ɭ=L ɬ=L ɮ=L ɺ=R β=B ɸ=F ʋ=V ɱ=M ç=HH ɣ=G ɕ=SH ʑ=ZH ʂ=SH ʐ=ZH χ=HH ħ=HH ɦ=HH "
    "ʔ=SIL q=K c=K ɟ=G ɢ=G ʈ=T ɖ=D ɰ=W ɥ=W ʍ=W ʕ=HH ʝ=Y ɓ=B ɗ=D ʦ=T ʧ=CH ʤ=JH "
    "tʃ=CH dʒ=JH tɕ=CH dʑ=JH tʂ=CH dʐ=JH ʈʂ=CH ts=T dz=D pf=F "
    "aɪ=AY ɑɪ=AY ʌɪ=AY ai=AY aj=AY aɪə=AY aʊ=AW au=AW aw=AW aʊə=AW eɪ=EY ei=EY ɛɪ=EY oʊ=OW ou=OW əʊ=OW "
    "ɔɪ=OY oi=OY ɔø=OY ɔʏ=OY ɑu=AW ɑo=AW əl=L nɡ=NG"
)


def ipa_phones(symbol: str) -> tuple[str, ...]:
    """An IPA symbol as espeak-ng writes it → the nearest ARPABET phones, one after another (Mandarin "ong" is two).

    Stress, length, tone and other marks are dropped; empty if nothing else is there. Raises KeyError for a letter
    without a counterpart.
    """
    symbol = symbol.replace("s.", "ʂ")  # a dot after a letter: the tongue curls back
    bare = (letter if letter in _IPA else unicodedata.normalize("NFD", letter)[0] for letter in symbol)
    letters = "".join(letter for letter in bare if unicodedata.category(letter) == "Ll")
    phones = []
    while letters:
        part = next((letters[:length] for length in (3, 2) if letters[:length] in _IPA), letters[0])
        phones.append(_IPA[part])
        letters = letters[len(part) :]
    return tuple(phones)


Translate = Callable[[str], str | None]
"""An engine's label → ARPABET, or None where it has no counterpart yet."""


def translator(table: Mapping[str, str]) -> Translate:
    """Look labels up in a table, first as they are, then without the length mark."""
    return lambda label: table.get(label) or table.get(label.rstrip(":"))
