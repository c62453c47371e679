"""A training run of a mesh talker → a bundle: one step as ONNX, what it hears through, the mesh, weights, a card.

Shapes: R rows of sound a step, B columns, F frames of a block, V vertices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
from safetensors.torch import save_file
from torch import nn

from facestream.audio.encoder_blocks import EncoderBlocks
from facestream.audio.frontend import BANDS
from facestream.audio.speech_windows import SpeechWindow
from facestream.corpora.meshes import MeshCorpus
from facestream.errors import BundleError, CorpusError
from facestream.faces.template import Template
from facestream.motion.solve import Blendshapes
from facestream.talkers.bundle import CARD, FORMAT, MESH, NETWORK, SPEECH, BundleConfig, write_config
from facestream.talkers.export import export_ears, export_step
from facestream.talkers.faithful import FaithfulStep
from facestream.talkers.hearing import HearingStep
from facestream.talkers.rows import round_weights
from facestream.timing import SAMPLE_RATE, Timing
from facestream.training.meshes.ears import Ears, EncoderEars, SpeechModelEars
from facestream.training.meshes.recipe import MeshRecipe
from facestream.training.weights import WEIGHTS


@dataclass(frozen=True)
class Hearing:
    """How a live step hears. encoder: in the step itself; model: apart, on windows of `reach` samples before a step."""

    block: int
    ahead: int
    rows: int
    columns: int
    encoder: EncoderBlocks | None = None
    model: nn.Module | None = None
    reach: int | None = None


def hearing(ears: Ears, fps: int, window: SpeechWindow | None) -> Hearing:
    """What ears are in a live step. window: of a speech model that was trained on whole clips.

    Raises CorpusError for ears that cannot be served.
    """
    if isinstance(ears, EncoderEars):
        timing = Timing(delay=ears.delay)
        blocks = EncoderBlocks(ears.load(), timing, fps, fps // gcd(fps, timing.fps))
        return Hearing(blocks.block, blocks.ahead, blocks.hops, BANDS, encoder=blocks)
    if isinstance(ears, SpeechModelEars):
        from facestream.audio.speech_models import WindowedSpeech, load_speech_model

        window = ears.window or window or SpeechWindow()
        model, block = WindowedSpeech(load_speech_model(ears.model), window, fps), window.frames(fps)
        return Hearing(block, window.ahead_samples, block, ears.width, model=model, reach=window.left_samples)
    raise CorpusError(f"'{ears.name}' cannot be served; train with a speech model, or with the live talker's encoder")


def ship_mesh(
    recipe: MeshRecipe,
    run: Path,
    data: Path,
    out: Path,
    card: str,
    shapes: Path | None = None,
    window: SpeechWindow | None = None,
    integers: bool = False,
) -> None:
    """Write the bundle of a training run.

    data: the corpus; card: text of the model card, whose front matter names the licence; shapes: an .npz as
    `Blendshapes.load` reads it, of this mesh; window: what a speech model hears that was trained on whole clips;
    integers: a speech model, and large matrices of the step, in 8 bits. (A small step's matrices stay as they are: in
    integers it took three times as long.)
    Raises CorpusError if the corpus or the shapes do not fit the recipe, BundleError for a card without a licence.
    """
    corpus = MeshCorpus.open(data)
    recipe.check(corpus)
    licence, template = licence_of(card), average(corpus, shapes)
    heard = hearing(recipe.ears, corpus.fps, window)
    talker = recipe.load(run).requires_grad_(False)  # constants of a graph may not ask for gradients
    step, latents = FaithfulStep(talker), talker.codec.latents
    network = step if heard.encoder is None else HearingStep(heard.encoder, step)
    noise = (latents,) if heard.block == 1 else (heard.block, latents)
    out.mkdir(parents=True, exist_ok=True)
    memories = export_step(network, out / NETWORK, (heard.rows, heard.columns), len(corpus.identities), noise)
    if integers:
        round_weights(out / NETWORK)
    if heard.model is not None:
        samples = (heard.reach or 0) + heard.block * SAMPLE_RATE // corpus.fps + heard.ahead
        export_ears(heard.model, out / SPEECH, samples, integers)
    config = BundleConfig(
        format=FORMAT,
        name=recipe.name,
        fps=corpus.fps,
        delay=step.late,
        bands=heard.columns,
        latents=latents,
        channels=(),
        styles=corpus.identities,
        memories=memories,
        licence=licence,
        made_from=(f"meshes of '{corpus.name}'", f"heard by {recipe.ears.name}"),
        block=heard.block,
        ahead=heard.ahead,
        reach=heard.reach,
        vertices=corpus.topology.vertices,
    )
    write_config(out, config)
    template.save(out / MESH)
    save_file({name: value.contiguous() for name, value in talker.state_dict().items()}, out / WEIGHTS)
    (out / CARD).write_text(card, encoding="utf-8")


def licence_of(card: str) -> str:
    """The licence that a card's front matter names. Raises BundleError if it names none."""
    found = re.search(r"\A---\n.*?^license: *(\S+).*?^---$", card, re.DOTALL | re.MULTILINE)
    if found is None:
        raise BundleError("the model card does not begin with front matter that says `license: ...`; add it")
    return found[1]


def average(corpus: MeshCorpus, shapes: Path | None) -> Template:
    """The mean face of those who were learned from, with named shapes if there are any.

    Raises CorpusError if the shapes are of another mesh.
    """
    at_rest = np.stack([corpus.templates[subject] for subject in corpus.identities]).mean(0, dtype=np.float32)
    if shapes is None:
        return Template(corpus.topology, at_rest)
    given = Blendshapes.load(shapes)
    if given.neutral.shape != at_rest.shape:
        raise CorpusError(
            f"'{shapes}' is of a mesh with {len(given.neutral)} vertices; '{corpus.name}' has {len(at_rest)}"
        )
    return Template(corpus.topology, at_rest, dict(zip(given.names, given.moves, strict=True)))
