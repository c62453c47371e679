"""StreamingTalker's released code beside ours: the same random weights, the largest differences, and the cost.

    git clone https://github.com/zju3dv/StreamingTalker && git -C StreamingTalker checkout 25b613a
    pip install diffusers einops omegaconf
    python benchmarks/released_code.py StreamingTalker --layout vocaset --seconds 5
    python benchmarks/released_code.py StreamingTalker --layout biwi --small

Their modules run as they are. What only logs, trains or renders is replaced by empty modules, and the speech encoder by
one that hands its input on, so that neither side's cost has it. Their weights travel as a Lightning checkpoint through
`talkers/released.py`. Costs are processor time, so that they hold on a busy machine too; each is taken once, after a
second of sound to warm up. Ours runs live: exported, a step of HOP frames at a time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import logging
import resource
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import onnxruntime
import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from facestream.motion.codecs.vq import MeshCodecConfig
from facestream.streaming.memory import empty, write
from facestream.streaming.tree import Session
from facestream.talkers.export import export_step
from facestream.talkers.faithful import FaithfulConfig, FaithfulStep, FaithfulStreamingTalker
from facestream.talkers.released import RELEASED, load_released
from facestream.talkers.rows import round_weights

SPEECH_RATE = 50  # features a second that the speech encoder makes
HOP = 10  # frames of a live step
console = Console()


class Passing(nn.Module):
    """In the place of the speech encoder: its input is what it would have made."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        super().__init__()
        self.feature_extractor = types.SimpleNamespace(_freeze_parameters=lambda: None)

    @classmethod
    def from_pretrained(cls, name: str) -> Passing:
        return cls()

    def forward(self, features: Tensor) -> Any:
        return types.SimpleNamespace(last_hidden_state=features)


class Frames(list[Any]):
    """In the place of their queue."""

    put = list.append


def stub(name: str, **members: Any) -> None:
    sys.modules[name] = types.ModuleType(name)
    for member, value in members.items():
        setattr(sys.modules[name], member, value)


def import_theirs(clone: Path) -> Any:
    """Their network's module, with what it does not need to compute left out."""

    from diffusers import DDIMScheduler, DDPMScheduler  # noqa: F401  # before anything that it looks at is replaced

    class Nothing(dict[str, Any]):
        def __init__(self, *args: Any, **options: Any) -> None: ...

    stub("pytorch_lightning", LightningModule=nn.Module)
    stub("pytorch_lightning.utilities")
    stub("pytorch_lightning.utilities.types", EPOCH_OUTPUT=list)
    stub("torchmetrics", Metric=nn.Module, MetricCollection=Nothing)
    stub("transformers", Wav2Vec2Model=Passing, HubertModel=Passing)
    stub("utils.demo_utils", animate=None)
    stub("algorithms.metrics.losses", **dict.fromkeys(("MaskedLosses", "GPTLosses", "VAELosses"), Nothing))
    sys.path.insert(0, str(clone))
    logging.disable(logging.WARNING)
    import algorithms.models.diff_ar as network  # type: ignore[import-not-found]

    return network


def shrink(config: FaithfulConfig) -> FaithfulConfig:
    """The same layout, small."""
    assert isinstance(config.codec, MeshCodecConfig)
    codec = dataclasses.replace(config.codec, vertices=10, slots=4, columns=8, codes=16, width=32, layers=2, hidden=48)
    predictor = dataclasses.replace(config.predictor, width=24, hidden=40)
    return dataclasses.replace(config, codec=codec, predictor=predictor, features=20)


def make_theirs(clone: Path, layout: str, config: FaithfulConfig, folder: Path) -> Any:
    """Their talker with random weights, of the sizes of our configuration, in evaluation mode."""
    from omegaconf import OmegaConf

    network, codec, predictor = import_theirs(clone), config.codec, config.predictor
    assert isinstance(codec, MeshCodecConfig)
    theirs = OmegaConf.load(clone / "configs" / layout / "stage2_diffar.yaml")
    pretrained = folder / "codec.ckpt"
    sizes = {
        "VAE": {
            "pretrained": str(pretrained),
            "n_vert": 3 * codec.vertices,
            "n_embed": codec.codes,
            "zquant_dim": codec.columns,
            "face_quan_num": codec.slots,
            "hidden_size": codec.width,
            "num_hidden_layers": codec.layers,
            "num_attention_heads": codec.heads,
            "intermediate_size": codec.hidden,
        },
        "DIFF_AR_DEC": {
            "vq_dim": codec.latents,
            "latent_dim": predictor.width,
            "audio_encode_dim": config.features,
            "feedforward_dim": predictor.hidden,
            "num_layers": predictor.layers,
            "n_heads": predictor.heads,
            "id_dim": predictor.subjects,
        },
    }
    theirs = OmegaConf.merge(theirs, {"MODEL": sizes})
    torch.save({"state_dict": network.VQAutoEncoder(cfg=theirs).state_dict()}, pretrained)
    with contextlib.redirect_stdout(io.StringIO()):
        return network.DIFF_AR(theirs).eval()


@contextlib.contextmanager
def timed(costs: dict[str, float], name: str) -> Iterator[None]:
    start = time.process_time()
    yield
    costs[name] = time.process_time() - start


class Live:
    """Our talker's live step as it is served: an ONNX graph that takes HOP frames at a time."""

    def __init__(self, talker: FaithfulStreamingTalker, folder: Path, threads: int, integers: bool = False) -> None:
        config, latents = talker.config, talker.codec.latents
        step = FaithfulStep(talker).eval()
        self.late, path = step.late, folder / "step.onnx"
        subjects = config.predictor.subjects
        self.plan = export_step(step, path, (HOP, config.features), subjects, (HOP, latents))
        if integers:
            round_weights(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        talker.eval()  # the export leaves its parts in training mode
        self.graph = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, features: Tensor, subject: Tensor, noise: Tensor) -> Iterator[np.ndarray]:
        """Offsets [1, HOP, 3V] of a recording's steps, with what is late at its beginning and its end."""
        state, frames = empty(self.plan, 1), features.shape[1]
        ahead = -frames % HOP + HOP * -(-self.late // HOP)
        sound, drawn = (np.pad(x.numpy(), ((0, 0), (0, ahead), (0, 0)), mode="edge") for x in (features, noise))
        for row in range(0, frames + ahead, HOP):
            here, step = slice(row, row + HOP), np.array([row])
            inputs = {"sound": sound[:, here], "style": subject.numpy(), "noise": drawn[:, here], "step": step}
            shown, *update = self.graph.run(None, inputs | state)
            write(self.plan, state, dict(zip(self.plan, update, strict=True)), step, np.array([0]))
            yield shown


def whole(steps: Iterator[np.ndarray], late: int, frames: int) -> Tensor:
    return torch.from_numpy(np.concatenate(list(steps), 1)[:, late : late + frames])


def likeness(talker: FaithfulStreamingTalker, live: Live, in_integers: Live, frames: int) -> dict[str, float]:
    """How far streams are from the whole: the graph's latents and vertices from PyTorch's stream, and streamed from
    offline decoding of the same latents, as a share of how far the offline vertices move about their mean."""
    config = talker.config
    features, subject = torch.randn(1, frames, config.features), torch.eye(config.predictor.subjects)[1:2]
    noise = torch.randn(1, frames, talker.codec.latents)
    latents = talker.latents(features, subject, noise)
    offline = talker.codec.decode(latents)
    moved = (offline - offline.mean(1, keepdim=True)).square().mean().sqrt()
    held = torch.cat((latents, latents[:, -1:].expand(-1, frames, -1)), 1)

    def streamed(hop: int) -> Tensor:
        session = Session(talker.codec.decoder)
        parts = [session.feed(held[:, row : row + hop], rows=hop) for row in range(0, frames + live.late, hop)]
        return torch.cat(parts, 1)[:, live.late : live.late + frames]

    exported = whole(live(features, subject, noise), live.late, frames)
    mine = streamed(HOP)
    out = {"ONNX graph from PyTorch, largest difference": float((exported - mine)[:, : -HOP - live.late].abs().max())}
    rounded = whole(in_integers(features, subject, noise), live.late, frames)
    out["8-bit weights from exact ones, relative"] = float((rounded - exported).square().mean().sqrt() / moved)
    for hop in (1, 6, HOP, 30):
        far = (streamed(hop) - offline).square().mean().sqrt() / moved
        out[f"streamed {hop} frames at a time from offline, relative"] = float(far)
    return out


def differences(theirs: Any, ours: FaithfulStreamingTalker, features: Tensor, frames: int) -> dict[str, float]:
    """Largest absolute differences, part by part."""
    network, config = theirs.diff_ar_network, ours.config
    subject = torch.eye(config.predictor.subjects)[1:2]
    offsets = torch.randn(1, frames, 3 * theirs_vertices(config)) * 0.01
    template = torch.randn(offsets.shape[-1])
    hidden = theirs._audio2hidden(features, length=frames)
    out = {}

    def compare(name: str, mine: Tensor, reference: Tensor) -> None:
        out[name] = float((mine - reference).abs().max())

    h = theirs.autoencoder.encoder(offsets)
    compare("stage 1, encoder", ours.codec.encode(offsets), h)
    quantised, loss, _ = theirs.autoencoder.encode(offsets)
    slots = (1, frames, config.codec.slots * config.codec.columns)  # type: ignore[union-attr]
    quantised = quantised.permute(0, 2, 1).reshape(slots)
    compare("stage 1, quantised", ours.codec.quantise(ours.codec.encode(offsets)), quantised)
    decoded = theirs.autoencoder.decoder(quantised.permute(0, 2, 1))
    compare("stage 1, decoder", ours.codec.decode(quantised), decoded)
    mine = ours.codec.loss(offsets)
    compare("stage 1, loss", sum(mine.values()), loss + nn.functional.l1_loss(decoded, offsets))  # type: ignore[arg-type]

    past = torch.randn(slots)
    conditions = network.condition_forward(
        past, network.audio_feature_map(hidden), network.obj_vector.weight[1:2, None]
    )
    compare("condition predictor", ours.conditions(hidden, past, subject), conditions)

    noise = torch.randn(slots)
    network.scheduler.set_timesteps(50)
    x = noise
    for t in network.scheduler.timesteps:
        told = conditions + network.time_emb(t[None]).unsqueeze(1)
        clean = network.latent_vq_map(network.denoiser(torch.cat((network.vq_latent_map(x), told), -1)))
        x = network.scheduler.step(clean, t, x, eta=0.0).prev_sample
    compare("DDIM, 50 steps", ours.head.sample(conditions, noise), x)
    compare("DDIM, collapsed", ours.head.sampler()(conditions, noise), x)

    speech = features[:, : frames * SPEECH_RATE // config.fps]
    data = {"audio": speech, "id": subject, "template": template, "vertice": None}
    torch.manual_seed(4)
    predicted = theirs.predict(data) - template
    torch.manual_seed(4)
    hidden = theirs._audio2hidden(speech)
    compare(
        "predict, whole path",
        ours.sample_as_released(hidden, subject, lambda rows: torch.randn(1, rows, slots[2])),
        predicted,
    )

    shown = Frames()
    torch.manual_seed(5)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs.streaming_inference(data, shown)
    torch.manual_seed(5)
    last = torch.cat([torch.randn(1, row + 1, slots[2])[:, -1:] for row in range(len(shown))], 1)
    latents = torch.cat((ours.rest()[None, None], ours.latents(hidden, subject, last)), 1)
    mine = torch.cat([ours.codec.decode(latents[:, : row + 2])[:, -1] for row in range(len(shown))])
    reference = torch.stack([torch.from_numpy(each).flatten() for each in shown]) - template
    if len(shown) <= config.predictor.window:
        compare("streaming_inference, frame by frame", mine, reference)
    return out


def theirs_vertices(config: FaithfulConfig) -> int:
    return config.codec if isinstance(config.codec, int) else config.codec.vertices


def costs(
    theirs: Any, ours: FaithfulStreamingTalker, lives: dict[str, Live], seconds: list[int], longer: list[int]
) -> Table:
    """Processor seconds a second of sound, theirs and ours."""
    config = ours.config
    subject = torch.eye(config.predictor.subjects)[1:2]
    template = torch.zeros(3 * theirs_vertices(config))
    table = Table(
        "seconds of sound",
        *(ways := ["their predict", "their streaming_inference", *lives, "ours, predict's way"]),
        "ratio",
    )

    def run(length: int, ways: dict[str, Callable[[], Any]]) -> None:
        spent: dict[str, float] = {}
        for name, way in ways.items():
            with timed(spent, name), contextlib.redirect_stdout(io.StringIO()):
                way()
            console.print(f"{length} s of sound, {name}: {spent[name] / length:.4f}")
        rates = {name: cost / length for name, cost in spent.items()}
        mine = min(rates[name] for name in lives)
        ratios = ", ".join(f"{rate / mine:.0f}x" for name, rate in rates.items() if name.startswith("their"))
        table.add_row(str(length), *(f"{rates[name]:.4f}" if name in rates else "" for name in all_ways), ratios)

    all_ways = ways
    for length in [1, *seconds, *longer]:
        speech = torch.randn(1, length * SPEECH_RATE, config.features)
        frames = length * config.fps
        hidden, noise = theirs._audio2hidden(speech), torch.randn(1, frames, ours.codec.latents)
        data = {"audio": speech, "id": subject, "template": template, "vertice": None}
        mine = {
            name: lambda live=live, hidden=hidden, noise=noise: [None for _ in live(hidden, subject, noise)]
            for name, live in lives.items()
        }
        if length in longer:
            run(length, mine)
            continue
        mine["ours, predict's way"] = lambda hidden=hidden: ours.sample_as_released(
            hidden, subject, lambda rows: torch.randn(1, rows, ours.codec.latents)
        )
        reference = {
            "their predict": lambda data=data: theirs.predict(data),
            "their streaming_inference": lambda data=data: theirs.streaming_inference(data, Frames()),
        }
        run(length, reference | mine)
    return table


def main(
    clone: Annotated[Path, typer.Argument(help="A clone of the released code.")],
    layout: Annotated[str, typer.Option(help="vocaset or biwi.")] = "vocaset",
    small: Annotated[bool, typer.Option(help="Small sizes of the same layout: differences alone, in seconds.")] = False,
    frames: Annotated[int, typer.Option(help="Frames of the clip whose differences are taken.")] = 24,
    seconds: Annotated[list[int], typer.Option(help="Lengths of sound for both sides.")] = [5],  # noqa: B006
    longer: Annotated[list[int], typer.Option(help="Lengths of sound for ours alone.")] = [60, 600],  # noqa: B006
    threads: Annotated[int, typer.Option(help="Threads for both sides.")] = 1,
) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    revision = subprocess.run(["git", "-C", clone, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    config = shrink(RELEASED[layout]) if small else RELEASED[layout]
    with tempfile.TemporaryDirectory() as folder:
        theirs = make_theirs(clone.resolve(), layout, config, Path(folder))
        path = Path(folder) / "talker.ckpt"
        torch.save({"state_dict": theirs.state_dict(), "epoch": 0}, path)
        ours = load_released(path, config).talker
        collapsed = ours.head.sampler()
        ours.head.sampler = lambda: collapsed  # type: ignore[method-assign]  # takes seconds, and is made once
        live = Live(ours, Path(folder), threads)
        lives = {"ours live": live, "ours live, 8-bit weights": Live(ours, Path(folder), threads, integers=True)}
    console.print(f"released code at {revision.stdout.strip()}, layout {layout}{', small' if small else ''}")
    parity = Table("part", "largest difference")
    for name, value in differences(theirs, ours, torch.randn(1, 600, config.features), frames).items():
        parity.add_row(name, f"{value:.2e}")
    console.print(parity)
    if not small:
        console.print(costs(theirs, ours, lives, seconds, longer))
        console.print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    streams = Table("our stream", "difference")
    for name, value in likeness(ours, *lives.values(), 5 * config.fps).items():
        streams.add_row(name, f"{value:.2g}")
    console.print(streams)


if __name__ == "__main__":
    typer.run(main)
