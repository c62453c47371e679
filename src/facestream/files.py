"""A file that is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from facestream.errors import SinkError


def unfinished(path: Path) -> Path:
    """Where a file is written before it takes its name: beside it, and of this process (another may write the same)."""
    return path.with_name(f"{path.name}.{os.getpid()}.part")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; what stood there before stays until the new one is whole. Raises SinkError if that cannot be."""
    part = unfinished(path)
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise SinkError(
            f"'{path}' cannot be written: {error.strerror or error}; give a folder that exists and has room"
        ) from error
    finally:
        part.unlink(missing_ok=True)
