"""Servers in threads of their own, with a talker whose jaw follows loudness two frames later."""

import asyncio
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from facestream.errors import BundleError
from facestream.runtime.ears import MelEars
from facestream.server.house import House
from facestream.server.limits import Doorman, Limits
from facestream.server.serve import Address, listen, make_server
from facestream.signals import FACE
from facestream.timing import Timing

JAW = FACE.index("jawOpen")


class Echo:
    """What an engine needs of a Talker: the jaw says how loud the frame is, the head turns with the noise."""

    timing = Timing()
    ears = MelEars(timing)
    config = SimpleNamespace(name="echo", channels=FACE, styles=("neutral", "other"), fps=25, latents=1, bands=80)

    def newcomers(self, lanes):
        return {"past": np.zeros((lanes, 2), np.float32)}

    def forget_sound(self, memories, lane):
        memories["past"][lane] = 0

    def style(self, name=None):
        name = name or "neutral"
        if name not in self.config.styles:
            raise BundleError(f"this talker has no style '{name}'; it has: neutral, other")
        return np.eye(2, dtype=np.float32)[self.config.styles.index(name)]

    def noise(self, seed, step):
        return np.array([(seed * 7919 + step) % 101 / 101], np.float32)

    def step(self, sound, style, noise, memories, step, lanes):
        past = memories["past"]
        faces = np.zeros((len(sound), len(FACE)), np.float32)
        faces[:, JAW] = past[: len(sound), 0]
        faces[:, FACE.index("headYaw")] = noise[:, 0]
        faces[:, FACE.index("mouthSmileLeft")] = style[:, 1]
        past[lanes, 0] = past[lanes, 1]
        past[lanes, 1] = np.clip(sound.max(axis=(1, 2)) / 3, 0, 1)[lanes]
        return faces


class Served:
    """A server that runs. url: of its sessions."""

    def __init__(self, house, port, tls):
        self.house, self.port = house, port
        self.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}"
        self.http = f"{'https' if tls else 'http'}://127.0.0.1:{port}"


@contextmanager
def serving(talker=None, seats=8, limits=None, doorman=None, **address):
    house = House(talker or Echo(), seats, limits or Limits(), doorman or Doorman())
    where = Address(port=0, **address)
    listener = listen(where)
    server = make_server(house, where)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        yield Served(house, listener.getsockname()[1], "certificate" in address)
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def server():
    with serving() as served:
        yield served


def tone(seconds, rate=16_000, level=0.3, hertz=440.0):
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)
