"""The job behind `facestream prepare speech`: recordings with transcripts → an aligned shard.

Long work: progress is shown, an interruption loses at most one utterance, and running again goes on where it stopped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import track

from facestream.audio.waveform import read_audio
from facestream.corpora.alignment import Aligner, Alignment, Quality
from facestream.corpora.pronunciation import LANGUAGES, words
from facestream.corpora.readers import Recording, open_recordings
from facestream.corpora.shards import ShardReader, ShardWriter, Utterance
from facestream.errors import AudioError, CorpusError
from facestream.signals import Floats

DROPPED = "dropped.jsonl"


class DroppedLog:
    """The file dropped.jsonl beside a shard: which utterances were left out, and why. `id in log` tells."""

    def __init__(self, folder: Path) -> None:
        """Open the log of a shard folder; a row torn by an interruption is cut and will be decided again."""
        self._path = folder / DROPPED
        rows = self._path.read_text(encoding="utf-8").splitlines(keepends=True) if self._path.is_file() else []
        whole = [row for row in rows if row.endswith("}\n")]
        if len(whole) < len(rows):
            self._path.write_text("".join(whole), encoding="utf-8")
        self._reasons: dict[str, str] = {row["id"]: row["reason"] for row in map(json.loads, whole)}

    def __contains__(self, utterance_id: object) -> bool:
        return utterance_id in self._reasons

    def __len__(self) -> int:
        return len(self._reasons)

    def add(self, utterance_id: str, reason: str) -> None:
        """Note that an utterance is left out."""
        self._reasons[utterance_id] = reason
        with self._path.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"id": utterance_id, "reason": reason}, ensure_ascii=False) + "\n")

    def counts(self) -> Counter[str]:
        """Utterances by reason."""
        return Counter(self._reasons.values())


@dataclass
class Summary:
    """What a shard holds and what was left out. minutes, speakers: by corpus; dropped: utterances by reason."""

    kept: int = 0
    minutes: dict[str, float] = field(default_factory=dict)
    speakers: dict[str, set[str]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)

    def add(self, corpus: str, speaker: str, seconds: float) -> None:
        """Count one utterance that was kept."""
        self.kept += 1
        self.minutes[corpus] = self.minutes.get(corpus, 0.0) + seconds / 60
        self.speakers.setdefault(corpus, set()).add(speaker)

    def lines(self) -> Iterator[str]:
        """The summary in words, a line a corpus."""
        for corpus, minutes in sorted(self.minutes.items()):
            yield f"{corpus}: {minutes:.1f} min, {len(self.speakers[corpus])} speakers"
        yield f"kept {self.kept}, dropped {self.dropped.total()}"
        yield from (f"  {count} x {reason}" for reason, count in self.dropped.most_common())


def summarise(folder: Path) -> Summary:
    """Count what a shard folder holds and what its dropped.jsonl says was left out."""
    summary = Summary()
    for utterance in ShardReader(folder):
        summary.add(utterance.corpus, utterance.speaker, utterance.seconds)
    summary.dropped = DroppedLog(folder).counts()
    return summary


def prepare_speech(folder: Path, out: Path, quality: Quality | None = None) -> Summary:
    """Align every recording of a folder (see `readers`) and write those that can be believed to the shard `out`.

    What is left out is written to dropped.jsonl with its reason. Raises CorpusError if the layout is not known.
    """
    quality = quality or Quality()
    aligner = Aligner()
    recordings = list(open_recordings(folder))
    with ShardWriter(out) as writer:
        dropped = DroppedLog(out)
        for recording in track(recordings, description=f"aligning {folder.name}"):
            if recording.id in writer or recording.id in dropped:
                continue
            try:
                samples, alignment = _aligned(aligner, recording)
                reason = quality.objection(alignment)
            except (AudioError, CorpusError) as error:
                reason = _reason(error, recording)
            if reason is None:
                writer.append(_utterance(recording, samples, alignment))
            else:
                dropped.add(recording.id, reason)
    return summarise(out)


def _aligned(aligner: Aligner, recording: Recording) -> tuple[Floats, Alignment]:
    samples = read_audio(recording.path)
    return samples, aligner.measure(samples, recording.text, recording.language)


def _reason(error: Exception, recording: Recording) -> str:
    """Errors of the same kind under one heading, so that they can be counted."""
    if isinstance(error, AudioError):
        return "the sound cannot be read"
    if recording.language not in LANGUAGES:
        return f"language {recording.language} cannot be aligned"
    if not words(recording.text, recording.language):
        return f"no word can be read in the text, language {recording.language}"
    return "the words cannot be aligned with the sound"


def _utterance(recording: Recording, samples: Floats, alignment: Alignment) -> Utterance:
    names = ("id", "speaker", "corpus", "language", "licence", "text", "source")
    fields = {name: getattr(recording, name) for name in names}
    return Utterance(samples=samples, phones=alignment.phones, **fields)
