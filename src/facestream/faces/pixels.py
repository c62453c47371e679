"""Triangles to samples and samples to pixels.

A pixel has four samples in two rows, the lower row's half way between those of the upper: four places across, two
down. (Four rows of one sample smooth level edges better and cost a fifth more of a picture: small triangles are mostly
rows.) The picture is made in bands of rows, so that the samples at work stay in the processor's near memory. Triangles
are filled row by row between their edges, each edge walked from its upper end, so that neighbours share no sample and
leave no crack. The kernels release the interpreter lock.

A sample's colour is one word: three lanes of 21 bits, each 8 bits before and 11 behind the point and 2 to sum four
samples. It is 0 where nothing was drawn. A texel's place is one word too: column and row in 16.16 bits each.

Shapes: V vertices, F triangles, S = size: picture rows and columns, 2S sample rows and columns, B rows of a band,
H x W texels.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

BAND = 64  # sample rows drawn at a time
_LANE, _POINT = 21, 11
_ONE = 1 << _POINT
_MASK = (1 << _LANE) - 1
_HALF, _ZERO = np.float32(0.5), np.float32(0.0)
_EIGHTH, _QUARTER = np.float32(0.125), np.float32(0.25)
_REACH = np.float32(0.875)  # to the first column whose sample is at or behind an edge
_TINY = np.float32(1e-9)
_DULL = np.float32(0.80)  # the cosine below which a moist surface mirrors nothing
_QUARTERS = 0b10_00  # of a column's width, and an eighth: where the samples of its rows are, the last one first
# Twice the area of a triangle that faces the eye is below this: rows grow downwards. Thinner ones hold no sample.
_LEAST_AREA = np.float32(-0.02)
_jit = njit(cache=True, nogil=True, fastmath=True)


@_jit
def downwards(p, q, r, y_p, y_q, y_r):  # type: ignore[no-untyped-def]
    """Three vertices in the order of their rows."""
    if y_q < y_p:
        p, q, y_p, y_q = q, p, y_q, y_p
    if y_r < y_q:
        q, r, y_q = r, q, y_r
        if y_q < y_p:
            p, q = q, p
    return p, q, r


@_jit
def _slopes(va, vb, ax, ay, bx, by, inverse):  # type: ignore[no-untyped-def]
    """Change a sample to the right and a sample down of what grows by va along edge a and by vb along edge b."""
    return (va * by - vb * ay) * inverse, (vb * ax - va * bx) * inverse


@_jit
def _packed(r, g, b):  # type: ignore[no-untyped-def]
    """Three numbers as lanes of one word. Sums of words are words of the sums, of slopes with either sign too."""
    return np.int64(r * _ONE) + (np.int64(g * _ONE) << _LANE) + (np.int64(b * _ONE) << (2 * _LANE))


@_jit
def _place(u, v):  # type: ignore[no-untyped-def]
    """Texture column and row (or their slopes) as one word."""
    return (np.int64(u * np.float32(65536.0)) << 32) + np.int64(v * np.float32(65536.0))


@_jit
def _painted(word, place, texture, width):  # type: ignore[no-untyped-def]
    """The packed colour times the texel at a place; texture: [H W] words of 8 bits each for red, green and blue."""
    texel = np.int64(texture[np.uint64(((place & 0xFFFFFFFF) >> 16) * width + (place >> 48))])
    r, g, b = word & _MASK, (word >> _LANE) & _MASK, (word >> (2 * _LANE)) & _MASK
    r = (r * ((texel & 0xFF) + 1)) >> 8
    g = (g * (((texel >> 8) & 0xFF) + 1)) >> 8
    b = (b * ((texel >> 16) + 1)) >> 8
    return r + (g << _LANE) + (b << (2 * _LANE))


@_jit
def _brightened(word, light):  # type: ignore[no-untyped-def]
    """The packed colour with a share of white, 0..1, over it."""
    share, full = np.int64(light * np.float32(256.0)), np.int64(255 * _ONE)
    r, g, b = word & _MASK, (word >> _LANE) & _MASK, (word >> (2 * _LANE)) & _MASK
    r += ((full - r) * share) >> 8
    g += ((full - g) * share) >> 8
    b += ((full - b) * share) >> 8
    return r + (g << _LANE) + (b << (2 * _LANE))


@_jit
def _highlight(nx, ny, nz, gloss, half):  # type: ignore[no-untyped-def]
    """White that a moist surface mirrors, 0..1, for a normal of about unit length: a broad sheen, and on what is as
    smooth as an eye the soft discs of key and fill. half: [2, 3] the normals that mirror them to the eye.
    """
    scale = np.float32(1.0) / math.sqrt(nx * nx + ny * ny + nz * nz + np.float32(1e-9))
    key = max((nx * half[0, 0] + ny * half[0, 1] + nz * half[0, 2]) * scale, _ZERO)
    power = key * key
    power *= power
    power *= power
    power = max(power * power - np.float32(0.03), _ZERO)  # to the 16th, and nothing from where _DULL begins
    disc = min(max((key - np.float32(0.972)) * np.float32(60.0), _ZERO), np.float32(1.0))
    fill = (nx * half[1, 0] + ny * half[1, 1] + nz * half[1, 2]) * scale
    pale = min(max((fill - np.float32(0.988)) * np.float32(120.0), _ZERO), np.float32(1.0))
    sheen = (np.float32(0.60) - np.float32(0.48) * gloss) * power
    return min(gloss * (sheen + gloss * (np.float32(0.32) * disc + np.float32(0.06) * pale)), np.float32(1.0))


@_jit
def _mirrors(i, j, k, normals, half):  # type: ignore[no-untyped-def]
    """Whether a triangle with these vertices' normals can mirror a lamp to the eye."""
    best = _ZERO
    for v in (i, j, k):
        for lamp in range(2):
            toward = normals[v, 0] * half[lamp, 0] + normals[v, 1] * half[lamp, 1] + normals[v, 2] * half[lamp, 2]
            best = max(best, toward)
    return best > _DULL


@_jit
def _spans(p, q, r, first, last, columns, out):  # type: ignore[no-untyped-def]
    """First columns [n] and ends [BAND + n] of the sample rows from first to last in a triangle whose corners (column,
    row) follow one another downwards. Without branches, so that the compiler works several rows at once.
    """
    px, top, qx, middle, bottom = p[0], p[1], q[0], q[1], r[1]
    long_slope = (r[0] - px) / (bottom - top)
    upper, lower = (qx - px) / (middle - top + _TINY), (r[0] - qx) / (bottom - middle + _TINY)
    long_left = px + (middle - top) * long_slope < qx
    for n in range(last - first):
        row = np.int32(first + n)
        at = np.float32(row) + _HALF
        long = px + (at - top) * long_slope
        short = px + (at - top) * upper if at < middle else qx + (at - middle) * lower
        left, right = long if long_left else short, short if long_left else long
        reach = _REACH - _QUARTER * np.float32((_QUARTERS >> (2 * (row & 1))) & 3)
        out[n] = np.int32(max(left + reach, _ZERO))
        out[n + BAND] = np.int32(min(right + reach, np.float32(columns)))


@_jit
def sort_into_bands(screen, triangles, rows, used):  # type: ignore[no-untyped-def]
    """Triangles that face the eye, by the bands of sample rows that they touch: starts [bands + 1] and members; and
    mark their vertices in used [V].
    """
    bands = -(-rows // BAND)
    first, last = np.empty(triangles.shape[0], np.int32), np.empty(triangles.shape[0], np.int32)
    starts = np.zeros(bands + 1, np.int32)
    used[:] = False
    for f in range(triangles.shape[0]):
        i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ax, ay = screen[j, 0] - screen[i, 0], screen[j, 1] - screen[i, 1]
        bx, by = screen[k, 0] - screen[i, 0], screen[k, 1] - screen[i, 1]
        first[f], last[f] = 0, -1
        if ax * by - ay * bx < _LEAST_AREA:
            top, bottom = min(screen[i, 1], screen[j, 1], screen[k, 1]), max(screen[i, 1], screen[j, 1], screen[k, 1])
            from_row, to_row = max(0, np.int32(top + _HALF)), min(rows, np.int32(bottom + _HALF))
            if from_row < to_row:
                used[i] = used[j] = used[k] = True
                first[f], last[f] = from_row // BAND, (to_row - 1) // BAND
                for band in range(first[f], last[f] + 1):
                    starts[band + 1] += 1
    for band in range(bands):
        starts[band + 1] += starts[band]
    members, ends = np.empty(starts[bands], np.int32), starts.copy()
    for f in range(triangles.shape[0]):
        for band in range(first[f], last[f] + 1):
            members[ends[band]] = f
            ends[band] += 1
    return starts, members


@_jit
def _fill(members, origin, shape, surface, depth, color):  # type: ignore[no-untyped-def]
    """Fill triangles into a band of samples whose first row is `origin`.

    shape: column, sample row, 1 / distance [V, 3]; triangles [F, 3]; colour, normal [V, 3] and weld [V] of each vertex;
    surface: gloss [F]; where lamps are mirrored [2, 3]; column and row of texels [V, 2]; whether a triangle is textured
    [F]; texels and their width. depth: 1 / distance of each sample; color: its packed colour; both in place.
    """
    screen, triangles, lit, normals, weld = shape
    gloss, half, uv, textured, texture, width = surface
    rows, columns = depth.shape
    depth, color = depth.ravel(), color.ravel()
    spans = np.empty(2 * BAND, np.int32)
    for f in members:
        i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        x0, y0 = screen[i, 0], screen[i, 1]
        ax, ay = screen[j, 0] - x0, screen[j, 1] - y0
        bx, by = screen[k, 0] - x0, screen[k, 1] - y0
        p, q, r = downwards(i, j, k, screen[i, 1], screen[j, 1], screen[k, 1])
        first = max(origin, np.int32(screen[p, 1] + _HALF))
        last = min(origin + rows, np.int32(screen[r, 1] + _HALF))
        inverse = np.float32(1.0) / (ax * by - ay * bx)
        near_x, near_y = _slopes(screen[j, 2] - screen[i, 2], screen[k, 2] - screen[i, 2], ax, ay, bx, by, inverse)
        red_x, red_y = _slopes(lit[j, 0] - lit[i, 0], lit[k, 0] - lit[i, 0], ax, ay, bx, by, inverse)
        green_x, green_y = _slopes(lit[j, 1] - lit[i, 1], lit[k, 1] - lit[i, 1], ax, ay, bx, by, inverse)
        blue_x, blue_y = _slopes(lit[j, 2] - lit[i, 2], lit[k, 2] - lit[i, 2], ax, ay, bx, by, inverse)
        # colours step in whole words: to the reference sample beside the first vertex, then by quarters of a column
        quarter = _packed(_QUARTER * red_x, _QUARTER * green_x, _QUARTER * blue_x)
        word_x, word_y = 4 * quarter, _packed(red_y, green_y, blue_y)
        column, row = np.int32(x0), np.int32(y0)
        dx, dy = np.float32(column) + _EIGHTH - x0, np.float32(row) + _HALF - y0
        base = _packed(
            lit[i, 0] + red_x * dx + red_y * dy,
            lit[i, 1] + green_x * dx + green_y * dy,
            lit[i, 2] + blue_x * dx + blue_y * dy,
        )
        shiny, mapped = gloss[f], textured[f]
        if shiny > _ZERO and not _mirrors(weld[i], weld[j], weld[k], normals, half):
            shiny = _ZERO
        plain = shiny == _ZERO and not mapped
        wi = wj = wk = 0
        nx_x = nx_y = ny_x = ny_y = nz_x = nz_y = u_x = u_y = v_x = v_y = _ZERO
        place_x = np.int64(0)
        if shiny > _ZERO:
            wi, wj, wk = weld[i], weld[j], weld[k]
            nx_x, nx_y = _slopes(
                normals[wj, 0] - normals[wi, 0], normals[wk, 0] - normals[wi, 0], ax, ay, bx, by, inverse
            )
            ny_x, ny_y = _slopes(
                normals[wj, 1] - normals[wi, 1], normals[wk, 1] - normals[wi, 1], ax, ay, bx, by, inverse
            )
            nz_x, nz_y = _slopes(
                normals[wj, 2] - normals[wi, 2], normals[wk, 2] - normals[wi, 2], ax, ay, bx, by, inverse
            )
        if mapped:
            u_x, u_y = _slopes(uv[j, 0] - uv[i, 0], uv[k, 0] - uv[i, 0], ax, ay, bx, by, inverse)
            v_x, v_y = _slopes(uv[j, 1] - uv[i, 1], uv[k, 1] - uv[i, 1], ax, ay, bx, by, inverse)
            place_x = _place(u_x, v_x)
        near_row = screen[i, 2] + near_x * (_EIGHTH - x0) - near_y * y0
        word_row = base - word_y * row - word_x * column
        _spans(screen[p], screen[q], screen[r], first, last, columns, spans)
        for n in range(last - first):
            y = first + n
            left, right = spans[np.uint64(n)], spans[np.uint64(n + BAND)]
            quarters = (_QUARTERS >> (2 * (y & 1))) & 3
            shift = _QUARTER * np.float32(quarters)
            near = near_row + near_x * (np.float32(left) + shift) + near_y * (np.float32(y) + _HALF)
            word = word_row + quarter * (4 * left + quarters) + word_y * y
            start = (y - origin) * columns
            if plain:
                for sample in range(np.uint64(start + left), np.uint64(start + max(left, right))):
                    if near > depth[sample]:
                        depth[sample] = near
                        color[sample] = word
                    near += near_x
                    word += word_x
            elif left < right:
                dx, dy = np.float32(left) + _EIGHTH + shift - x0, np.float32(y) + _HALF - y0
                place = _place(uv[i, 0] + u_x * dx + u_y * dy, uv[i, 1] + v_x * dx + v_y * dy)
                for sample in range(np.uint64(start + left), np.uint64(start + right)):
                    if near > depth[sample]:
                        depth[sample] = near
                        seen = _painted(word, place, texture, width) if mapped else word
                        if shiny > _ZERO:
                            nx = normals[wi, 0] + nx_x * dx + nx_y * dy
                            ny = normals[wi, 1] + ny_x * dx + ny_y * dy
                            nz = normals[wi, 2] + nz_x * dx + nz_y * dy
                            seen = _brightened(seen, _highlight(nx, ny, nz, shiny, half))
                        color[sample] = seen | 1
                    near += near_x
                    word += word_x
                    place += place_x
                    dx += np.float32(1.0)


@_jit
def _average(color, background, out):  # type: ignore[no-untyped-def]
    """Mean of each pixel's four samples over the background, [rows, S, 3] uint8."""
    for y in range(out.shape[0]):
        upper, lower = color[2 * y], color[2 * y + 1]
        for x in range(out.shape[1]):
            a, b, c, d = upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]
            four = a + b + c + d
            if four == 0:
                out[y, x, 0], out[y, x, 1], out[y, x, 2] = background[y, x, 0], background[y, x, 1], background[y, x, 2]
                continue
            bare = np.int64(a == 0) + np.int64(b == 0) + np.int64(c == 0) + np.int64(d == 0)
            for lane in range(3):
                light = ((four >> (_LANE * lane)) & _MASK) + ((bare * np.int64(background[y, x, lane])) << _POINT)
                out[y, x, lane] = np.uint8((light + 2 * _ONE) >> (_POINT + 2))


@_jit
def _cut_out(color, out):  # type: ignore[no-untyped-def]
    """Mean of each pixel's drawn samples and their share, [rows, S, 4] uint8, not premultiplied."""
    for y in range(out.shape[0]):
        upper, lower = color[2 * y], color[2 * y + 1]
        for x in range(out.shape[1]):
            a, b, c, d = upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]
            four = a + b + c + d
            drawn = np.int64(a != 0) + np.int64(b != 0) + np.int64(c != 0) + np.int64(d != 0)
            out[y, x, 3] = np.uint8((255 * drawn + 2) // 4)
            for lane in range(3):
                light = (four >> (_LANE * lane)) & _MASK
                out[y, x, lane] = np.uint8((light + (drawn * _ONE) // 2) // max(drawn * _ONE, 1))


@_jit
def draw_bands(starts, members, shape, surface, depth, color, background, out):  # type: ignore[no-untyped-def]
    """The whole picture, band by band."""
    rows = BAND // 2
    for band in range(len(starts) - 1):
        above, below = band * rows, min((band + 1) * rows, out.shape[0])
        depth[:] = 0.0
        color[:] = 0
        _fill(members[starts[band] : starts[band + 1]], band * BAND, shape, surface, depth, color)
        if background is None:
            _cut_out(color, out[above:below])
        else:
            _average(color, background[above:below], out[above:below])
