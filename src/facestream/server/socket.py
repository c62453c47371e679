"""The WebSocket of a session, as a protocol class of uvicorn: bytes of the network in, messages of the session out.

uvicorn reads the HTTP request, and hands the connection over here when it asks to become a WebSocket. From then on
every packet is a plain call from the event loop to the session, by the sans-I/O half of `websockets` (framing, masks,
fragments, close handshake): measured at 3.5 microseconds a packet in and 1 out, where a queue and a task for each
message (ASGI) cost several times that. There is no compression: PCM and half floats hardly shrink.
"""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from facestream.server.house import House
from facestream.server.protocol import Close
from facestream.server.session import Session

PATH = "/v1/live"
REASON = 123  # bytes of a close reason at most: RFC 6455, section 5.5
SENDING = 1 << 14  # bytes that the kernel may hold for a client: about a second of motion with its overhead
GOODBYE = 2.0  # seconds for the client's half of the close handshake
LOST = 1006  # the code of a connection that ended without one
QUIET = 0.3  # seconds of nothing, after which a client whose framing is broken has understood


class _Framing(ServerProtocol):
    """RFC 6455, with our sentence for an oversized message."""

    def fail(self, code: int, reason: str = "") -> None:
        """Close because of what the client sent."""
        if code == Close.OVERSIZED:
            reason = f"a message has more than {self.max_message_size} bytes; send sound in packets of 20 ms"
        super().fail(code, reason)


class Socket(asyncio.Protocol):
    """One connection. Made by uvicorn, which gives the keywords."""

    def __init__(self, house: House, *, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        self._house, self._connections = house, server_state.connections
        self._framing = _Framing(max_size=house.limits.packet_bytes)
        self._session: Session | None = None
        self._parts: list[bytes] = []
        self._text = False
        self._goodbye: asyncio.TimerHandle | None = None
        self._latest = 0.0

    # ----------------------------------------------------------------------------------------- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is here."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)  # type: ignore[arg-type]  # uvicorn names only its own
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENDING)

    def data_received(self, data: bytes) -> None:
        """Bytes of the client."""
        self._framing.receive_data(data)
        for event in self._framing.events_received():
            if isinstance(event, Request):
                self._answer(event)
            else:
                self._take(cast(Frame, event))
        self._flush()

    def eof_received(self) -> None:
        """The client will send no more."""
        self._framing.receive_eof()
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._connections.discard(self)
        if self._goodbye is not None:
            self._goodbye.cancel()
        self._end_session()

    def shutdown(self) -> None:
        """uvicorn stops."""
        if self._session is None:
            self._transport.close()
        else:
            self._session.refuse(Close.SHUTDOWN, "the server shuts down; connect again")

    # ------------------------------------------------------------------------------------------- called by the session

    def send(self, message: bytes | str) -> None:
        """Send a message, now."""
        if self._framing.state is not State.OPEN:
            return
        if isinstance(message, bytes):
            self._framing.send_binary(message)
        else:
            self._framing.send_text(message.encode())
        self._flush()

    def close(self, code: int, reason: str) -> None:
        """Close with a code and a sentence, which is cut to what a close frame holds."""
        if self._framing.state is State.OPEN:
            self._framing.send_close(code, reason.encode()[:REASON].decode(errors="ignore"))
            self._flush()
            self._say_goodbye()

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self._framing.state is State.OPEN:
            self._framing.send_ping(b"")
            self._flush()

    @property
    def unread(self) -> int:
        """Bytes that wait because the client does not take them."""
        return self._transport.get_write_buffer_size()

    # ------------------------------------------------------------------------------------------------------- messages

    def _answer(self, request: Request) -> None:
        """The handshake."""
        response = self._framing.accept(request)
        if request.path.partition("?")[0] != PATH:
            response = self._framing.reject(HTTPStatus.NOT_FOUND, f"sessions are at {PATH}\n")
        self._framing.send_response(response)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            headers = request.headers
            bearer = headers.get("Authorization", "").removeprefix("Bearer ")
            self._flush()
            self._session = Session(self._house, self, headers.get("Origin"), headers.get("Host"), bearer)

    def _take(self, frame: Frame) -> None:
        session = self._session
        if session is None:
            return
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._text = frame.opcode is Opcode.TEXT
            self._parts = []
        elif frame.opcode is not Opcode.CONT:
            session.alive()
            return
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return
        message = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        if not self._text:
            session.hear(message)
            return
        try:
            session.read(message.decode())
        except UnicodeDecodeError:
            session.refuse(Close.BAD_MESSAGE, "a text message is not UTF-8; send control messages as JSON")

    def _flush(self) -> None:
        """Send what the framing wants to send; the end of a connection is such a wish, too."""
        for data in self._framing.data_to_send():
            if data:
                self._transport.write(data)
            elif self._framing.parser_exc is None:
                self._transport.close()
        if self._framing.state is not State.OPEN and self._session is not None:
            self._say_goodbye()
            self._end_session()

    def _say_goodbye(self) -> None:
        """The client has some time to end its half. What it still sends until then is read: a connection that is closed
        with unread bytes is reset, and the client would never see why."""
        loop = asyncio.get_running_loop()
        if self._goodbye is None:
            self._latest = loop.time() + GOODBYE
        elif self._framing.parser_exc is None:
            return
        else:
            self._goodbye.cancel()
        wait = GOODBYE if self._framing.parser_exc is None else QUIET
        self._goodbye = loop.call_at(min(self._latest, loop.time() + wait), self._transport.abort)

    def _end_session(self) -> None:
        if self._session is not None:
            said = self._framing.close_rcvd or self._framing.close_sent
            self._session.over(*((said.code, said.reason) if said else (LOST, "")))
