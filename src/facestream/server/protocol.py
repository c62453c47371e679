"""What a client and the server say to each other over a WebSocket: every message, and the packet of motion.

A session, from the client's side (PROTOCOL.md tells the same in prose, page/protocol.js in JavaScript):

    text    hello {version, sample_rate, ...}          server answers: text welcome {channels, fps, limits, ...}
    binary  sound, mono PCM little-endian, any size    server sends:   binary packets of motion, 25 frames a second
    text    interrupt | end | style | listen | ping    server answers: interrupted | ended | pong ...; error, then close

Positions in sound are the client's own samples, counted from 0 in each turn; a turn ends with an interruption.

A packet of motion, all little-endian: a head of 4 bytes (0xF0 + version, number of frames F, number of channels C as
u16), then F times a frame: turn u16 (of the session's turns, modulo 65536), flags u16, index u32, heard i32,
sample u32, C values f16. f16 because a weight keeps 0.0005 and an angle 0.05 degrees, which no screen shows, without
ranges to agree on; one cast makes it, every field is aligned to its size, and a frame of 77 channels is 170 bytes.

Shapes: F frames, C channels.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from facestream.errors import ProtocolError
from facestream.signals import Floats

VERSION = 1
LOWEST_RATE, HIGHEST_RATE = 8_000, 48_000  # samples a second
IDLE = -1  # in place of a position: the face belongs to no sound of the client's
SECRET = 256  # letters of a token at most

_HEAD = struct.Struct("<BBH")
_FRAME = struct.Struct("<HHIiI")
_MAGIC = 0xF0
MOST_FRAMES = 255  # in a packet


class Close(IntEnum):
    """Why the server ends a session: the WebSocket's close code; its reason is a sentence."""

    SHUTDOWN = 1001
    TEXT_FOR_BYTES = 1003  # or bytes where a hello belongs
    BAD_SAMPLES = 1007
    OVERSIZED = 1009
    INTERNAL = 1011
    FULL_HOUSE = 1013
    BAD_MESSAGE = 4000  # not JSON, unknown type, a field that is missing, unknown or out of range
    BAD_TOKEN = 4001
    BAD_ORIGIN = 4003
    NO_SESSION = 4004  # to be watched, or no longer
    BAD_VERSION = 4006
    NO_HELLO = 4008
    IDLE = 4009
    TOO_LONG = 4010
    TOO_MUCH_BUFFERED = 4011
    TOO_FAST = 4029


class Flag(IntFlag):
    """What a frame is besides its values. LAST: of a turn that the client ended; LISTENING: the face attends."""

    NONE = 0
    LAST = 1
    LISTENING = 2


@dataclass(frozen=True)
class Face:
    """A frame of motion. heard: position in the client's sound of this turn that the face belongs to, IDLE while it
    only lives; sample: its instant on the session's clock (16 kHz, frames only); values: [C]."""

    turn: int
    index: int
    heard: int
    sample: int
    values: Floats
    flags: Flag = Flag.NONE


class Message(BaseModel):
    """Base of all JSON messages: unknown fields and values of another kind are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


# ------------------------------------------------------------------------------------------------- from the client


class Hello(Message):
    """The first message. source: a microphone's sound is followed as it comes, speech of a synthesiser may come faster
    than it is spoken; motion: binary packets, or JSON for debugging; token: where the server asks for one; watch: name
    of another session, to see its face instead of one's own."""

    type: Literal["hello"] = "hello"
    version: int = VERSION
    sample_rate: int = Field(default=16_000, ge=LOWEST_RATE, le=HIGHEST_RATE)
    format: Literal["s16", "f32"] = "s16"
    source: Literal["microphone", "speech"] = "microphone"
    style: str = Field(default="neutral", max_length=64)
    seed: int = Field(default=0, ge=0, lt=2**53)
    motion: Literal["binary", "json"] = "binary"
    listening: bool = False
    token: str = Field(default="", max_length=SECRET)
    watch: str = Field(default="", max_length=64)


class Interrupt(Message):
    """Stop speaking now. position: how much of this turn's sound was really played; without it the server's own
    clock decides."""

    type: Literal["interrupt"] = "interrupt"
    position: int | None = Field(default=None, ge=0, lt=2**31)


class End(Message):
    """No more sound for now: what the look-ahead holds is shown, then the server says `ended`."""

    type: Literal["end"] = "end"


class Style(Message):
    """From the next frame on in another style."""

    type: Literal["style"] = "style"
    style: str = Field(max_length=64)


class Listen(Message):
    """Whether the face attends to somebody who speaks to it: looks at you, nods, raises its brows."""

    type: Literal["listen"] = "listen"
    on: bool


class Ping(Message):
    """Asks for a pong. time: anything of the client's, given back as it is."""

    type: Literal["ping"] = "ping"
    time: float = 0.0


class Ask(Message):
    """Asks for statistics of this session."""

    type: Literal["statistics"] = "statistics"


# ------------------------------------------------------------------------------------------------- from the server


class Limits(Message):
    """What a session may do: see server/limits.py."""

    session_seconds: float
    idle_seconds: float
    packet_bytes: int
    buffered_seconds: float


class Welcome(Message):
    """The answer to hello. channels: names of a frame's values, in order; delay: frames of look-ahead; ahead_ms: sound
    that must be heard before the face of its first instant can leave."""

    type: Literal["welcome"] = "welcome"
    version: int = VERSION
    session: str
    talker: str
    channels: tuple[str, ...]
    styles: tuple[str, ...]
    fps: int
    delay: int
    ahead_ms: float
    limits: Limits


class Interrupted(Message):
    """Speech has stopped. turn: the new one; position: samples of the old turn's sound that were shown; frame: the
    first index that is void where its turn is older (the new turn's frames begin with it)."""

    type: Literal["interrupted"] = "interrupted"
    turn: int
    position: int
    frame: int


class Ended(Message):
    """All sound before `end` is shown. position: samples of the turn so far; frame: index of the last one."""

    type: Literal["ended"] = "ended"
    turn: int
    position: int
    frame: int


class Error(Message):
    """What is wrong, in a sentence that says what to do. code: a close code follows at once; 0: the session goes on."""

    type: Literal["error"] = "error"
    code: int
    message: str


class Pong(Message):
    """time: of the ping; server: seconds of the server's clock since the session began."""

    type: Literal["pong"] = "pong"
    time: float
    server: float


class Statistics(Message):
    """A session in numbers: samples and bytes in, frames out; frames dropped because the client took them too slowly;
    late: frames later than they should be by more than one frame; cut: seconds of a microphone's sound left out
    because they came too late; idled: steps over silence; skew_ms: how far face and sound are apart now."""

    type: Literal["statistics"] = "statistics"
    seconds: float
    samples: int
    frames: int
    dropped: int
    late: int
    cut_seconds: float
    idled: int
    skew_ms: float


class Frames(Message):
    """The JSON twin of a packet of motion: one list a frame, in the fields' order of the packet."""

    type: Literal["frames"] = "frames"
    frames: tuple[JsonFace, ...]


class JsonFace(Message):
    """A frame in JSON."""

    turn: int
    flags: int
    index: int
    heard: int
    sample: int
    values: tuple[float, ...]


FromClient = Hello | Interrupt | End | Style | Listen | Ping | Ask
FromServer = Welcome | Interrupted | Ended | Error | Pong | Statistics | Frames

_CLIENT: TypeAdapter[FromClient] = TypeAdapter(Annotated[FromClient, Field(discriminator="type")])
_SERVER: TypeAdapter[FromServer] = TypeAdapter(Annotated[FromServer, Field(discriminator="type")])


def from_client(text: str) -> FromClient:
    """Read a client's message. Raises ProtocolError with the close code that fits."""
    message: FromClient = _read(text, _CLIENT)
    return message


def from_server(text: str) -> FromServer:
    """Read a server's message. Raises ProtocolError."""
    message: FromServer = _read(text, _SERVER)
    return message


def write(message: FromClient | FromServer) -> str:
    """A message as text."""
    return message.model_dump_json()


def _read(text: str, kinds: TypeAdapter[Any]) -> Any:
    try:
        fields = json.loads(text)
    except ValueError:
        raise ProtocolError(Close.BAD_MESSAGE, "a text message is not JSON; send control messages as JSON") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise ProtocolError(Close.BAD_MESSAGE, 'a message is an object with a "type"; see PROTOCOL.md')
    version = fields.get("version", VERSION)
    if fields["type"] in ("hello", "welcome") and version != VERSION:
        raise ProtocolError(Close.BAD_VERSION, f"version {version!s:.10} is not spoken here; speak version {VERSION}")
    try:
        return kinds.validate_json(text)
    except ValidationError as error:
        raise ProtocolError(Close.BAD_MESSAGE, _sentence(fields["type"], error)) from None


def _sentence(kind: str, error: ValidationError) -> str:
    """The first thing that is wrong with a message."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    if not place:
        return f'there is no message of type "{kind:.30}"; see PROTOCOL.md'
    if first["type"] == "extra_forbidden":
        return f"{kind} has no field {place:.30}; leave it out, or see PROTOCOL.md for its name"
    came = "" if first["type"] == "missing" else f", not {first['input']!s:.20}"
    return f"{kind}.{place:.30}: {first['msg'][0].lower()}{first['msg'][1:]}{came}"


def pack(faces: Sequence[Face]) -> bytes:
    """A packet of motion, of 1 to 255 frames with the same channels."""
    channels = len(faces[0].values)
    parts = [_HEAD.pack(_MAGIC + VERSION, len(faces), channels)]
    for face in faces:
        parts.append(_FRAME.pack(face.turn % 65536, face.flags, face.index, face.heard, face.sample))
        parts.append(face.values.astype("<f2").tobytes())
    return b"".join(parts)


def unpack(packet: bytes) -> list[Face]:
    """The frames of a packet. Raises ProtocolError if it is torn or of another version."""
    if len(packet) < _HEAD.size or packet[0] & 0xF0 != _MAGIC:
        raise ProtocolError(Close.BAD_MESSAGE, "this is not a packet of motion; check that sound is not read as motion")
    magic, count, channels = _HEAD.unpack_from(packet)
    if magic != _MAGIC + VERSION:
        raise ProtocolError(Close.BAD_VERSION, f"motion of version {magic - _MAGIC}; this side speaks {VERSION}")
    size = _FRAME.size + 2 * channels
    if len(packet) != _HEAD.size + count * size:
        raise ProtocolError(
            Close.BAD_MESSAGE,
            f"a packet of {count} frames has {len(packet)} bytes; expected {_HEAD.size + count * size}",
        )
    faces = []
    for at in range(_HEAD.size, len(packet), size):
        turn, flags, index, heard, sample = _FRAME.unpack_from(packet, at)
        values = np.frombuffer(packet, "<f2", channels, at + _FRAME.size).astype(np.float32)
        faces.append(Face(turn, index, heard, sample, values, Flag(flags)))
    return faces


def json_twin(faces: Sequence[Face]) -> str:
    """The same frames as JSON."""
    return write(
        Frames(
            frames=tuple(
                JsonFace(
                    turn=face.turn,
                    flags=int(face.flags),
                    index=face.index,
                    heard=face.heard,
                    sample=face.sample,
                    values=tuple(round(float(value), 4) for value in face.values),
                )
                for face in faces
            )
        )
    )


def samples_of(packet: bytes, kind: str) -> Floats:
    """Sound of a binary message, [N] floats in -1..1. Raises ProtocolError if it is no whole number of samples."""
    size = 2 if kind == "s16" else 4
    if len(packet) % size:
        raise ProtocolError(
            Close.BAD_SAMPLES, f"{len(packet)} bytes are no whole number of {kind} samples; send {size} bytes for each"
        )
    if kind == "s16":
        return np.frombuffer(packet, "<i2") * np.float32(1 / 32768)
    return np.frombuffer(packet, "<f4")
