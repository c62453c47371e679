"""The job behind `facestream prepare synthetic`: hours of speech whose phoneme times are known exactly → a shard.

Utterance n depends on (seed, n) and on the voices installed, on nothing else; so the work can stop anywhere and go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from rich.progress import Progress

from facestream.corpora.phones import Phone, fill_gaps
from facestream.corpora.prepare import DroppedLog, Summary, summarise
from facestream.corpora.shards import ShardWriter, Utterance
from facestream.corpora.synthetic.espeak import Espeak
from facestream.corpora.synthetic.festival import Festival
from facestream.corpora.synthetic.flite import Flite
from facestream.corpora.synthetic.speech import Engine, Speech, Voice
from facestream.corpora.synthetic.texts import sentence
from facestream.errors import CorpusError
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

HELD_OUT = ("festival-ked",)
"""Speakers that are for measuring only."""

_SHARES = {
    "flite-awb": 5.0,
    "flite-rms": 5.0,
    "flite-slt": 5.0,
    "flite-kal16": 2.0,
    "festival-kal": 2.0,
    "festival-slt_hts": 2.0,
}
_OTHER_RECORDED = 0.9  # of each further recorded voice; they speak other languages
_COMPUTED = 0.15  # of everything, for all formant voices together
_FAILURES_BORNE = 20  # more than were written


def prepare_tts(out: Path, minutes: float, seed: int = 0, speakers: Sequence[str] = ()) -> Summary:
    """Fill the shard `out` with this many minutes of speech; `speakers` limits it to voices such as "festival-ked".

    Without a limit, all voices that are installed speak but HELD_OUT; engines that are missing are named. What fails
    is written to dropped.jsonl with its reason. Raises CorpusError if no voice is left, or if most sentences fail.
    """
    engines = open_engines()
    voices = cast(engines, speakers)
    shares = _shares(voices)
    try:
        with ShardWriter(out) as writer, Progress() as progress:
            if missing := [name for name, engine in engines.items() if not engine.voices()]:
                progress.console.print(f"not installed, so left out: {', '.join(missing)}")
            task = progress.add_task("speaking", total=minutes)
            progress.update(task, completed=writer.seconds / 60)
            dropped = DroppedLog(out)
            for number in count():
                utterance_id = f"tts-{seed}-{number:06d}"
                if writer.seconds >= 60 * minutes:
                    break
                if utterance_id in writer or utterance_id in dropped:
                    continue
                rng = np.random.default_rng((seed, number))
                voice = voices[rng.choice(len(voices), p=shares)]
                try:
                    writer.append(_utterance(utterance_id, engines[voice.engine], voice, rng))
                except CorpusError as error:
                    dropped.add(utterance_id, f"{voice.speaker}: {error}")
                    if len(dropped) > _FAILURES_BORNE + len(writer):
                        raise CorpusError(f"most sentences fail, the last with: {error}; see {out}") from None
                progress.update(task, completed=writer.seconds / 60)
    finally:
        for engine in engines.values():
            engine.close()
    return summarise(out)


def open_engines() -> dict[str, Engine]:
    """All engines by name, installed or not; close them in the end."""
    return {"flite": Flite(), "festival": Festival(), "espeak": Espeak()}


def cast(engines: Mapping[str, Engine], speakers: Sequence[str]) -> list[Voice]:
    """The voices that shall speak, named or all but HELD_OUT. Raises CorpusError if none of them is installed."""
    installed = [voice for engine in engines.values() for voice in engine.voices()]
    voices = [
        voice for voice in installed if (voice.speaker in speakers if speakers else voice.speaker not in HELD_OUT)
    ]
    if not voices:
        wanted = f"none of {', '.join(speakers)} is" if speakers else "no voice is"
        raise CorpusError(
            f"{wanted} installed; expected flite, festival or espeak-ng "
            "(Debian: apt-get install flite festival festvox-kallpc16k espeak-ng)"
        )
    return voices


def _shares(voices: Sequence[Voice]) -> list[float]:
    """How often each voice speaks; sums to 1."""
    recorded = np.array([_SHARES.get(voice.speaker, _OTHER_RECORDED) if voice.recorded else 0.0 for voice in voices])
    computed = np.array([0.0 if voice.recorded else 1.0 for voice in voices])
    if not recorded.any():
        return list(computed / computed.sum())
    if not computed.any():
        return list(recorded / recorded.sum())
    return list((1 - _COMPUTED) * recorded / recorded.sum() + _COMPUTED * computed / computed.sum())


def _utterance(utterance_id: str, engine: Engine, voice: Voice, rng: np.random.Generator) -> Utterance:
    """One or two sentences at a random pace, with silence before, between and after."""
    texts = [sentence(voice.language, rng) for _ in range(1 if rng.random() < 0.75 else 2)]
    stretch, pitch = rng.uniform(0.8, 1.3), rng.uniform(0.75, 1.35)
    pauses = [rng.uniform(0.1, 0.7), rng.uniform(0.2, 1.5), rng.uniform(0.2, 0.9)]
    parts = [engine.speak(voice, text, stretch, pitch) for text in texts]
    said = _joined(parts, [pauses[0], *pauses[1 : len(parts)], pauses[2]])
    samples = said.samples * np.float32(rng.uniform(0.25, 0.95) / max(float(np.abs(said.samples).max()), 1e-3))
    samples += rng.normal(0, 10 ** rng.uniform(-4.5, -3.0), len(samples)).astype(np.float32)
    source = f"{voice.package} {voice.name}, stretch {stretch:.2f}"
    return Utterance(
        utterance_id, voice.speaker, "tts", voice.language, voice.licence, samples, said.phones, " ".join(texts), source
    )


def _joined(parts: Sequence[Speech], pauses: Sequence[float]) -> Speech:
    """Parts with digital silence before, between and after: one pause (seconds) more than parts."""
    sounds: list[Floats] = []
    phones: list[Phone] = []
    clock = 0
    for part, pause in zip([*parts, None], pauses, strict=True):
        sounds.append(np.zeros(int(pause * SAMPLE_RATE), np.float32))
        clock += len(sounds[-1])
        if part is not None:
            shift = clock / SAMPLE_RATE
            phones += [Phone(label, start + shift, end + shift) for label, start, end in part.phones]
            sounds.append(part.samples)
            clock += len(part.samples)
    return Speech(np.concatenate(sounds), fill_gaps(phones, clock / SAMPLE_RATE))
