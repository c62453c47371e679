"""Our own head: a friendly character sculpted by code, with ARKit's 52 shapes, 16 tongue shapes, and turning head
and eyes.
"""

from facestream.faces.head.head import Head, Poser, lip_gap
from facestream.faces.head.identity import PRESETS, Identity

__all__ = ["PRESETS", "Head", "Identity", "Poser", "lip_gap"]
