"""Our own head: a friendly character sculpted by code, with ARKit's 52 shapes, 16 tongue shapes, and turning head
and eyes.
"""

from facestream.faces.head.head import Head, Poser, lip_gap

__all__ = ["Head", "Poser", "lip_gap"]
