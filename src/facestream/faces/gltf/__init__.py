"""Faces in the formats of others: glTF 2.0 (.glb), written here and read here."""

from facestream.faces.gltf.scene import encode_glb, save_glb

__all__ = ["encode_glb", "save_glb"]
