"""Training a talker that moves a mesh, as one value: both stages, and what it hears with.

runs/NAME/codec     first stage: the codec learns the face's motion
runs/NAME/talker    second stage: speech to the codec's latents
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from rich.console import Console

from facestream.corpora.meshes import MeshCorpus
from facestream.errors import CorpusError
from facestream.evaluation.mesh_clips import mean_offset
from facestream.talkers.faithful import FaithfulConfig, FaithfulStreamingTalker, TeachingConfig
from facestream.training.checkpoints import averaged_weights
from facestream.training.fit import Fit, FitConfig
from facestream.training.meshes.batches import WindowConfig, Windows
from facestream.training.meshes.ears import Ears
from facestream.training.meshes.features import HeardCorpus, heard_corpus
from facestream.training.meshes.losses import CodecLoss, HeldOut, MotionLoss
from facestream.training.processes import join_processes

CODEC, TALKER = "codec", "talker"  # folders of a run


@dataclass(frozen=True)
class CodecStage:
    """The first stage."""

    windows: WindowConfig
    fit: FitConfig


@dataclass(frozen=True)
class MotionStage:
    """The second stage. tune_decoder: the codec's decoder goes on learning in it."""

    windows: WindowConfig
    fit: FitConfig
    teaching: TeachingConfig
    tune_decoder: bool = False


@dataclass(frozen=True)
class MeshRecipe:
    """A published training run. data: where its corpus is by default; codec: None for a talker without one."""

    name: str
    data: Path
    talker: FaithfulConfig
    ears: Ears
    codec: CodecStage | None
    motion: MotionStage

    def train(self, data: Path | None, folder: Path, start: Path | None = None) -> None:
        """Train, or go on training, with everything in `folder`.

        data: a prepared corpus; start: a run whose codec is taken instead of training one.
        Raises CorpusError if the corpus does not fit the recipe.
        """
        data = data or self.data
        corpus = MeshCorpus.open(data)
        self.check(corpus)
        fabric = join_processes()
        with fabric.rank_zero_first():
            heard = heard_corpus(corpus, data, self.ears, (*corpus.splits["train"], *corpus.splits["val"]))
        torch.manual_seed(0)
        talker = FaithfulStreamingTalker(self.talker)
        held_out = HeldOut(corpus, corpus.splits["val"], mean_offset(corpus), heard)
        if fabric.is_global_zero:
            figures = ", ".join(f"{name} {value:.3g}" for name, value in held_out.mean_face.items())
            Console(stderr=True).print(f"held-out clips beside the mean face: {figures}")
        if self.codec is not None:
            self._teach_codec(talker, corpus, held_out, start or folder, fabric, trained=start is not None)
        self._teach_motion(talker, heard, held_out, folder, fabric)

    def check(self, corpus: MeshCorpus) -> None:
        """Raise CorpusError if the corpus is another one than the recipe's sizes are for."""
        codec = self.talker.codec
        vertices = codec if isinstance(codec, int) else codec.vertices
        expected = (vertices, self.talker.fps, self.talker.predictor.subjects)
        found = (corpus.topology.vertices, corpus.fps, len(corpus.identities))
        if expected != found:
            names = ("vertices", "frames a second", "people to learn from")
            wrong = [f"{f} {n} (expected {e})" for n, e, f in zip(names, expected, found, strict=True) if e != f]
            raise CorpusError(f"the corpus '{corpus.name}' has {', '.join(wrong)}; '{self.name}' is for another one")

    def load(self, folder: Path) -> FaithfulStreamingTalker:
        """The talker of a run, with its mean weights, ready to speak."""
        talker = FaithfulStreamingTalker(self.talker)
        talker.load_state_dict(averaged_weights(folder / TALKER))
        return talker.eval()

    def _teach_codec(
        self,
        talker: FaithfulStreamingTalker,
        corpus: MeshCorpus,
        held_out: HeldOut,
        folder: Path,
        fabric: Fabric,
        trained: bool,
    ) -> None:
        assert self.codec is not None
        if not trained:
            windows = Windows(corpus, corpus.splits["train"], self.codec.windows)
            fit = Fit(talker.codec, self.codec.fit, folder / CODEC, fabric)
            fit.run(CodecLoss(talker), windows.make, check=lambda: held_out.codec(talker))
            fabric.barrier()
        talker.codec.load_state_dict(averaged_weights(folder / CODEC))

    def _teach_motion(
        self, talker: FaithfulStreamingTalker, heard: HeardCorpus, held_out: HeldOut, folder: Path, fabric: Fabric
    ) -> None:
        talker.freeze_codec(but_decoder=self.motion.tune_decoder)
        windows = Windows(heard.corpus, heard.corpus.splits["train"], self.motion.windows, heard)
        fit = Fit(talker, self.motion.fit, folder / TALKER, fabric)
        loss = MotionLoss(talker, self.motion.teaching)
        fit.run(loss, windows.make, check=lambda: held_out.motion(talker))
