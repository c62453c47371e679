"""`facestream serve`: the page, and live sessions for many at once."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from facestream.cli.console import errors
from facestream.runtime.talker import load
from facestream.server.limits import Doorman, Limits
from facestream.server.logs import speak

USUAL = Limits()
CORES = os.cpu_count() or 1


def command(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8000,
    bundle: Annotated[Path | None, typer.Option(help="Folder of another talker.")] = None,
    seats: Annotated[int, typer.Option(min=1, max=4096, help="Sessions at most.")] = 256,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Cores that share a step; for many sessions.")] = CORES,
    token: Annotated[str, typer.Option(envvar="FACESTREAM_TOKEN", help="What clients must show; empty: nothing.")] = "",
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A page besides our own that may connect, as https://example.org; * for all."),
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="PEM file, for TLS.")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM file, where the certificate's does not hold it.")] = None,
    ice: Annotated[
        list[str] | None,
        typer.Option(help="For WebRTC through routers: stun:host:port, or turn:user:secret@host:port."),
    ] = None,
    session_seconds: Annotated[float, typer.Option(min=1, help="A session at most.")] = USUAL.session_seconds,
    idle_seconds: Annotated[
        float, typer.Option(min=1, help="A session without sound or control at most.")
    ] = USUAL.idle_seconds,
    packet_bytes: Annotated[int, typer.Option(min=1024, help="A message at most.")] = USUAL.packet_bytes,
    buffered_seconds: Annotated[
        float, typer.Option(min=1, help="Sound that may wait to be spoken.")
    ] = USUAL.buffered_seconds,
    messages: Annotated[float, typer.Option(min=1, help="Messages of a session a second.")] = USUAL.messages,
    peers: Annotated[int, typer.Option(min=0, help="Sessions over WebRTC, drawn here.")] = USUAL.peers,
    most_load: Annotated[
        float, typer.Option("--load", min=0, help="Share of the engine's time beyond which newcomers are sent away.")
    ] = USUAL.load,
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Log JSON lines.")] = False,
) -> None:
    """Serve the page and live sessions; Ctrl-C or SIGTERM ends with a goodbye to everybody."""
    from facestream.server.house import House
    from facestream.server.ice import Ice
    from facestream.server.serve import Address, listen, make_server

    speak(json_lines=json_logs)
    limits = Limits(
        session_seconds=session_seconds,
        idle_seconds=idle_seconds,
        packet_bytes=packet_bytes,
        buffered_seconds=buffered_seconds,
        messages=messages,
        peers=peers,
        load=most_load,
    )
    address = Address(host, port, certificate, key, tuple(map(Ice.read, ice or ())))
    house = House(load(bundle, threads), seats, limits, Doorman(token, tuple(origin or ())))
    server = make_server(house, address)
    listener = listen(address)
    place = f"{'https' if certificate else 'http'}://{host}:{listener.getsockname()[1]}"
    errors.print(f"Listening on {place}; Ctrl-C ends.", markup=False, highlight=False, soft_wrap=True)
    with suppress(KeyboardInterrupt):  # uvicorn said goodbye, then passes the signal on
        server.run([listener])
