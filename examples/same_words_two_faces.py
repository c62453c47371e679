"""The same curves on several faces, one below the other, to see how your own model speaks beside ours.

python examples/same_words_two_faces.py speech.wav sheet.png mira me.glb

A face is a name from `facestream faces list`, seed:42 for anybody, or a glTF or VRM file with ARKit's names.
"""

from __future__ import annotations

import sys

import numpy as np

import facestream
from facestream.audio.waveform import read_audio
from facestream.faces.face import load_face
from facestream.faces.rasterizer import Renderer
from facestream.sinks.contact_sheet import contact_sheet, save_png

COLUMNS, SIZE = 6, 256


def main(speech: str, output: str, *names: str) -> None:
    """Draw six moments of a recording on each face, a row each."""
    motion = facestream.animate(read_audio(speech))
    moments = np.linspace(0, len(motion) - 1, COLUMNS).astype(int)
    pictures, labels = [], []
    for name in names:
        face = load_face(name)
        pose, renderer = face.bind(motion.channels), Renderer(face.mesh, SIZE)
        pictures += [renderer.draw(pose(motion.values[t])) for t in moments]
        labels += [f"{name}, {t / motion.fps:.2f} s" for t in moments]
    save_png(contact_sheet(pictures, labels, COLUMNS), output)


if __name__ == "__main__":
    main(*sys.argv[1:])
