"""Teller: 200 ms of voice → 32 tokens → a portrait's motion.

Shapes: L lanes, S slices, M hops, B mel bands, R rows of sound a slice, P positions and V levels of tokens, G = P V / 2
pairs a slice, C width, N = 75 numbers a frame, W styles.

        sound ──▶ hearing ──▶ R rows ┐
                                     ├─▶ blocks (ring, sink) ──▶ pair heads ──▶ tokens ──▶ motion ──▶ portrait, face
        rest, the sink ──────────────┘      ▲                         │
                                            └──── pair before ◀───────┘

A slice's rows are R of sound, then G of motion, each of which is fed the pair before and gives the next. In front of
everything stands one row with the portrait's rest, which no window forgets.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facestream.audio.encoders import EncoderConfig, MelEncoder
from facestream.motion.codecs.rvq import MotionTokenizer, TokenizerConfig
from facestream.motion.heads.tokens import TokenHead, TokenHeadConfig, balanced
from facestream.motion.portrait import CHANNELS, SHOWN, Portrait, still
from facestream.nn.attention import CausalAttention
from facestream.nn.transformer import Stack, TransformerBlock
from facestream.streaming.clock import Clock
from facestream.streaming.memory import Latch, Memory
from facestream.streaming.tree import State, child, join, plan, recall


@dataclass(frozen=True)
class TellerConfig:
    """Sizes. hearing: the encoder of log-mel, or the width of features that come from elsewhere (a speech model); rows:
    of sound a slice; slices: how far back the transformer sees; spoilt: share of tokens replaced by chance in training,
    so that it learns to live with its own mistakes; deaf: share of windows that hear nothing.
    """

    hearing: EncoderConfig | int
    rows: int
    tokenizer: TokenizerConfig
    head: TokenHeadConfig
    width: int
    heads: int
    layers: int
    hidden: int
    slices: int
    styles: int
    dropout: float
    spoilt: float = 0.1
    deaf: float = 0.05

    @property
    def pairs(self) -> int:
        """Steps a slice."""
        return self.tokenizer.positions * self.head.kinds

    @property
    def slice_rows(self) -> int:
        """Rows of the transformer a slice."""
        return self.rows + self.pairs


class Teller(nn.Module):
    """`loss` is training, on whole windows; `forward` is one live slice."""

    def __init__(self, config: TellerConfig) -> None:
        super().__init__()
        self.config = config
        heard = config.hearing if isinstance(config.hearing, int) else config.hearing.width
        self.encoder = None if isinstance(config.hearing, int) else MelEncoder(config.hearing)
        self.tokenizer = MotionTokenizer(config.tokenizer)
        self.from_sound = nn.Linear(heard, config.width)
        self.from_style = nn.Linear(config.styles, config.width, bias=False)
        self.from_rest = nn.Linear(len(CHANNELS), config.width)
        self.place = nn.Parameter(torch.randn(config.slice_rows, config.width) * 0.02)
        window = config.slices * config.slice_rows
        self.blocks = Stack(
            TransformerBlock(
                CausalAttention(config.width, config.heads, window, sink=True), config.hidden, config.dropout
            )
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.head = TokenHead(config.head, config.tokenizer.quantiser.columns, config.width)
        self.portrait = Portrait()

    def settle(self, tokenizer: MotionTokenizer) -> None:
        """Take over a trained tokenizer, for good."""
        self.tokenizer.load_state_dict(tokenizer.state_dict())
        self.tokenizer.requires_grad_(False)
        self.head.settle(tokenizer.quantiser.codes)

    def memories(self) -> dict[str, Memory]:
        """The last frame, and the pair that was given last."""
        return {"motion": Latch(len(CHANNELS)), "pair": Latch(self.config.head.pair)}

    # training

    def loss(self, sound: Tensor, style: Tensor, numbers: Tensor, counts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The published loss, and its terms by level.

        sound: [L, M, B], or features [L, S R, A]; style: [L, W]; numbers: [L, 4 S, N]; counts: [L, S], 1 where a slice
        counts.
        """
        config = self.config
        with torch.no_grad():
            tokens = self.tokenizer.tokens(numbers)  # [L, S, P, V]
        steps = tokens.reshape(*tokens.shape[:2], config.pairs, config.head.pair)  # [L, S, G, pair]
        context = self.contexts(self.hear(sound)[0], style, steps)
        losses = []
        for kind in range(config.head.kinds):
            mine = slice(kind, None, config.head.kinds)
            each = self.head.loss(context[:, :, mine], steps[:, :, mine], kind)  # [L, S, P, pair]
            losses.append((each.mean(2) * counts[..., None]).sum((0, 1)) / counts.sum())
        total = torch.stack([balanced(pair) for pair in losses]).mean()
        levels = torch.cat(losses).detach()
        return total, {f"level{level}": value for level, value in enumerate(levels)}

    def contexts(self, heard: Tensor, style: Tensor, steps: Tensor) -> Tensor:
        """What each pair is chosen by, [L, S, G, C], all pairs before it known.

        heard: [L, S R, A]; steps: [L, S, G, pair].
        """
        config, (lanes, slices) = self.config, steps.shape[:2]
        if self.training:
            random = torch.randint_like(steps, config.head.codes)
            steps = torch.where(torch.rand(steps.shape, device=steps.device) < config.spoilt, random, steps)
            heard = heard * (torch.rand(lanes, 1, 1, device=heard.device) >= config.deaf)
        given = torch.stack(
            [self.head.embed(steps[:, :, pair], pair % config.head.kinds) for pair in range(config.pairs)], 2
        )
        late = given.flatten(1, 2)[:, :-1]
        begin = self._before(torch.zeros(lanes, config.head.pair, device=steps.device), first=True)
        given = torch.cat((begin[:, None], late), 1).reshape(lanes, slices, config.pairs, -1)
        sound = self.from_sound(heard).reshape(lanes, slices, config.rows, -1)
        rows = torch.cat((sound, given), 2) + self.place + self.from_style(style)[:, None, None]
        x = torch.cat((self._sink(rows), rows.flatten(1, 2)), 1)
        x, _ = self.blocks(x)
        context: Tensor = self.norm(x[:, 1:]).reshape(lanes, slices, config.slice_rows, -1)[:, :, config.rows :]
        return context

    # live

    def forward(self, sound: Tensor, style: Tensor, noise: Tensor, state: State, clock: Clock) -> tuple[Tensor, State]:
        """One slice → its frames [L, 5, channels], the face's curves, then the portrait's numbers; and the update.

        sound: [L, M, B], or features [L, R, A]; style: [L, W]; noise: [L, 5, D], normal, of which as much is taken as
        there are tokens. The clock counts frames.
        """
        config = self.config
        heard, hearing = self.hear(sound, child(state, "encoder"), clock)
        begun = clock.step[:, None] > 0
        styled, here = self.from_style(style)[:, None], Clock(clock.step // SHOWN * config.slice_rows)
        memories, memory, updates = plan(self.blocks), child(state, "blocks") or {}, []

        def through(rows: Tensor) -> Tensor:
            nonlocal memory
            out, update = self.blocks(rows, memory, here)
            memory = recall(memories, memory, update)
            updates.append(update)
            return self.norm(out)  # type: ignore[no-any-return]

        rows = self.from_sound(heard) + self.place[: config.rows] + styled
        through(torch.cat((self._sink(rows), rows), 1))
        chances = even(noise.flatten(1)[:, : config.pairs * config.head.pair]).reshape(
            -1, config.pairs, config.head.pair
        )
        last = torch.where(begun, self._before(state["pair"], first=False), self._before(state["pair"], first=True))
        pairs: list[Tensor] = []
        for pair in range(config.pairs):
            kind = pair % config.head.kinds
            context = through((last + self.place[config.rows + pair] + styled[:, 0])[:, None])[:, 0]
            pairs.append(self.head.sample(context, kind, chances[:, pair]))
            last = self.head.embed(pairs[-1], kind)
        tokens = torch.stack(pairs, 1).reshape(-1, 1, config.tokenizer.positions, config.head.levels)
        moved = state["motion"].abs().sum(1, keepdim=True) > 0  # also where the sound begins anew: the head lives on
        before = torch.where(moved, state["motion"], still(noise))
        numbers = self.portrait.frames(self.tokenizer.motion(tokens), before)
        rings = {name: torch.cat([update[name] for update in updates], 2)[:, :, 1:] for name in memories}
        faces = torch.cat((self.portrait.curves(numbers), numbers), -1)
        own = {"motion": numbers[:, -1], "pair": pairs[-1].to(noise)}
        return faces, join(encoder=hearing, blocks=rings) | own

    def hear(self, sound: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """Features of the slices' rows, [L, S R, A]."""
        if self.encoder is None:
            return sound, {}
        heard, update = self.encoder(sound, state, clock)
        return heard.features, update

    def _before(self, pair: Tensor, first: bool) -> Tensor:
        """What a slice's first pair is fed, [L, C]: the last slice's last pair [L, pair], or a sign of a beginning."""
        if first:
            return self.from_rest.bias + 0 * pair[:, :1]
        return self.head.embed(pair.long(), self.config.head.kinds - 1)

    def _sink(self, like: Tensor) -> Tensor:
        """The row before all others, [L, 1, C], for the lanes of `like` [L, ...]."""
        return self.from_rest(still(like))[:, None]  # type: ignore[no-any-return]


def even(noise: Tensor) -> Tensor:
    """Normal noise → chances, even in 0..1."""
    return 0.5 * (1 + torch.erf(noise * 0.5**0.5))
