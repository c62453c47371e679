"""Everything that facestream raises on purpose.

    FacestreamError
    ├── AudioError          the sound cannot be read: missing, not audio, empty, not finite
    ├── MotionError         curves do not fit: wrong shape, unknown or missing channels
    ├── FaceError           a face cannot be made: unknown name, a form out of its range
    ├── BundleError         a model folder is missing, torn, of another version, or has unknown keys
    ├── CheckpointError     trained weights do not fit: torn, of another size, code in them
    ├── CorpusError         training material is missing or not as its layout says
    ├── SinkError           the result cannot be written: folder missing, disk full, unknown ending
    ├── FullHouseError      every seat of a live engine is taken
    ├── ServeError          a server cannot be started: address in use, no certificate
    ├── ProtocolError       a client and a server do not understand each other; carries the close code
    └── MissingExtra        an optional package is needed: says which `pip install` brings it

A message says what came, what was expected, and what to do. The command line prints it without a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence


class FacestreamError(Exception):
    """Base of all errors that facestream raises on purpose."""


class AudioError(FacestreamError):
    """The sound cannot be used: missing, not audio, empty, or not finite."""


class MotionError(FacestreamError):
    """Motion curves do not fit: wrong shape, or channels unknown or missing."""


class FaceError(FacestreamError):
    """A face cannot be made: its name is unknown or its description is not a person."""


class BundleError(FacestreamError):
    """A model bundle is missing, torn, of another version, or has unknown keys."""


class CheckpointError(FacestreamError):
    """Trained weights cannot be used: torn, of another size, with tensors missing or unknown, or with code in them."""


class CorpusError(FacestreamError):
    """Training or evaluation material is missing, or not laid out as its format says."""


class SinkError(FacestreamError):
    """A result cannot be written."""


class FullHouseError(FacestreamError):
    """Every seat of a live engine is taken."""


class ServeError(FacestreamError):
    """A server cannot be started, or reached."""


class ProtocolError(FacestreamError):
    """A message is not what the protocol says. code: the close code of the WebSocket that fits."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = int(code)


class MissingExtra(FacestreamError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package '{package}', which is not installed: pip install 'facestream[{extra}]'"
        )


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A sentence to end a message with, " Did you mean 'neutral'?", or nothing if no known name is near."""
    near = difflib.get_close_matches(name, known, 1)
    return f" Did you mean '{near[0]}'?" if near else ""
