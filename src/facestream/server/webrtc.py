"""A session over WebRTC: sound and a drawn face as media tracks on one clock, motion and control over a data channel.

The client's offer comes by HTTP with its hello. What it says on the data channel is the protocol, as over a WebSocket;
a microphone may come as a track instead of as packets. Speech is played back on a track of ours: sound is the master,
and each picture is of the face that belongs to the sample that plays then, dropped or repeated as that needs.

Shapes: N samples, C channels.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from pydantic import BaseModel, Field

from facestream.errors import ProtocolError
from facestream.faces.face import load_head
from facestream.faces.rasterizer import Renderer
from facestream.server.house import House
from facestream.server.ice import Ice
from facestream.server.protocol import (
    IDLE,
    Close,
    Error,
    Face,
    Hello,
    Interrupt,
    Interrupted,
    Welcome,
    from_client,
    from_server,
    samples_of,
    unpack,
    write,
)
from facestream.server.session import Session
from facestream.signals import Floats

PACKET = 0.02  # seconds of sound that a track gives at once
VIDEO_CLOCK = 90_000
GONE = 1000  # the code of a session whose client has hung up
AHEAD = 50  # faces that wait for their sound: two seconds
SMALLEST, LARGEST = 64, 720  # edge of the picture, pixels

Picture = Any


class Offer(BaseModel, extra="forbid"):
    """What a client posts. sdp, type: of its connection, with a data channel; face: as `load_head` takes it; size: of
    the picture, pixels."""

    sdp: str = Field(max_length=1 << 16)
    type: Literal["offer"]
    hello: Hello = Hello()
    face: str = Field(default="default", max_length=64)
    size: int = Field(default=512, ge=SMALLEST, le=LARGEST)


class Player:
    """What plays when: the client's speech, and the face of the sample that plays now. speaks: false for a microphone,
    which nobody wants to hear back: its newest face is seen."""

    def __init__(self, rate: int, format: str, fps: int, speaks: bool = True) -> None:
        self.rate, self.played, self._speaks = rate, 0, speaks
        self._format, self._width, self._frame = format, 2 if format == "s16" else 4, rate // fps
        self._sound = bytearray()
        self._faces: deque[Face] = deque(maxlen=AHEAD)
        self._face: Face | None = None
        self._until = 0  # samples that there are faces for

    def hear(self, packet: bytes) -> None:
        """Speech to be played, as the client sends it."""
        if self._speaks:
            self._sound += packet

    def see(self, face: Face) -> None:
        """A face, some time before its sound plays."""
        self._faces.append(face)
        if face.heard != IDLE:
            self._until = face.heard + self._frame

    def interrupt(self, turn: int) -> None:
        """Nothing of the turns before is played any more."""
        self._sound.clear()
        self._faces = deque((face for face in self._faces if face.turn == turn % 65536), AHEAD)
        self.played = self._until = 0

    def next_sound(self, count: int) -> bytes:
        """So many samples, as s16; what is missing is silence. Sound waits for the faces that belong to it."""
        count = max(0, min(count, self._until - self.played, len(self._sound) // self._width))
        packet = bytes(self._sound[: count * self._width])
        del self._sound[: count * self._width]
        self.played += count
        floats = samples_of(packet, self._format)
        return (np.clip(floats, -1, 1) * 32767).astype("<i2").tobytes()

    def next_face(self) -> Face | None:
        """The face to be seen now: that of the sound that plays, or the newest one if none does."""
        while self._faces and (not self._speaks or self._faces[0].heard <= self.played):
            self._face = self._faces.popleft()
        return self._face


class Clock:
    """Seconds since the first of a session's tracks began."""

    def __init__(self) -> None:
        self._start: float | None = None

    async def until(self, seconds: float) -> float:
        """Sleep until so long after the start; how long after it is now."""
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(max(0.0, self._start + seconds - time.monotonic()))
        return time.monotonic() - self._start


class Sound(MediaStreamTrack):
    """The client's speech, played back in time."""

    kind = "audio"

    def __init__(self, player: Player, clock: Clock) -> None:
        super().__init__()
        self._player, self._clock, self._at = player, clock, 0

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms."""
        await self._clock.until(self._at * PACKET)
        rate, count = self._player.rate, round(self._player.rate * PACKET)
        frame = av.AudioFrame(format="s16", layout="mono", samples=count)
        (plane,) = frame.planes
        plane.update(self._player.next_sound(count).ljust(plane.buffer_size, b"\0"))
        frame.pts, frame.sample_rate, frame.time_base = self._at * count, rate, Fraction(1, rate)
        self._at += 1
        return frame


class Pictures(MediaStreamTrack):
    """The face, drawn."""

    kind = "video"

    def __init__(self, player: Player, clock: Clock, draw: Callable[[Floats], Picture], fps: int) -> None:
        super().__init__()
        self._player, self._clock, self._draw, self._fps, self._at = player, clock, draw, fps, 0

    async def recv(self) -> av.VideoFrame:
        """The next picture; those whose time has passed are left out."""
        self._at = max(self._at, int(await self._clock.until(self._at / self._fps) * self._fps))
        while (face := self._player.next_face()) is None:
            await asyncio.sleep(0.5 / self._fps)
        frame = av.VideoFrame.from_ndarray(await asyncio.to_thread(self._draw, face.values), format="rgb24")
        frame.pts, frame.time_base = self._at * VIDEO_CLOCK // self._fps, Fraction(1, VIDEO_CLOCK)
        self._at += 1
        return frame


class Peer:
    """A connection, as the wire of a session."""

    def __init__(self, house: House, ice: tuple[Ice, ...] = ()) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration([RTCIceServer(**each.fields()) for each in ice]))
        self.answered: asyncio.Future[Welcome | Error] = asyncio.get_running_loop().create_future()
        self._house = house
        self._channel: RTCDataChannel | None = None
        self._waiting: list[str] = []  # what is said before the channel is open
        self._player: Player | None = None
        self._session: Session | None = None
        self._closing: asyncio.Task[None] | None = None

    async def answer(self, offer: Offer, origin: str | None, host: str | None, bearer: str) -> dict[str, str]:
        """Begin a session; the answer to the client's offer.

        Raises ProtocolError if the session is refused, FaceError for an unknown face.
        """
        most = self._house.limits.peers
        if len(self._house.peers) >= most:
            raise ProtocolError(
                Close.FULL_HOUSE, f"all {most} faces that are drawn here are taken; draw it yourself, over a WebSocket"
            )
        self._house.peers.add(self)
        try:
            return await self._begin(offer, Session(self._house, self, origin, host, bearer))
        except BaseException:
            self.close(Close.INTERNAL, "")
            raise

    async def _begin(self, offer: Offer, session: Session) -> dict[str, str]:
        hello, timing = offer.hello.model_copy(update={"motion": "binary"}), self._house.talker.timing
        self._session = session
        session.read(write(hello))
        said = await self.answered
        if isinstance(said, Error):
            raise ProtocolError(said.code, said.message)
        head = await asyncio.to_thread(load_head, offer.face)
        pose, renderer = head.bind(said.channels), Renderer(head.mesh, offer.size)
        self._player, clock = Player(hello.sample_rate, hello.format, timing.fps, hello.source == "speech"), Clock()
        self.connection.on("datachannel", self._open)
        self.connection.on("track", lambda track: self._follow(track, session, hello))
        self.connection.on("connectionstatechange", self._look)
        await self.connection.setRemoteDescription(RTCSessionDescription(offer.sdp, offer.type))
        self.connection.addTrack(Sound(self._player, clock))
        self.connection.addTrack(Pictures(self._player, clock, lambda values: renderer.draw(pose(values)), timing.fps))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        local = self.connection.localDescription
        return {"sdp": local.sdp, "type": local.type, "session": said.session}

    # -------------------------------------------------------------------------------------------- what a session needs

    def send(self, message: bytes | str) -> None:
        """Send a message; motion goes to the player, too."""
        if isinstance(message, bytes):
            if self._player is not None:
                for face in unpack(message):
                    self._player.see(face)
        else:
            said = from_server(message)
            if isinstance(said, Welcome | Error) and not self.answered.done():
                self.answered.set_result(said)
            if isinstance(said, Interrupted) and self._player is not None:
                self._player.interrupt(said.turn)
        if self._channel is not None and self._channel.readyState == "open":
            self._channel.send(message)
        elif isinstance(message, str):
            self._waiting.append(message)

    def close(self, code: int, reason: str) -> None:
        """End the connection; the reason went over the channel as an error."""
        self._house.peers.discard(self)
        if self._session is not None:
            self._session.over(code, reason)
        if self._closing is None:
            self._closing = asyncio.ensure_future(self.connection.close())

    def ping(self) -> None:
        """WebRTC looks itself whether the client lives."""
        if self._session is not None:
            self._session.alive()

    @property
    def unread(self) -> int:
        """Bytes that wait because the client does not take them."""
        return 0 if self._channel is None else self._channel.bufferedAmount

    # ------------------------------------------------------------------------------------------ what a client does

    def _open(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        channel.on("message", self._take)
        for message in self._waiting:
            channel.send(message)
        self._waiting = []

    def _take(self, message: bytes | str) -> None:
        """A message of the client. An interruption is told what was played: nobody knows it better."""
        assert self._player is not None
        assert self._session is not None
        if isinstance(message, bytes):
            self._player.hear(message)
            self._session.hear(message)
        else:
            with suppress(ProtocolError):  # the session says what is wrong with it
                if from_client(message) == Interrupt():
                    message = write(Interrupt(position=self._player.played))
            self._session.read(message)

    def _follow(self, track: MediaStreamTrack, session: Session, hello: Hello) -> None:
        if track.kind == "audio" and hello.source == "microphone":
            self._hearing = asyncio.ensure_future(self._hear(track, session, hello))

    async def _hear(self, track: MediaStreamTrack, session: Session, hello: Hello) -> None:
        """Sound of a microphone's track."""
        resampler = av.AudioResampler("s16" if hello.format == "s16" else "flt", "mono", hello.sample_rate)
        with suppress(MediaStreamError):  # the end of a track
            while True:
                for frame in resampler.resample(await track.recv()):
                    session.hear(frame.to_ndarray().tobytes())

    async def _look(self) -> None:
        if self.connection.connectionState in ("failed", "closed"):
            self.close(GONE, "")
