"""A tracker that keeps to one face among several, and sees small ones.

Shapes: H x W picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from facestream.corpora.video import Picture, See, Seen

REACH = (0.3, 0.5, 1.0)  # sides of the windows in which a face is looked for, in parts of the picture's shorter side
WIDE = 2.2  # sides of the window in which a face is followed, in sides of the face
NEAR_EDGE = 0.12  # as near to an edge of the window, and the window moves


@dataclass(frozen=True)
class _Window:
    """left, top, side: in pixels."""

    left: int
    top: int
    side: int


class Follow:
    """Sees as `see` does, in a window that stays with one face. near: where it is at first, in parts of the picture.

    The place of what is seen is that in the whole picture. Where the face is lost, it is looked for where it was last.
    """

    def __init__(self, see: See, near: tuple[float, float]) -> None:
        self._see, self._near = see, near
        self._window: _Window | None = None

    def __call__(self, picture: Picture) -> Seen | None:
        """The face in a picture [H, W, 3]."""
        windows = [self._window] if self._window else []
        shorter = min(picture.shape[:2])
        windows += [_around(self._near, round(reach * shorter), picture) for reach in REACH]
        for window in windows:
            seen = self._seen(picture, window)
            if seen is not None and self._is_it(seen):
                left, top, right, bottom = seen.place
                self._near = (left + right) / 2, (top + bottom) / 2
                self._window = self._next(seen, window, picture)
                return seen
        self._window = None
        return None

    def _is_it(self, seen: Seen) -> bool:
        """Whether it is the face that was near: the middle of that one lies within the one that is seen."""
        left, top, right, bottom = seen.place
        across, down = self._near
        return left <= across <= right and top <= down <= bottom

    def _next(self, seen: Seen, window: _Window, picture: Picture) -> _Window:
        """The window for the next picture: as it is, while the face is well within."""
        height, width = picture.shape[:2]
        left, right = (edge * width - window.left for edge in seen.place[::2])
        top, bottom = (edge * height - window.top for edge in seen.place[1::2])
        if (
            window is self._window
            and min(left, top, window.side - right, window.side - bottom) > NEAR_EDGE * window.side
        ):
            return window
        return _around(self._near, round(WIDE * max(right - left, bottom - top)), picture)

    def _seen(self, picture: Picture, window: _Window) -> Seen | None:
        """The face in a window, its place in the picture."""
        part = picture[window.top : window.top + window.side, window.left : window.left + window.side]
        seen = self._see(np.ascontiguousarray(part))
        if seen is None:
            return None
        height, width = picture.shape[:2]
        left, right = ((window.left + edge * window.side) / width for edge in seen.place[::2])
        top, bottom = ((window.top + edge * window.side) / height for edge in seen.place[1::2])
        return replace(seen, place=(left, top, right, bottom))


def _around(middle: tuple[float, float], side: int, picture: Picture) -> _Window:
    """A square about a place, moved into the picture as far as it goes."""
    height, width = picture.shape[:2]
    side = max(2, min(side, height, width))
    left, top = (round(part * size - side / 2) for part, size in zip(middle, (width, height), strict=True))
    return _Window(min(max(left, 0), width - side), min(max(top, 0), height - side), side)
