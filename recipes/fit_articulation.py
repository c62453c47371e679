"""Compare the articulation rules with a captured face, and fit them to it.

    python recipes/fit_articulation.py FOLDER [--held-out NAME ...]

FOLDER is laid out as facestream.corpora.capture reads it (FACEGOOD-Audio2Face, MIT, is). Its recordings have no
transcript: a phone recogniser (pocketsphinx, English) writes down what it hears, good enough for classes of sounds.
Recordings held out take no part in the fits. What the fits say was carried over by hand into
corpora/synthetic/targets.py and articulation.py: order and timing from the fits, amplitudes until the rules' statistics
met the captured ones, because confusions of the recogniser draw fitted targets towards each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from facestream.corpora.capture import CaptureClip, read_capture
from facestream.corpora.phones import SILENCE, Phone
from facestream.corpora.synthetic import articulation
from facestream.corpora.synthetic.articulation import articulate, bumps, dominance, segments
from facestream.corpora.synthetic.prosody import measure_loudness
from facestream.corpora.synthetic.styles import NEUTRAL
from facestream.corpora.synthetic.targets import ARTICULATORS, TARGETS
from facestream.errors import MissingExtra
from facestream.signals import FACE, Floats

CHANNELS = (
    "jawOpen", "mouthFunnel", "mouthPucker", "mouthLowerDownLeft", "mouthUpperUpLeft",
    "mouthRollLower", "mouthRollUpper", "mouthPressLeft",
)  # fmt: skip
SPEAKING, HEARD = 0.45, 0.2  # loudness of speech, of anything
NAMES = [name for name in TARGETS if name != SILENCE]
RIDGE = 3.0


@dataclass(frozen=True)
class Heard:
    """A recording with the phones a recogniser hears in it. loudness: [T]."""

    clip: CaptureClip
    phones: list[Phone]
    loudness: Floats

    def rule(self) -> Floats:
        """What the rules make of it, [T, C]."""
        return articulate(self.phones, len(self.clip.motion), 25.0, self.loudness, NEUTRAL).sealed()


def hear(clip: CaptureClip) -> Heard:
    """Recognise a recording's phones, without words."""
    try:
        from pocketsphinx import Decoder, get_model_path
    except ImportError as error:
        raise MissingExtra("pocketsphinx", "align", "hearing the phones of a captured face") from error
    decoder = Decoder(
        hmm=get_model_path("en-us/en-us"), allphone=get_model_path("en-us/en-us-phone.lm.bin"),
        lw=2.0, beam=1e-20, pbeam=1e-20, loglevel="FATAL",
    )  # fmt: skip
    decoder.start_utt()
    decoder.process_raw((np.clip(clip.samples, -1, 1) * 32767).astype("<i2").tobytes(), False, True)
    decoder.end_utt()
    # Noises of the recogniser (+SPN+ ...) are silence to a mouth; its frames are 10 ms, ends included.
    heard = [
        (s.word if s.word.isalpha() else SILENCE, s.start_frame / 100, (s.end_frame + 1) / 100) for s in decoder.seg()
    ]
    return Heard(clip, [Phone(*phone) for phone in heard], measure_loudness(clip.samples, len(clip.motion)))


def describe(curves: Sequence[Floats], loudness: Sequence[Floats]) -> dict[str, list[float]]:
    """Statistics of each channel: of its values while speaking, its speed, its slowness, its tie to loudness."""
    loud = np.concatenate(list(loudness))
    out = {}
    for name in CHANNELS:
        tracks = [curve[:, FACE.index(name)] for curve in curves]
        values = np.concatenate(tracks)
        spoken = values[loud > SPEAKING]
        speed = [np.abs(np.diff(track))[level[1:] > HEARD] * 25 for track, level in zip(tracks, loudness, strict=True)]
        quantiles = np.percentile(spoken, (50, 95, 99))
        correlation = np.corrcoef(values, loud)[0, 1] if values.std() > 0 else 0.0
        peak = float(np.percentile(np.concatenate(speed), 99))
        out[name] = [spoken.mean(), spoken.std(), *quantiles, peak, centroid(tracks), correlation]
    return out


def centroid(tracks: Sequence[Floats]) -> float:
    """Mean frequency of the tracks' power, Hz, in windows of 2.56 s."""
    windows = [track[at : at + 64] for track in tracks for at in range(0, len(track) - 64, 32)]
    faded = np.stack([(window - window.mean()) * np.hanning(64) for window in windows])
    power = (np.abs(np.fft.rfft(faded, axis=1)) ** 2).sum(axis=0) + 1e-12
    return float((power * np.fft.rfftfreq(64, 0.04)).sum() / power.sum())


def design(heard: Heard, part: str, gain: float) -> Floats:
    """What each target contributes to each frame, [T, targets], when loudness takes this share of the amplitude."""
    times = np.arange(len(heard.clip.motion)) / 25.0
    names, starts, ends = segments(heard.phones, float(times[-1]))
    weights = dominance(part, names, starts, ends, times) @ (np.array(names)[:, None] == np.array(NAMES))
    spoken = np.array([(phone.start, phone.end) for phone in heard.phones if phone.label != SILENCE])
    moved = ARTICULATORS[part]
    presence = bumps(times, spoken[:, 0], spoken[:, 1], moved.wake, moved.rest)
    return np.asarray(weights * (presence * (1.0 - gain + gain * heard.loudness))[:, None], np.float32)


def fit(recordings: Sequence[Heard], part: str, channel: str, gain: float) -> Floats:
    """Targets of one channel by ridge regression, [targets]."""
    x = np.concatenate([design(heard, part, gain) for heard in recordings])
    y = np.concatenate([heard.clip.motion[channel] for heard in recordings])
    return np.asarray(np.linalg.solve(x.T @ x + RIDGE * np.eye(len(NAMES)), x.T @ y), np.float32)


def cross_validate(recordings: Sequence[Heard], part: str, channel: str, gain: float) -> float:
    """Mean correlation on each recording of targets fitted to the others."""
    scores = []
    for out in recordings:
        targets = fit([heard for heard in recordings if heard is not out], part, channel, gain)
        scores.append(np.corrcoef(design(out, part, gain) @ targets, out.clip.motion[channel])[0, 1])
    return float(np.mean(scores))


def compare(recordings: Sequence[Heard], title: str) -> Table:
    """Capture and rule side by side."""
    table = Table(
        "channel", "", "mean", "std", "p50", "p95", "p99", "speed p99", "Hz", "r loudness", "r rule", title=title
    )
    loudness, rules = [heard.loudness for heard in recordings], [heard.rule() for heard in recordings]
    captured = [heard.clip.motion.values for heard in recordings]
    theirs, ours = describe(captured, loudness), describe(rules, loudness)
    for name in CHANNELS:
        a, b = (np.concatenate([curve[:, FACE.index(name)] for curve in curves]) for curves in (captured, rules))
        r = f"{np.corrcoef(a, b)[0, 1]:.2f}" if a.std() > 0 else "-"
        table.add_row(name, "captured", *(f"{value:.2f}" for value in theirs[name]))
        table.add_row("", "rule", *(f"{value:.2f}" for value in ours[name]), r)
    return table


def scan(recordings: Sequence[Heard], console: Console) -> None:
    """Cross-validated correlation over rates of dominance and over the share of loudness; then the fitted targets."""
    rates = Table("articulator", "channel", "lead 1/s", "lag 1/s", "r", title="Rates of dominance")
    for part, channel in (("jaw", "jawOpen"), ("rounding", "mouthPucker"), ("lips", "mouthLowerDownLeft")):
        kept = ARTICULATORS[part]
        for lead, lag in ((9, 9), (16, 16), (22, 22), (30, 30), (34, 24), (45, 45)):
            ARTICULATORS[part] = replace(kept, lead=lead, lag=lag)
            r = cross_validate(recordings, part, channel, 0.65 if part == "jaw" else 0.0)
            rates.add_row(part, channel, str(lead), str(lag), f"{r:.3f}")
        ARTICULATORS[part] = kept
    console.print(rates)
    shares = Table("share of loudness", "r", title="Jaw: how much of its amplitude follows loudness")
    for share in (0.0, 0.3, 0.5, 0.65, 0.8, 1.0):
        shares.add_row(f"{share:.2f}", f"{cross_validate(recordings, 'jaw', 'jawOpen', share):.3f}")
    console.print(shares)
    lips = {
        "mouthFunnel": "rounding",
        "mouthPucker": "rounding",
        "mouthLowerDownLeft": "lips",
        "mouthUpperUpLeft": "lips",
    }
    fitted = Table("sound", "jawOpen", "rule", *lips, title="Targets")
    columns = [fit(recordings, part, channel, 0.0) for channel, part in lips.items()]
    jaws = fit(recordings, "jaw", "jawOpen", 0.65)
    for row, name in enumerate(NAMES):
        amounts = (jaws[row], articulation.SPEECH_JAW + TARGETS[name].jaw, *(column[row] for column in columns))
        fitted.add_row(name, *(f"{amount:.2f}" for amount in amounts))
    console.print(fitted)


def main(folder: Path, held_out: Annotated[list[str], typer.Option()] = ["1114_2_04", "1114_3_15"]) -> None:  # noqa: B006
    """Print the fits on FOLDER's recordings, then capture against rule on them and on those held out."""
    console = Console(width=150)
    with console.status("hearing the recordings"):
        recordings = [hear(clip) for clip in read_capture(folder)]
    fitted = [heard for heard in recordings if heard.clip.name not in held_out]
    scan(fitted, console)
    console.print(compare(fitted, "Fitted recordings"))
    for heard in recordings:
        if heard.clip.name in held_out:
            console.print(compare([heard], f"Held out: {heard.clip.name}"))


if __name__ == "__main__":
    typer.run(main)
