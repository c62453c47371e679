"""Draw everybody together, each with another face: python examples/everybody.py PICTURE [WIDTH]."""

import sys

from PIL import Image

from facestream.faces.head import PRESETS, Head
from facestream.faces.head.poses import EMOTIONS, VISEMES
from facestream.faces.rasterizer import Camera, Renderer

path = sys.argv[1] if len(sys.argv) > 1 else "everybody.png"
width = int(sys.argv[2]) if len(sys.argv) > 2 else 1280
MOODS = {
    "default": {**VISEMES["E"], **EMOTIONS["happy"], "headYaw": 0.18, "headRoll": -0.06},
    "mira": {**VISEMES["oh"], "browInnerUp": 0.3, "headYaw": 0.15},
    "kofi": {**EMOTIONS["happy"], "headYaw": 0.05, "headRoll": 0.08},
    "rosa": {**VISEMES["FF"], "browInnerUp": 0.5, "headYaw": -0.10, "headPitch": 0.05},
    "theo": {**EMOTIONS["surprised"], "headYaw": -0.15, "headRoll": 0.06},
    "lars": {**VISEMES["aa"], "browInnerUp": 0.3, "headYaw": 0.16},
    "yuki": {**EMOTIONS["happy"], "eyeBlinkLeft": 1.0, "headRoll": 0.10, "headYaw": 0.08},
    "amara": {**VISEMES["E"], "mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "browInnerUp": 0.4, "headYaw": 0.10},
    "nadia": {**EMOTIONS["disgusted"], "headYaw": -0.12, "headRoll": -0.05},
    "omar": {**VISEMES["ih"], "mouthSmileLeft": 0.5, "mouthSmileRight": 0.6, "headYaw": -0.18},
}
CARDS = ((246, 214, 178), (190, 222, 216), (244, 196, 190), (205, 213, 240), (250, 228, 160))
COLUMNS = 5
edge = width // COLUMNS
near = Camera(position=(0.0, 0.02, 9.45), target=(0.0, 0.02, 0.0), view=20.4)
everybody = Image.new("RGB", (COLUMNS * edge, -(-len(PRESETS) // COLUMNS) * edge))
for place, name in enumerate(PRESETS):
    row, column = divmod(place, COLUMNS)
    head, mood = Head.load(name), MOODS.get(name, {})
    renderer = Renderer(head.mesh, 2 * edge, near, background=CARDS[(column + 2 * row) % len(CARDS)])
    picture = renderer.draw(head.pose(list(mood.values()), list(mood)))
    everybody.paste(
        Image.fromarray(picture).resize((edge, edge), Image.Resampling.LANCZOS), (column * edge, row * edge)
    )
palette = everybody.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=4)
everybody.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
print(path)
