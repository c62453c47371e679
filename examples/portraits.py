"""Draw a small portrait of everybody, without background: python examples/portraits.py FOLDER [EDGE]."""

import sys
from pathlib import Path

from PIL import Image

from facestream.faces.head import PRESETS, Head
from facestream.faces.rasterizer import Camera, Renderer

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "portraits")
edge = int(sys.argv[2]) if len(sys.argv) > 2 else 128
folder.mkdir(parents=True, exist_ok=True)
near = Camera(position=(0.0, 0.05, 9.45), target=(0.0, 0.05, 0.0), view=17.5)
smile = {"mouthSmileLeft": 0.35, "mouthSmileRight": 0.35, "headYaw": -0.12}
for name in PRESETS:
    head = Head.load(name)
    vertices = head.pose(list(smile.values()), list(smile))
    picture = Renderer(head.mesh, 2 * edge, near, background="transparent").draw(vertices)
    Image.fromarray(picture).resize((edge, edge), Image.Resampling.LANCZOS).save(folder / f"{name}.webp", quality=82)
    print(folder / f"{name}.webp")
