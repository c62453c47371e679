from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from facestream.corpora.footage import job
from facestream.corpora.video import See

from .filming import see


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tracker that reads what the films of filming.py say."""

    @contextmanager
    def tracker(model: Path) -> Iterator[See]:
        yield see

    monkeypatch.setattr(job, "face_tracker", tracker)
    return Path("face_landmarker.task")
