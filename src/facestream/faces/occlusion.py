"""Ambient occlusion: how much of the light from all around reaches each vertex of a mesh, past the mesh itself.

It is measured by looking at the mesh from many directions, evenly spread over the sphere: a vertex gets light from
where it is seen, weighted by the cosine at its normal.

Shapes: V vertices, D directions.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from facestream.faces.mesh import Floats, Mesh, vertex_normals
from facestream.faces.shadow import ShadowMap

_EDGE = 256
_BOUNCED = 0.2  # light that reaches the deepest corner from wall to wall


def all_around(count: int) -> Floats:
    """Unit vectors spread evenly over the sphere, [D, 3]: the Fibonacci lattice."""
    height = 1 - (2 * np.arange(count) + 1) / count
    angle = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(angle), height, flat * np.sin(angle)], -1).astype(np.float32)


def lightest(mesh: Mesh, poses: Iterable[Floats], directions: int = 128) -> Floats:
    """The largest share of ambient light that reaches each vertex in any of these poses [V, 3], 0..1: [V].

    So the inside of a mouth counts as it is when the mouth is open, and a lid as it is when it is shut.
    """
    best = np.zeros(len(mesh.vertices), np.float32)
    for pose in poses:
        np.maximum(best, reached(mesh, pose, directions), out=best)
    return best


def reached(mesh: Mesh, vertices: Floats, directions: int = 128) -> Floats:
    """Share [V] of the ambient light that reaches each vertex of one pose [V, 3], 0..1."""
    normals = np.empty_like(vertices)
    vertex_normals(vertices, mesh.triangles, mesh.weld, normals)
    every, share = np.ones(len(vertices), np.bool_), np.empty(len(vertices), np.float32)
    arrived, possible = np.zeros(len(vertices)), np.full(len(vertices), 1e-9)
    for direction in all_around(directions):
        sky = ShadowMap(direction, vertices, _EDGE, under_skin=0.0)
        sky.look(vertices, mesh.triangles)
        sky.share(normals, mesh.weld, every, share)
        cosine = np.maximum(normals[mesh.weld] @ direction, 0.0)
        arrived += cosine * share
        possible += cosine
    return np.asarray(_BOUNCED + (1 - _BOUNCED) * arrived / possible, np.float32)
