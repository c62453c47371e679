"""Runs a house behind uvicorn."""

from __future__ import annotations

import errno
import socket
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from facestream.errors import ServeError
from facestream.server.app import make_app
from facestream.server.house import House
from facestream.server.ice import Ice
from facestream.server.socket import Socket

SWITCH = (
    0.0005  # seconds after which a thread that computes lets the other one go on: the default, 5 ms, is half a tick
)
BACKLOG = 512
GRACE = 5  # seconds for sessions to say goodbye


@dataclass(frozen=True)
class Address:
    """Where to listen, and how to be found: certificate and key (PEM files) for TLS; port: 0 for any that is free; ice:
    what helps WebRTC through routers, nothing where all are in one network."""

    host: str = "127.0.0.1"
    port: int = 8000
    certificate: Path | None = None
    key: Path | None = None
    ice: tuple[Ice, ...] = ()


def listen(address: Address) -> socket.socket:
    """A socket that listens. Raises ServeError if the address cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
    except OSError as error:
        listener.close()
        cure = (
            "choose another --port, or end what uses it" if error.errno == errno.EADDRINUSE else "choose another --host"
        )
        raise ServeError(f"{address.host}:{address.port} cannot be listened on ({error.strerror}); {cure}") from error
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def make_server(house: House, address: Address) -> uvicorn.Server:
    """The server of a house, to be run with `listen`'s socket. Raises ServeError for a certificate that is not one."""
    sys.setswitchinterval(SWITCH)
    settings: dict[str, Any] = {"http": "httptools", "log_config": None, "access_log": False}
    if address.certificate is not None:
        settings |= {"ssl_certfile": str(address.certificate), "ssl_keyfile": str(address.key or address.certificate)}
    config = uvicorn.Config(
        make_app(house, address.ice),
        ws=partial(Socket, house),  # type: ignore[arg-type]
        timeout_graceful_shutdown=GRACE,
        server_header=False,
        **settings,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise ServeError(
            f"'{address.certificate}' is no certificate with its key: {error}; expected PEM files"
        ) from error
    return uvicorn.Server(config)
