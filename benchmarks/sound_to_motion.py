"""Sound to motion on one core: the shipped int8 step, the same network in fp32, and torch eager, side by side.

    python benchmarks/sound_to_motion.py            a few seconds
    python benchmarks/sound_to_motion.py --hour     and minute 60 against minute 1 (about two minutes)

All three hear the same sound in turns, in one process and one thread, so that a busy machine slows them alike; costs
are processor time, so compare the ratios. Weights do not change the cost: fp32 and torch run the recipe's sizes
untrained.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

import facestream
from facestream.audio.frontend import log_mel
from facestream.audio.waveform import read_audio
from facestream.runtime.talker import Talker
from facestream.signals import Floats
from facestream.streaming.tree import Session
from facestream.talkers.bundle import CONFIG, NETWORK
from facestream.talkers.export import export_step
from facestream.talkers.streamingtalker import StreamingTalker
from facestream.timing import SAMPLE_RATE
from facestream.training.recipe import load_recipe

ROOT = Path(__file__).parent.parent
ASSETS = Path(str(files("facestream"))) / "assets"
ROUNDS = 15
console = Console()


def onnx_steps(talker: Talker, sound: Floats) -> Callable[[], None]:
    """All frames of sound [T, H, B], one lane, through ONNX Runtime."""
    style, noise, lane = talker.style("neutral")[None], talker.noise(0, 0)[None], np.zeros(1, np.intp)

    def run() -> None:
        memories = talker.newcomers(1)
        for step, hops in enumerate(sound):
            talker.step(hops[None], style, noise, memories, np.array([step]), lane)

    return run


def torch_steps(model: StreamingTalker, talker: Talker, sound: Floats) -> Callable[[], None]:
    """The same through torch, eager."""
    style, noise = torch.from_numpy(talker.style("neutral"))[None], torch.from_numpy(talker.noise(0, 0))[None]
    hops = torch.from_numpy(sound)

    def run() -> None:
        session = Session(model)
        with torch.inference_mode():
            for frame in hops:
                session.feed(frame[None], style, noise, rows=1)

    return run


def cost(run: Callable[[], None]) -> float:
    """Processor seconds."""
    start = time.process_time()
    run()
    return time.process_time() - start


def compare(folder: Path) -> None:
    """The three runtimes in turns."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # sizes are meant to be constants of the graph
    shipped, recipe = facestream.load(), load_recipe(ROOT / "recipes" / "streamingtalker_live.py")
    model = StreamingTalker(recipe.model).eval()
    config = shipped.config
    export_step(
        model, folder / NETWORK, (recipe.timing.frame_hops, config.bands), len(config.styles), (config.latents,)
    )
    shutil.copy(ASSETS / "talker" / CONFIG, folder)
    mel = log_mel(read_audio(ASSETS / "sample.flac"))
    sound = mel[: len(mel) // 4 * 4].reshape(-1, 4, mel.shape[1])
    runs = {
        "shipped int8": onnx_steps(shipped, sound),
        "fp32": onnx_steps(Talker(folder), sound),
        "torch eager": torch_steps(model, shipped, sound),
    }
    rounds = [{name: cost(run) for name, run in runs.items()} for _ in track(range(ROUNDS), "in turns")]
    costs = {name: float(np.median([round[name] for round in rounds])) for name in runs}
    table = Table("one core, one lane", "ms a frame", "real-time factor", "faster than torch")
    for name, seconds in costs.items():
        each = seconds / len(sound)
        table.add_row(name, f"{each * 1e3:.2f}", f"{each * 25:.4f}", f"{costs['torch eager'] / seconds:.1f} x")
    console.print(table)


def hour() -> None:
    """The whole stream (front end, step, memories) for an hour in packets of 20 ms."""
    sound = read_audio(ASSETS / "sample.flac")
    minute = np.resize(sound, 60 * SAMPLE_RATE)
    stream = facestream.Stream(facestream.load())
    costs, sizes = [], []
    for _ in track(range(60), "an hour of sound"):
        start = time.process_time()
        for packet in np.split(minute, 3000):
            stream.push(packet)
        costs.append(time.process_time() - start)
        sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    console.print(
        f"processor time a minute of sound: minutes 1 to 5 {np.median(costs[:5]):.2f} s, minutes 56 to 60 "
        f"{np.median(costs[-5:]):.2f} s, ratio {np.median(costs[-5:]) / np.median(costs[:5]):.3f}; "
        f"memory after minute 1 {sizes[0]:.0f} MB, after minute 60 {sizes[-1]:.0f} MB"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hour", action="store_true", help="also stream an hour of sound")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        compare(Path(scratch))
    if wanted.hour:
        hour()
