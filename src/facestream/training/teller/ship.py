"""A training run of Teller → a bundle: a slice as one ONNX step, weights, model card."""

from __future__ import annotations

from pathlib import Path

from facestream.audio.frontend import BANDS
from facestream.audio.speech_windows import FEATURE_RATE
from facestream.corpora.synthetic.styles import STYLES
from facestream.motion.portrait import CHANNELS, SHOWN
from facestream.signals import FACE
from facestream.talkers.bundle import CARD, FORMAT, NETWORK, SPEECH, BundleConfig, write_config
from facestream.talkers.export import export_ears, export_step
from facestream.talkers.slim import slim
from facestream.training.teller.recipe import TellerRecipe
from facestream.training.weights import WEIGHTS, save_weights


def ship_teller(recipe: TellerRecipe, run: Path, out: Path, card: str) -> None:
    """Write the bundle of a training run, in single precision. card: text of the model card."""
    teller = recipe.load(run).requires_grad_(False)  # constants of a graph may not ask for gradients
    tokens = recipe.model.pairs * recipe.model.head.pair
    latents = -(-tokens // SHOWN)  # of each frame's noise: together as many as there are tokens, or a few more
    out.mkdir(parents=True, exist_ok=True)
    hearing, reach = recipe.model.hearing, None
    heard = (recipe.model.rows, hearing) if isinstance(hearing, int) else (recipe.timing.frame_hops * SHOWN, BANDS)
    if recipe.ears is not None:
        reach = _ship_ears(recipe.ears, out / SPEECH)
    memories = export_step(teller, out / NETWORK, heard, recipe.model.styles, (SHOWN, latents))
    slim(out / NETWORK)
    config = BundleConfig(
        format=FORMAT,
        name=recipe.name,
        fps=recipe.timing.fps,
        delay=recipe.timing.delay,
        bands=heard[1],
        latents=latents,
        channels=(*FACE, *CHANNELS),
        styles=tuple(style.name for style in STYLES),
        memories=memories,
        licence=recipe.licence,
        made_from=recipe.made_from,
        block=SHOWN,
        ahead=recipe.timing.ahead,
        reach=reach,
    )
    write_config(out, config)
    save_weights(out / WEIGHTS, teller.state_dict())
    (out / CARD).write_text(card, encoding="utf-8")


def _ship_ears(model: str, path: Path) -> int:
    """Write the speech model on Teller's slices; gives the samples that it hears before one."""
    from facestream.audio.speech_models import WindowedSpeech, load_speech_model
    from facestream.audio.whisper import SLICE

    ears = WindowedSpeech(load_speech_model(model), SLICE, FEATURE_RATE).requires_grad_(False)
    export_ears(ears, path, SLICE.left_samples + SLICE.block_samples)
    return SLICE.left_samples
