"""StreamingTalker, faithful preset: speech features → condition predictor → diffusion head → mesh codec → vertices.

Shapes: L lanes, T frames, A width of the speech features, N subjects, D latents, C width, V vertices.

        features ──────▶ predictor ──▶ head ──▶ latents ──▶ decoder ──▶ offsets from the neutral face
        subject ────────▶    ▲          ▲          │
                             │        noise        │
                             └─── frame before ◀───┘

Three ways to run it, all with the same weights:
 * `sample`: frame by frame on its own history, as the paper describes it; the whole is decoded at the end;
 * `sample_as_released`: what the authors' code does when it predicts and tests;
 * `FaithfulStep`: live. The latents are those of `sample`; memory and cost of a frame do not grow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facestream.motion.codecs.vq import MeshCodec, MeshCodecConfig, RawMotion
from facestream.motion.condition import ConditionConfig, ConditionPredictor
from facestream.motion.heads.clean import HEADS, Affine, HeadConfig
from facestream.streaming.clock import Clock
from facestream.streaming.memory import Latch, Memory
from facestream.streaming.tree import State, advance, blank, child, join, plan

RELEASED_WINDOW = 60  # frames that the authors' code looks back over when it predicts, whatever it was trained with


@dataclass(frozen=True)
class FaithfulConfig:
    """What the talker is. fps: frames a second; features: width of the speech features, at that rate; codec: a number
    of vertices stands for raw motion, without a codec; unit: of all motion inside, in units of the vertices. Offsets of
    thousandths, as metres are, make for gradients and weights of thousandths; as released they are taken as they come.
    """

    fps: int
    features: int
    codec: MeshCodecConfig | int
    predictor: ConditionConfig
    head: HeadConfig
    unit: float = 1.0


@dataclass(frozen=True)
class TeachingConfig:
    """How the second stage is taught.

    template_always: every window begins as if from the neutral face, as released, even in mid-clip; otherwise from the
    true frame before it; noise: of the history, in deviations of the latents, up to so much; sampled: share of history
    frames that the network sampled itself; latent_loss: "square" as released, "absolute" as the paper writes; latent,
    vertex, velocity: weights of the terms, which are in the talker's unit.
    """

    template_always: bool = False
    noise: float = 0.0
    sampled: float = 0.0
    latent_loss: Literal["square", "absolute"] = "square"
    latent: float = 1.0
    vertex: float = 1.0
    velocity: float = 1.0


class FaithfulStreamingTalker(nn.Module):
    """All parts; `loss` is the second stage's training, the first stage's is `codec.loss`."""

    def __init__(self, config: FaithfulConfig) -> None:
        super().__init__()
        self.config = config
        codec = config.codec
        self.codec = RawMotion(codec) if isinstance(codec, int) else MeshCodec(codec)
        self.predictor = ConditionPredictor(config.predictor, config.features)
        self.head = HEADS[config.head.kind](config.head, config.predictor.width, self.codec.latents)

    def freeze_codec(self, but_decoder: bool) -> None:
        """Keep the codec as the first stage left it; but_decoder: its decoder goes on learning."""
        self.codec.requires_grad_(False)
        self.codec.decoder.requires_grad_(but_decoder)

    def rest(self) -> Tensor:
        """Latents of the neutral face, [D]: the history before the first frame. (As released: of two equal frames, so
        that a norm over time has something to do.)"""
        weight = self.head.from_latents.weight
        still = weight.new_zeros(1, 2, self._numbers)
        return self.codec.quantise(self.codec.encode(still))[0, 0]

    @property
    def _numbers(self) -> int:
        codec = self.config.codec
        return 3 * (codec if isinstance(codec, int) else codec.vertices)

    def conditions(self, features: Tensor, past: Tensor, subject: Tensor) -> Tensor:
        """Conditions [L, T, C] of a whole sequence. features: [L, T, A]; past: [L, T, D], latents of the frame before
        each; subject: [L, N] weights."""
        heard = self.predictor.hear(features)
        return self.predictor(heard, self.head.from_latents(past), subject)[0]  # type: ignore[no-any-return]

    def loss(
        self, features: Tensor, offsets: Tensor, before: Tensor, subject: Tensor, teaching: TeachingConfig
    ) -> dict[str, Tensor]:
        """Terms of the second stage's loss by name, weighted: their sum is what is minimised.

        features: [L, T, A]; offsets: [L, T, 3V]; before: [L, 3V], offsets of the frame before the window, zeros at the
        beginning of a clip; subject: [L, N] weights.
        """
        offsets, before = offsets / self.config.unit, before / self.config.unit
        if teaching.template_always:
            before = torch.zeros_like(before)
        with torch.no_grad():
            latents = self.codec.quantise(self.codec.encode(torch.cat((before[:, None], offsets), 1)))
            past, target = latents[:, :-1], latents[:, 1:]
            past = self._history(features, past, subject, teaching)
        guess = self.head.estimate(self.conditions(features, past, subject), target)
        shown = self.codec.decode(guess)
        distance = F.mse_loss if teaching.latent_loss == "square" else F.l1_loss
        return {
            "latent": teaching.latent * distance(guess, target),
            "vertex": teaching.vertex * F.mse_loss(shown, offsets),
            "velocity": teaching.velocity * F.mse_loss(shown.diff(dim=1), offsets.diff(dim=1)),
        }

    def _history(self, features: Tensor, past: Tensor, subject: Tensor, teaching: TeachingConfig) -> Tensor:
        """The history as it may look when the network runs on its own: partly sampled by itself, and noisy."""
        if teaching.sampled:
            context = self.conditions(features, past, subject)
            own = self.head.sample(context, torch.randn_like(past))
            own = torch.cat((past[:, :1], own[:, :-1]), 1)
            past = torch.where(torch.rand_like(past[..., :1]) < teaching.sampled, own, past)
        if teaching.noise:
            amount = teaching.noise * past.std() * torch.rand_like(past[:, :1, :1])
            past = past + amount * torch.randn_like(past)
        return past

    @torch.no_grad()
    def sample(self, features: Tensor, subject: Tensor, noise: Tensor, rollout: Rollout | None = None) -> Tensor:
        """Offsets [L, T, 3V], each frame sampled once, on the history that was sampled before it.

        features: [L, T, A]; subject: [L, N] weights; noise: [L, T, D], normal; rollout: of this talker, to make it once
        for many calls (an affine head of the published size takes seconds to collapse).
        """
        return self.codec.decode(self.latents(features, subject, noise, rollout)) * self.config.unit

    @torch.no_grad()
    def latents(self, features: Tensor, subject: Tensor, noise: Tensor, rollout: Rollout | None = None) -> Tensor:
        """Latents [L, T, D] of `sample`, which takes the same, before they are decoded."""
        rollout, lanes = rollout or Rollout(self), len(features)
        clock = Clock(torch.zeros(lanes, dtype=torch.int64, device=noise.device))
        latents, _ = rollout(features, subject, noise, blank(plan(rollout), lanes, noise), clock)
        return latents  # type: ignore[no-any-return]

    @torch.no_grad()
    def sample_as_released(
        self,
        features: Tensor,
        subject: Tensor,
        draw: Callable[[int], Tensor],
        window: int = RELEASED_WINDOW,
    ) -> Tensor:
        """Offsets [L, T, 3V] as the authors' code predicts them, with its quirks.

        At every frame all positions of the window are sampled anew from new noise, and overwrite what they were; so a
        frame's last value, the one that is decoded, was sampled on a history of one frame, except at the end.
        draw: a number of frames F → normal noise [L, F, D]; called once a frame.
        """
        lanes, frames = features.shape[:2]
        sampler, heard = self.head.sampler(), self.predictor.hear(features)
        latents = torch.zeros(lanes, frames + 1, self.codec.latents, device=features.device)
        latents[:, 0] = self.rest()
        for frame in range(frames):
            first = max(0, frame + 1 - window)
            rows = slice(first, frame + 1)
            past = self.head.from_latents(latents[:, rows])
            context, _ = self.predictor([each[:, rows] for each in heard], past, subject)
            latents[:, first + 1 : frame + 2] = sampler(context, draw(frame + 1 - first))
        return self.codec.decode(latents[:, 1:]) * self.config.unit


class Rollout(nn.Module):
    """The network on its own history: a few frames on, one after another. Made of a talker that no longer learns.

    Where the head is one affine map, what a frame owes to its noise is computed for all frames at once, and the map
    from a condition to the history that the next frame reads is one matrix.
    """

    start: Tensor

    def __init__(self, talker: FaithfulStreamingTalker) -> None:
        super().__init__()
        self.predictor, self.read = talker.predictor, talker.head.from_latents
        self.rings = plan(self.predictor)
        self.register_buffer("start", self.read(talker.rest()).detach(), persistent=False)
        self.sampler = talker.head.sampler()
        self.onward = self.sampler.followed_by(self.read) if isinstance(self.sampler, Affine) else None
        self.head = talker.head if self.onward is None else None  # the sampler's weights: an exported step shares them

    def memories(self) -> dict[str, Memory]:
        """The last frame, as the history reads it."""
        return {"past": Latch(len(self.start))}

    def forward(
        self, features: Tensor, subject: Tensor, noise: Tensor, state: State, clock: Clock
    ) -> tuple[Tensor, State]:
        """Latents [L, T, D] of the next T frames. features: [L, T, A]; subject: [L, N]; noise: [L, T, D]."""
        heard, memory = self.predictor.hear(features), child(state, "predictor") or {}
        drawn = None if self.onward is None else self.onward.of_noise(noise)
        past = torch.where(clock.step[:, None] == 0, self.start, state["past"])[:, None]
        contexts, latents, updates = [], [], []
        for row in range(int(features.shape[1])):
            now, here = Clock(clock.step + row), slice(row, row + 1)
            context, update = self.predictor([each[:, here] for each in heard], past, subject, memory, now)
            if self.onward is None or drawn is None:
                latents.append(self.sampler(context, noise[:, here]))
                past = self.read(latents[-1])
            else:
                contexts.append(context)
                past = self.onward.of_context(context) + drawn[:, here]
            memory = advance(self.rings, memory, update, now.step)
            updates.append(update)
        rows = {name: torch.cat([update[name] for update in updates], 2) for name in self.rings}
        done = self.sampler(torch.cat(contexts, 1), noise) if contexts else torch.cat(latents, 1)
        return done, {"past": past[:, 0]} | join(predictor=rows)


class FaithfulStep(nn.Module):
    """The live step: the next T frames in, T frames out. Memory and work do not grow with time.

    A causal codec decodes every frame as it is in the whole, whatever T. The published one does not know the future:
    its frames come `late` frames late, see the frames of their own step and a bounded past, and T is a choice between
    delay and likeness. After the last frame it is fed `late` more.
    """

    def __init__(self, talker: FaithfulStreamingTalker) -> None:
        super().__init__()
        self.rollout = Rollout(talker)
        self.decoder = talker.codec.decoder
        self.late, self.unit = talker.codec.late, talker.config.unit

    def forward(
        self, features: Tensor, subject: Tensor, noise: Tensor, state: State, clock: Clock
    ) -> tuple[Tensor, State]:
        """features: [L, T, A]; subject: [L, N] weights; noise: [L, T, D] → offsets [L, T, 3V]."""
        latents, rollout = self.rollout(features, subject, noise, child(state, "rollout") or {}, clock)
        offsets, decoder = self.decoder(latents, child(state, "decoder"), clock)
        return offsets * self.unit, join(rollout=rollout, decoder=decoder)
