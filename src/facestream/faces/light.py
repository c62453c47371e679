"""Light on vertices: three lamps and the sky, what goes on under the skin, and the curve to the display.

Shapes: V vertices. Everything is in the camera's frame: x to the right, y up, z towards who looks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from facestream.faces.mesh import Floats

_jit = njit(cache=True, nogil=True, fastmath=True)


@dataclass(frozen=True)
class Light:
    """Where the light comes from and its colour (linear): a key, a fill, a rim from behind, sky above, bounce below.

    Directions are the camera's: x to the right of the picture, y up, z towards who looks.
    """

    key: tuple[float, float, float] = (-0.68, 0.64, 0.60)
    key_color: tuple[float, float, float] = (1.08, 0.97, 0.86)
    fill: tuple[float, float, float] = (0.80, 0.05, 0.60)
    fill_color: tuple[float, float, float] = (0.12, 0.14, 0.18)
    rim: tuple[float, float, float] = (0.65, 0.45, -0.62)
    rim_color: tuple[float, float, float] = (2.30, 2.40, 2.50)
    sky: tuple[float, float, float] = (0.20, 0.22, 0.26)
    bounce: tuple[float, float, float] = (0.15, 0.115, 0.10)

    def table(self) -> Floats:
        """[8, 3]: directions of unit length at rows 0, 2, 4."""
        directions = (self.key, self.key_color, self.fill, self.fill_color, self.rim, self.rim_color)
        rows = np.array((*directions, self.sky, self.bounce))
        rows[[0, 2, 4]] /= np.linalg.norm(rows[[0, 2, 4]], axis=1, keepdims=True)
        return rows.astype(np.float32)


# sRGB's curve (IEC 61966-2-1) by the square root of linear light: 0..255.
_STEPS = 2047
_root = np.linspace(0, 1, _STEPS + 1) ** 2
ENCODED = np.where(_root <= 0.0031308, 12.92 * _root, 1.055 * _root ** (1 / 2.4) - 0.055).astype(np.float32) * 255
# Light wraps around the terminator, red furthest, as light that has travelled under skin does; and it leaves thin
# places on the far side, nearly only the red.
_WRAP = (0.84, 0.48, 0.36)
_BLEED = (0.9, 0.15, 0.0)
_OFF_SKIN = (0.60, 0.28, 0.12)  # what reaches a crease or a mouth comes off skin
_THROUGH = (0.95, 0.22, 0.10)


@_jit
def toned(r, g, b):  # type: ignore[no-untyped-def]
    """Linear light to what a display can show, 0..1: colours below 0.76 stay, brighter ones are bent below 1 with
    their hue kept and paled a little, as Khronos' PBR Neutral tone mapper does (specification, 2024), whose dark
    offset is left out: it would take the colour out of dark skin.
    """
    peak = max(r, g, b)
    if peak < 0.76:
        return r, g, b
    fitted = 1.0 - 0.0576 / (peak - 0.52)
    scale = fitted / peak
    white = 1.0 - 1.0 / (0.15 * (peak - fitted) + 1.0)
    r, g, b = r * scale, g * scale, b * scale
    return r + (fitted - r) * white, g + (fitted - g) * white, b + (fitted - b) * white


@_jit
def light_vertices(points, normals, weld, used, surface, key_share, light, encoded, out):  # type: ignore[no-untyped-def]
    """Light that each used vertex sends to the eye, encoded for the display, [V, 3] in 1..254, so that what is
    interpolated stays in its lane without clipping.

    surface: colors [V, 3], sheen [V], shade [V], translucency [V]; key_share: [V] of the key light that no shadow
    takes, which counts little for what is translucent all through: light goes round what stands before it. Where shade
    says that little of the surroundings is seen, what the key cannot reach is darker still: so the inside of a mouth
    darkens as it closes.
    """
    colors, sheen, shade, translucency = surface
    hx, hy, hz = light[0, 0], light[0, 1], light[0, 2]
    linear = np.empty(3, np.float32)
    for v in range(points.shape[0]):
        if not used[v]:
            continue
        n = normals[weld[v]]
        px, py, pz = points[v, 0], points[v, 1], points[v, 2]
        scale = -1.0 / math.sqrt(px * px + py * py + pz * pz)
        vx, vy, vz = px * scale, py * scale, pz * scale
        facing = max(0.0, n[0] * vx + n[1] * vy + n[2] * vz)
        key = n[0] * hx + n[1] * hy + n[2] * hz
        fill = max(0.0, 0.5 + 0.5 * (n[0] * light[2, 0] + n[1] * light[2, 1] + n[2] * light[2, 2]))
        back = n[0] * light[4, 0] + n[1] * light[4, 1] + n[2] * light[4, 2]
        edge = 1.0 - facing
        soft = translucency[v]
        lit = max(key_share[v], max(0.0, 2.5 * soft - 1.5) * min(1.0, 2.0 * shade[v]))
        open_ = shade[v] * (1.0 - 0.35 * (1.0 - shade[v]) * (1.0 - lit))
        rim = (max(0.0, back + 0.1) * edge * edge + 0.10 * edge * edge * edge * max(0.0, 0.4 + n[1])) * open_ * open_
        thin = max(0.0, 5.0 * (soft - 0.5) * (1.0 - soft))
        through = max(0.0, -back) * thin * 0.55 + max(0.0, back) * edge * soft * 0.25 * open_
        up = 0.5 + 0.5 * n[1]
        # half way between key and eye
        mx, my, mz = hx + vx, hy + vy, hz + vz
        mirror = max(0.0, n[0] * mx + n[1] * my + n[2] * mz) / math.sqrt(mx * mx + my * my + mz * mz)
        mirror *= mirror
        mirror *= mirror
        mirror *= mirror * mirror  # to the 12th power
        spot = mirror * mirror
        shine = sheen[v] * (mirror + soft * spot * spot) * lit * open_
        for c in range(3):
            wrap = 0.06 + soft * _WRAP[c]
            direct = max(0.0, (key + wrap) / (1.0 + wrap))
            arrives = lit + soft * _BLEED[c] * lit * (1.0 - lit)
            color = colors[v, c]
            # light that comes out of a crease has been reflected there and taken the surface's colour: Jimenez et al.
            # 2016, Practical real-time strategies for accurate indirect occlusion, section 5.1
            a, b, d = 2.0404 * color - 0.3324, -4.7951 * color + 0.6417, 2.7552 * color + 0.6903
            ambient = max(open_, ((open_ * a + b) * open_ + d) * open_) * (1.0 + _OFF_SKIN[c] * (1.0 - open_))
            arriving = (
                light[1, c] * direct * arrives * (0.4 + 0.6 * open_)
                + (light[3, c] * fill + light[7, c] + (light[6, c] - light[7, c]) * up) * ambient
                + light[5, c] * (rim + through * _THROUGH[c])
            )
            linear[c] = color * (arriving + 0.6 * shine) + light[1, c] * (0.20 + 0.6 * soft) * shine
        r, g, b = toned(linear[0], linear[1], linear[2])
        out[v, 0] = 1.5 + 0.99 * encoded[int(_STEPS * math.sqrt(max(r, 0.0)))]
        out[v, 1] = 1.5 + 0.99 * encoded[int(_STEPS * math.sqrt(max(g, 0.0)))]
        out[v, 2] = 1.5 + 0.99 * encoded[int(_STEPS * math.sqrt(max(b, 0.0)))]
