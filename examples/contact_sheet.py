"""Every second frame of a talking face in one picture, to see at a glance whether mouth and sound agree.

python examples/contact_sheet.py speech.wav sheet.png [first second] [last second]
"""

from __future__ import annotations

import sys

import facestream
from facestream.audio.waveform import read_audio
from facestream.faces.head import Head
from facestream.faces.rasterizer import Renderer
from facestream.sinks.contact_sheet import contact_sheet, save_png


def main(speech: str, picture: str, first: float = 0.0, last: float = 2.0) -> None:
    """Draw the frames between two instants (seconds) and save them."""
    motion = facestream.animate(read_audio(speech))
    head = Head.load()
    pose, renderer = head.bind(motion.channels), Renderer(head.mesh, 256)
    frames = range(int(first * motion.fps), min(int(last * motion.fps), len(motion)), 2)
    pictures = [renderer.draw(pose(motion.values[frame])).copy() for frame in frames]
    save_png(contact_sheet(pictures, [f"{frame / motion.fps:.2f} s" for frame in frames], columns=8), picture)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(float, sys.argv[3:5]))
