"""What hearing through windows costs, and how far it is from hearing the whole clip: HuBERT's base geometry.

    python benchmarks/speech_windows.py [folder or hub name of a speech model]

Without a model the weights are random: the cost is the same, the distance is only a hint. Cost is processor seconds a
second of sound, one thread, from one full window a block; distance is the root mean square difference from the features
of the whole clip (the published way), in their own deviation, after the first two seconds.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from rich.console import Console
from rich.table import Table

from facestream.audio.speech_models import WindowedSpeech, load_speech_model, random_speech_model, speech_features
from facestream.audio.speech_windows import SpeechWindow
from facestream.audio.waveform import read_audio
from facestream.runtime.network import open_network
from facestream.talkers.export import export_ears

ROOT = Path(__file__).parents[1]
FPS, SECONDS, ROUNDS = 25, 5, 2
WINDOWS = [(50, 10, 5), (100, 10, 5), (100, 20, 5), (100, 50, 10), (200, 20, 10)]


def cost(run) -> float:
    """Processor seconds, the least of some rounds."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return min(found)


def onnx_cost(network: onnxruntime.InferenceSession, sound: np.ndarray) -> float:
    return cost(lambda: network.run(None, {"sound": sound}))


def main() -> None:
    torch.set_num_threads(1)
    model = load_speech_model(sys.argv[1]) if len(sys.argv) > 1 else random_speech_model()
    speech = read_audio(ROOT / "src" / "facestream" / "assets" / "sample.flac")[: SECONDS * 16_000]
    table = Table("before, block, ahead (ms)", "first frame (ms)", "torch", "ONNX", "ONNX, int8", "from the whole clip")
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        whole = speech_features(model, speech, FPS)
        for sizes in WINDOWS:
            window = SpeechWindow(*sizes)
            ears = WindowedSpeech(model, window, FPS).eval()
            length = window.left_samples + window.block_samples + window.ahead_samples
            sound = np.resize(speech, (1, length))
            seconds = window.block_samples / 16_000
            costs = [cost(lambda: ears(torch.from_numpy(sound)))]  # noqa: B023
            for integers in (False, True):
                path = Path(folder) / "speech.onnx"
                export_ears(ears, path, length, integers)
                costs.append(onnx_cost(open_network(path), sound))
            heard = speech_features(model, speech, FPS, len(whole), window)
            settled = slice(2 * FPS, len(whole) - FPS)
            off = float((heard[settled] - whole[settled]).square().mean().sqrt() / whole[settled].std())
            first = 1000 * seconds + window.ahead_samples / 16
            row = [f"{cost_ / seconds:.2f}" for cost_ in costs]
            table.add_row("{}, {}, {}".format(*(20 * size for size in sizes)), f"{first:.0f}", *row, f"{off:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
