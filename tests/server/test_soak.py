"""The soak of benchmarks/soak.py, for seconds: everybody at once, and nobody is hurt."""

import asyncio
import importlib.util
import sys
from pathlib import Path

import numpy as np

from facestream.server.limits import Limits

from .conftest import Echo, serving, tone

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


def soak():
    spec = importlib.util.spec_from_file_location("soak", SOAK)
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = module
    spec.loader.exec_module(module)
    return module


def test_all_sorts_of_clients_at_once_and_every_face_is_its_own():
    rng = np.random.default_rng(0)
    sound = tone(20.0) * np.repeat(rng.uniform(0, 1, 2000), 160).astype(np.float32)
    with serving(seats=64, limits=Limits()) as served:
        world, result = asyncio.run(soak().run(served.url, Echo(), sound, 5.0))
        sessions = len(served.house.sessions)
    assert not world.faults, world.faults
    assert result["frames_compared"] > 50
    assert result["worst_difference"] < 2e-3
    assert result["deeds"]["interruptions"] > 0
    assert result["deeds"]["flooder, refused"] > 0
    assert sessions <= 1
