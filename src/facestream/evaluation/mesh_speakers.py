"""Who can be judged: files of predictions, and a talker as it is served. (A training run: training/meshes/speaking.py.)

Shapes: T frames, V vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from facestream.corpora.meshes import MeshClip
from facestream.errors import CorpusError
from facestream.runtime.stream import Stream
from facestream.runtime.talker import Talker
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

# A clip's sound and template, all who it is to be spoken as → vertices [T, V, 3] of each.
Speak = Callable[[MeshClip, Sequence[str]], Sequence[Floats]]


def read_predictions(folder: Path) -> Speak:
    """Predictions of any system: CLIP.npy, or CLIP_condition_IDENTITY.npy (as FaceFormer and CodeTalker write them),
    [T, V, 3] or [T, 3 V]. Raises CorpusError when one is missing or is no array.
    """
    if not folder.is_dir():
        raise CorpusError(f"there is no folder '{folder}' of predictions; expected CLIP.npy for each clip of the split")

    def read(clip: MeshClip, identity: str) -> Floats:
        places = [folder / f"{clip.name}_condition_{identity}.npy", folder / f"{clip.name}.npy"]
        path = next((place for place in places if place.exists()), None)
        if path is None:
            raise CorpusError(f"'{folder}' has neither {places[1].name} nor {places[0].name}; predict this clip, too")
        try:
            vertices = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise CorpusError(f"'{path}' is no array ({error}); expected numbers [frames, vertices, 3]") from None
        if vertices.ndim == 2 and vertices.shape[1] % 3 == 0:
            vertices = vertices.reshape(len(vertices), -1, 3)
        return np.asarray(vertices, np.float32)

    return lambda clip, identities: [read(clip, identity) for identity in identities]


def speak_live(talker: Talker, seed: int = 0) -> Speak:
    """An exported talker of a mesh, heard as it is served: sound in, offsets out, frame by frame.

    Raises CorpusError when its mesh or its rate is not the clips', BundleError when it has not learned an identity.
    """

    def live(clip: MeshClip, identity: str) -> Floats:
        if (talker.config.vertices, talker.config.fps) != (len(clip.template), clip.fps):
            raise CorpusError(
                f"the talker moves {talker.config.vertices} vertices {talker.config.fps} times a second, the corpus "
                f"has {len(clip.template)} at {clip.fps}; give a talker that was trained on such a mesh"
            )
        samples = -(-len(clip.vertices) * SAMPLE_RATE // clip.fps)
        sound = np.pad(clip.sound[:samples], (0, max(0, samples - len(clip.sound))))
        stream = Stream(talker, identity, seed)
        frames = [*stream.push(sound), *stream.flush()]
        return clip.template + np.stack([frame.values for frame in frames]).reshape(-1, *clip.template.shape)

    return lambda clip, identities: [live(clip, identity) for identity in identities]


def in_chunks(speak: Speak, frames: int) -> Speak:
    """The same, each `frames` frames of sound from rest."""

    def chunked(clip: MeshClip, identities: Sequence[str]) -> list[Floats]:
        starts = range(0, len(clip.vertices), frames)
        samples = [start * SAMPLE_RATE // clip.fps for start in starts]
        sounds = [clip.sound[a:b] for a, b in zip(samples, [*samples[1:], len(clip.sound)], strict=True)]
        cuts = [
            replace(clip, sound=sound, vertices=clip.vertices[start : start + frames])
            for start, sound in zip(starts, sounds, strict=True)
        ]
        spoken = [speak(cut, identities) for cut in cuts]
        return [np.concatenate(parts) for parts in zip(*spoken, strict=True)]

    return chunked
