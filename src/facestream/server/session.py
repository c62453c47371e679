"""One client's session as the network's thread sees it: who it is, what it may do, what it says and is told.

A session knows no socket: a wire carries its messages. So it is tested without a network.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from facestream.audio.waveform import check_samples
from facestream.errors import AudioError, ProtocolError
from facestream.server import protocol
from facestream.server.limits import Allowance
from facestream.server.protocol import Close, Error, Hello, Pong, from_client, json_twin, pack, samples_of, write
from facestream.server.seat import Answers, Seat
from facestream.signals import Floats

if TYPE_CHECKING:
    from facestream.server.house import House

logger = logging.getLogger("facestream.server")


class Wire(Protocol):
    """What a session needs of a connection."""

    def send(self, message: bytes | str) -> None:
        """Send a message, now."""

    def close(self, code: int, reason: str) -> None:
        """Close with a code and a sentence."""

    def ping(self) -> None:
        """Ask for a sign of life."""

    @property
    def unread(self) -> int:
        """Bytes that wait because the client does not take them."""


class Session:
    """From hello to the close. origin, host, bearer: what the connection's headers say."""

    def __init__(
        self, house: House, wire: Wire, origin: str | None = None, host: str | None = None, bearer: str = ""
    ) -> None:
        now = time.monotonic()
        self.name = secrets.token_hex(8)
        self.dropped = 0
        self._said = 0  # samples
        self._house, self._wire = house, wire
        self._hello: Hello | None = None
        self._bearer, self._begun, self._active, self._alive = bearer, now, now, now
        self._closed, self._binary = False, True
        limits = house.limits
        self._messages = Allowance(limits.messages, 2 * limits.messages, now)
        house.sessions.add(self)
        if not house.doorman.welcomes(origin, host):
            self.refuse(
                Close.BAD_ORIGIN, f"pages of {origin!s:.40} may not connect here; start the server with --origin"
            )

    # ------------------------------------------------------------------------------------------------ from the client

    def hear(self, packet: bytes) -> None:
        """A binary message: sound."""
        if self._hello is None:
            self.refuse(Close.TEXT_FOR_BYTES, "sound came before hello; say hello first")
        elif self._hello.watch:
            self.refuse(Close.BAD_MESSAGE, "who watches a session sends no sound; leave `watch` out to begin one's own")
        elif self._may(len(packet)):
            try:
                samples = self._samples(packet, self._hello)
            except (ProtocolError, AudioError) as error:
                self.refuse(Close.BAD_SAMPLES, str(error))
                return
            self._said += len(samples)
            self._house.ask(self, lambda seat, now: seat.hear(samples, now))

    def _samples(self, packet: bytes, hello: Hello) -> Floats:
        """Sound of a packet, checked: here and not at the seat, since the engine's thread is the busier one."""
        samples = samples_of(packet, hello.format)
        return check_samples(samples, self._said, hello.sample_rate) if hello.format == "f32" else samples

    def read(self, text: str) -> None:
        """A text message: hello, or control."""
        if not self._may(0):
            return
        try:
            message = from_client(text)
        except ProtocolError as error:
            code = Close.TEXT_FOR_BYTES if self._hello and not text.lstrip().startswith("{") else error.code
            self.refuse(code, str(error))
            return
        if isinstance(message, Hello):
            self._greet(message)
        elif self._hello is None:
            self.refuse(Close.BAD_MESSAGE, f"'{message.type}' came before hello; say hello first")
        else:
            self._control(message)

    def _greet(self, hello: Hello) -> None:
        if self._hello is not None:
            self.refuse(Close.BAD_MESSAGE, "hello came twice; connect anew to begin another session")
        elif not self._house.doorman.knows(hello.token or self._bearer):
            self.refuse(Close.BAD_TOKEN, "the token is wrong or missing; ask whoever runs this server for one")
        else:
            self._hello, self._binary = hello, hello.motion == "binary"
            limits, width = self._house.limits, 2 if hello.format == "s16" else 4
            second = hello.sample_rate * width
            self._sound = Allowance(limits.faster * second, 2 * limits.buffered_seconds * second, time.monotonic())
            self._house.watch(self, hello.watch) if hello.watch else self._house.enter(self, hello)
            self._log("session begins", source=hello.source, rate=hello.sample_rate, style=hello.style)

    def _control(self, message: protocol.FromClient) -> None:
        ask = self._house.ask
        match message:
            case protocol.Interrupt(position=position):
                ask(self, lambda seat, now: seat.interrupt(position, now))
            case protocol.End():
                ask(self, lambda seat, now: seat.end(now))
            case protocol.Style(style=style):
                ask(self, lambda seat, now: seat.restyle(style))
            case protocol.Listen(on=on):
                ask(self, lambda seat, now: seat.listen(on))
            case protocol.Ask():
                ask(self, self._statistics)
            case protocol.Ping(time=sent):
                self.tell([write(Pong(time=sent, server=round(time.monotonic() - self._begun, 6)))])

    def _statistics(self, seat: Seat, now: float) -> Answers:
        return [write(seat.statistics(self.dropped, now))]

    def _may(self, size: int) -> bool:
        """Whether the client may send this much now; it is noted as active."""
        now = time.monotonic()
        self._active = self._alive = now
        if self._closed:
            return False
        if not self._messages.take(1, now):
            most = f"{self._house.limits.messages:.0f} messages a second"
            self.refuse(Close.TOO_FAST, f"more than {most} came; send sound in packets of 20 ms")
            return False
        if size and not self._sound.take(size, now):
            self.refuse(Close.TOO_FAST, "sound came much faster than anybody speaks; send it as it is spoken")
            return False
        return True

    # -------------------------------------------------------------------------------------------------- to the client

    def tell(self, answers: Answers) -> None:
        """Send messages. Motion is dropped, and counted, where the client does not take it in time."""
        if self._closed:
            return
        limits = self._house.limits
        for answer in answers:
            unread = self._wire.unread
            if unread > limits.unread_bytes:
                self.refuse(Close.TOO_MUCH_BUFFERED, "this client does not read what it is sent; read faster")
                return
            if isinstance(answer, str):
                self._wire.send(answer)
            elif unread > limits.lagging_bytes:
                self.dropped += 1
                self._house.metrics.dropped_frames.inc()
            else:
                self._wire.send(pack([answer]) if self._binary else json_twin([answer]))

    def refuse(self, code: int, sentence: str) -> None:
        """Say what is wrong, and close."""
        if self._closed:
            return
        self._wire.send(write(Error(code=int(code), message=sentence)))
        self.over(int(code), sentence)
        self._wire.close(int(code), sentence)

    def over(self, code: int, reason: str = "") -> None:
        """The connection is closed, or gone."""
        if self._closed:
            return
        self._closed = True
        self._house.leave(self)
        self._house.metrics.closed.labels(str(int(code))).inc()
        self._log("session ends", code=int(code), reason=reason, dropped=self.dropped)

    # ------------------------------------------------------------------------------------------------------- the clock

    def alive(self) -> None:
        """The client gave a sign of life."""
        self._alive = time.monotonic()

    def look(self, now: float) -> None:
        """Close a session whose time is over. Called every second or so."""
        limits = self._house.limits
        if self._hello is None and now - self._begun > limits.hello_seconds:
            self.refuse(Close.NO_HELLO, f"no hello came in {limits.hello_seconds:g} s; say hello first")
        elif now - self._begun > limits.session_seconds:
            self.refuse(Close.TOO_LONG, f"a session lasts {limits.session_seconds:g} s at most; connect again")
        elif now - self._active > limits.idle_seconds:
            self.refuse(
                Close.IDLE, f"nothing came for {limits.idle_seconds:g} s; send a ping now and then, or connect again"
            )
        elif now - self._alive > limits.vanished_seconds:
            self.refuse(Close.IDLE, "the client did not answer the server's pings; connect again")
        elif now - self._alive > limits.vanished_seconds / 3:
            self._wire.ping()

    def _log(self, event: str, **fields: Any) -> None:
        details: Mapping[str, Any] = {
            "session": self.name,
            "seconds": round(time.monotonic() - self._begun, 3),
            **fields,
        }
        logger.info(event, extra={"fields": details})
