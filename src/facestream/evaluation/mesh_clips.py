"""What of a corpus a talker is judged by: the clips of a split, or long sequences made of them; spoken as whom.

Shapes: T frames, V vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle

import numpy as np

from facestream.corpora.meshes import MeshClip, MeshCorpus
from facestream.errors import CorpusError, did_you_mean
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE


@dataclass(frozen=True)
class MeshProtocol:
    """How a split is judged.

    limit: its first clips only, or subjects if long; long: clips of a subject are put together until they have so many
    frames (StreamingTalker's second table: 2000); chunk: sound is cut into so many frames, each spoken from rest, as
    its script does (1000). 0 for none of it.
    """

    split: str = "test"
    limit: int = 0
    long: int = 0
    chunk: int = 0


def clips_of(corpus: MeshCorpus, protocol: MeshProtocol) -> Sequence[Callable[[], MeshClip]]:
    """What reads each clip that is to be judged."""
    names = corpus.splits.get(protocol.split)
    if names is None:
        raise CorpusError(
            f"'{corpus.name}' has no split '{protocol.split}'; it has {', '.join(corpus.splits)}."
            f"{did_you_mean(protocol.split, tuple(corpus.splits))}"
        )
    if not names:
        raise CorpusError(f"the split '{protocol.split}' of '{corpus.name}' is empty; choose another")
    clips = [partial(corpus.clip, name) for name in names]
    if protocol.long:
        subjects = dict.fromkeys(name.rpartition("_")[0] for name in names)
        clips = [partial(long_clip, corpus, _of(subject, names), protocol.long) for subject in subjects]
    return clips[: protocol.limit or None]


def _of(subject: str, names: Sequence[str]) -> list[str]:
    return [name for name in names if name.rpartition("_")[0] == subject]


def long_clip(corpus: MeshCorpus, names: Sequence[str], frames: int) -> MeshClip:
    """Clips of one subject, one after another, from the first again if they are too few, as one of so many frames; the
    sound of each is cut or filled to fit its frames.
    """
    parts, total = [], 0
    for name in cycle(names):
        parts.append(clip := corpus.clip(name))
        total += len(clip.vertices)
        if total >= frames:
            break
    sounds = []
    for part in parts:
        samples = len(part.vertices) * SAMPLE_RATE // part.fps
        sounds.append(np.pad(part.sound[:samples], (0, max(0, samples - len(part.sound)))))
    vertices = np.concatenate([part.vertices for part in parts])[:frames]
    sound = np.concatenate(sounds)[: frames * SAMPLE_RATE // clip.fps]
    return replace(clip, sentence=f"{frames} frames", sound=sound, vertices=vertices)


def spoken_as(corpus: MeshCorpus, subject: str) -> tuple[str, ...]:
    """Himself, if the subject was trained on; else everybody who was."""
    return (subject,) if subject in corpus.identities else corpus.identities


def mean_offset(corpus: MeshCorpus) -> Floats:
    """Mean offset from rest over all frames that are trained on, [V, 3]: the best face that does not move."""
    total, frames = np.zeros((corpus.topology.vertices, 3)), 0
    for name in corpus.splits.get("train", ()):
        clip = corpus.clip(name)
        total += clip.vertices.sum(axis=0, dtype=np.float64) - len(clip.vertices) * clip.template
        frames += len(clip.vertices)
    return (total / max(frames, 1)).astype(np.float32)
