"""Training Teller's tokenizer, as one value: portrait motion to tokens and back, in runs/NAME/tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from facestream.errors import CorpusError
from facestream.motion.codecs.rvq import MotionTokenizer, TokenizerConfig
from facestream.motion.keypoints import EXPRESSION, EYES, LIPS, NUMBERS, Keypoints
from facestream.training.checkpoints import averaged_weights
from facestream.training.fit import Fit, FitConfig
from facestream.training.teller.movements import FPS, MovementConfig, Movements

TOKENS = "tokens"  # folder of a run
SAMPLED = 1 << 30  # numbers of the batches that are looked at before training
POINT = 0.01  # a usual move of a point, in a portrait's units: what errors are measured by


@dataclass(frozen=True)
class Weighing:
    """How much squared errors count, by how far they move the points: an expression's number moves its point by itself,
    a rotation's number moves all points by `radius`. lips, eyes, others, turn, place: emphasis on each. faint: a
    number's deviation counts as this at least, of expression, and of turn and place.
    """

    lips: float
    eyes: float
    others: float
    turn: float
    place: float
    radius: float = 0.3
    faint: tuple[float, float] = (0.0015, 0.02)

    def weights(self, deviations: Tensor) -> Tensor:
        """[75], for errors in these deviations [75]."""
        moved = torch.full((NUMBERS,), self.others)
        for points, emphasis in ((LIPS, self.lips), (EYES, self.eyes)):
            moved[numbers_of_points(points)] = emphasis
        moved[EXPRESSION:-3], moved[-3:] = self.turn * self.radius**2, self.place
        return moved * (deviations / POINT).square()

    def faintest(self) -> Tensor:
        """[75]."""
        return torch.tensor([self.faint[0]] * EXPRESSION + [self.faint[1]] * (NUMBERS - EXPRESSION))


@dataclass(frozen=True)
class TokenizerRecipe:
    """A published training run of a tokenizer.

    data: where the feature folders are by default; corpora: those that are used; clips: a folder of .npz with exp, R, t
    and fps of real portraits (LivePortrait's motion extractor makes such), may be absent; held_out: clips that take no
    part and are judged.
    """

    name: str
    data: Path
    corpora: tuple[str, ...]
    clips: Path
    held_out: tuple[str, ...]
    model: TokenizerConfig
    movements: MovementConfig
    weighing: Weighing
    speed: float
    fit: FitConfig

    def train(self, data: Path | None, folder: Path, start: Path | None = None) -> None:
        """Train, or go on training, with everything in `folder`. data: feature folders; start: is not used."""
        folders = [(data or self.data) / name for name in self.corpora]
        for missing in (each for each in folders if not (each / "index.json").exists()):
            raise CorpusError(f"{missing} holds no features; make them with `facestream prepare features`")
        clips = {path.stem: read_clip(path) for path in sorted(self.clips.glob("*.npz"))}
        learned = [clip for name, clip in clips.items() if name not in self.held_out]
        movements = Movements(folders, learned, self.movements)
        torch.manual_seed(0)
        tokenizer = MotionTokenizer(self.model)
        some = torch.cat([movements.make(SAMPLED + number)["numbers"] for number in range(16)])
        deviations = some.std((0, 1)).maximum(self.weighing.faintest())
        weights = self.weighing.weights(deviations)
        tokenizer.fit(some, self.weighing.faintest(), weights)
        judged = {name: clip for name, clip in clips.items() if name in self.held_out}
        fit = Fit(tokenizer, self.fit, folder / TOKENS)
        loss = TokenizerLoss(tokenizer, weights, self.speed)
        fit.run(loss, movements.make, check=lambda: judge(tokenizer, judged))

    def load(self, folder: Path) -> MotionTokenizer:
        """The tokenizer of a run, with its mean weights."""
        tokenizer = MotionTokenizer(self.model)
        tokenizer.load_state_dict(averaged_weights(folder / TOKENS))
        return tokenizer.eval()


class TokenizerLoss(nn.Module):
    """What the loop calls with a batch."""

    weight: Tensor

    def __init__(self, model: MotionTokenizer, weight: Tensor, speed: float) -> None:
        super().__init__()
        self.model, self.speed = model, speed
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, numbers: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """numbers: [W, T, 75] → the loss and its terms."""
        return self.model.loss(numbers, self.weight, self.speed)


@torch.no_grad()
def judge(tokenizer: MotionTokenizer, clips: Mapping[str, Keypoints], levels: int | None = None) -> dict[str, float]:
    """Error of clips through the tokens, as a share of their own deviation, over all clips: of lips and eyes, all
    numbers of them together; the head's in degrees (root of the mean square)."""
    off: list[Tensor] = []
    moved: list[Tensor] = []
    for clip in clips.values():
        slow = clip.resampled(FPS)
        rows = torch.from_numpy(slow.since(slow[:1]).pack())[None]
        rows = rows[:, : rows.shape[1] // tokenizer.config.frames * tokenizer.config.frames]
        off.append((tokenizer.motion(tokenizer.tokens(rows, levels)) - rows)[0])
        moved.append((rows - rows.mean(1))[0])
    if not off:
        return {}
    every, deviations = torch.cat(off), torch.cat(moved)
    out = {}
    for name, points in (("lips", LIPS), ("eyes", EYES)):
        at = numbers_of_points(points)
        out[name] = float((every[:, at].square().sum() / deviations[:, at].square().sum()).sqrt())
    turn = every[:, EXPRESSION : EXPRESSION + 9].square().sum(1).div(2).mean().sqrt()  # |R - R'| = √2 · angle
    return {**out, "head_degrees": float(np.degrees(turn))}


def numbers_of_points(points: tuple[int, ...]) -> list[int]:
    """Columns of some points' expression."""
    return [3 * point + axis for point in points for axis in range(3)]


def read_clip(path: Path) -> Keypoints:
    """Motion of a real portrait: a .npz with exp [T, 21, 3], R [T, 3, 3], t [T, 3] and fps."""
    with np.load(path, allow_pickle=False) as file:
        return Keypoints(file["exp"], file["R"], file["t"], float(file["fps"]))
