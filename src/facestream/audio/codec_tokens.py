"""The tokens of a speech language model as ears: a face straight from what is about to be spoken. Extra [train].

Shapes: L lanes, F codec frames, Q codebooks, R rows of a slice, A width.

A spoken answer of a multimodal model leaves it as tokens of a neural codec, Q at a time: Mimi (Défossez et al. 2024;
12.5 frames a second, 8 books of 2048), EnCodec (Défossez et al. 2022; 75 frames a second, books of 1024). Whoever has
them need not hear the sound as well: each frame's tokens are looked up, added, and spread over its rows, so that
`TellerConfig(hearing=width, rows=...)` takes them as it takes a speech model's features.

A slice of 200 ms is 2.5 frames of Mimi: what a slice is given begins and ends with the frames that it touches. A model
that speaks has made them whole before they are due; whoever encodes a live sound waits for the last one, here 40 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from facestream.errors import AudioError
from facestream.nn.conv import CausalConv

ABSENT = -1  # the id of a token that is not there

Tokens = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CodecConfig:
    """A codec's tokens. books: Q; codes: of each book; rate: frames a second, exact: "12.5"; rows: R, of 200 ms; width:
    A; taps: frames that a row hears, its own and those before."""

    books: int
    codes: int
    rate: str
    rows: int
    width: int
    taps: int = 3

    def __post_init__(self) -> None:
        if Fraction(self.rows * 5) % Fraction(self.rate):
            raise ValueError(f"{5 * self.rows} rows a second are no whole number for each of {self.rate} codec frames")

    @property
    def frame_rows(self) -> int:
        """Rows of a codec frame."""
        return int(self.rows * 5 / Fraction(self.rate))

    def span(self, number: int) -> tuple[int, int, int]:
        """The frames that a slice is given, the first (below 0: before the beginning) and the one after the last; and
        how many rows of them lie before the slice."""
        start = number * self.rows
        first = start // self.frame_rows - (self.taps - 1)
        return first, -(-(start + self.rows) // self.frame_rows), start - first * self.frame_rows

    def cut(self, tokens: Tokens, number: int) -> Tokens:
        """What a slice is given of all tokens [F, Q]; absent where there are none."""
        first, last, _ = self.span(number)
        given = np.full((last - first, self.books), ABSENT, np.int64)
        known = tokens[max(first, 0) : last]
        given[max(-first, 0) :][: len(known)] = known
        return given


MIMI = CodecConfig(books=8, codes=2048, rate="12.5", rows=10, width=512)
ENCODEC = CodecConfig(books=8, codes=1024, rate="75", rows=15, width=512)


class CodecEars(nn.Module):
    """Token ids → features; learned with the talker. Causal, and without memory: a slice brings the frames it hears.

    An absent token (a book that the model does not speak, a frame that was lost) adds nothing.
    """

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.config = config
        self.books = nn.ModuleList(nn.Embedding(config.codes, config.width) for _ in range(config.books))
        for weight in self.books.parameters():
            nn.init.normal_(weight, std=config.books**-0.5)
        self.mix = CausalConv(config.width, config.width, config.taps)
        self.place = nn.Parameter(torch.randn(config.frame_rows, config.width) * 0.02)
        self.norm = nn.LayerNorm(config.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """All tokens so far, [L, F, Q] → features of all their rows, [L, F rows, A]. Raises AudioError if another
        number of books came."""
        if tokens.shape[-1] != self.config.books:
            raise AudioError(f"tokens of {tokens.shape[-1]} codebooks came; expected {self.config.books}")
        ids = tokens.unbind(-1)
        x = torch.stack(
            [book(one.clamp(min=0)) * (one != ABSENT)[..., None] for book, one in zip(self.books, ids, strict=True)]
        ).sum(0)
        rows: Tensor = self.norm((x + self.mix(x)[0])[:, :, None] + self.place)
        return rows.flatten(1, 2)

    def slice(self, given: Tensor, skipped: int) -> Tensor:
        """One slice's features [L, R, A] from what `CodecConfig.cut` gives it; skipped: third number of its span."""
        return self.forward(given)[:, skipped : skipped + self.config.rows]
