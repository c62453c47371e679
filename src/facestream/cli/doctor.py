"""`facestream doctor`: what this machine has, and what each missing thing is for."""

from __future__ import annotations

import platform
import shutil
import socket
from collections.abc import Callable
from ctypes.util import find_library
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

import av
import typer
from rich.table import Table
from rich.text import Text

from facestream.cli.console import out
from facestream.errors import FacestreamError
from facestream.runtime.talker import load


@dataclass(frozen=True)
class Finding:
    """One thing looked for. state: its version, or None if it is missing; cure: what brings it."""

    thing: str
    state: str | None
    needed_for: str
    cure: str
    vital: bool = False


def examine() -> list[Finding]:
    """Look at everything that some verb needs."""
    return [
        Finding("Python", platform.python_version(), "everything", "", vital=True),
        Finding("talker", _talker(), "animate", "pip install --force-reinstall facestream", vital=True),
        *(_codec(name, use) for name, use in (("libx264", "video with H.264"), ("aac", "sound in video"))),
        *(_served(name) for name in ("fastapi", "uvicorn", "websockets")),
        Finding("page", _page("index.html"), "serve", "pip install --force-reinstall facestream"),
        Finding("three.js", _page("vendor/three.module.js"), "the page of serve and live --page", "make page"),
        Finding("port 8000", _port(), "serve", "serve --port 8001"),
        _package("aiortc", "webrtc", "serve, over WebRTC"),
        _package("sounddevice", "mic", "live --mic"),
        Finding("PortAudio", find_library("portaudio"), "live --mic", "apt install libportaudio2"),
        _package("matplotlib", "plot", "evaluate lips --plots"),
        _package("pocketsphinx", "align", "evaluate lips, prepare speech"),
        _package("torch", "train", "prepare features, train, export"),
        _package("scipy", "train", "prepare features"),
        *(_package(name, "train", "train") for name in ("lightning-fabric", "tensorboard")),
        _package("transformers", "train", "train, on a pretrained speech model"),
        *(_package(name, "train", "export") for name in ("safetensors", "onnx")),
        _package("mediapipe", "track", "prepare video"),
        *(_program(name, "prepare synthetic") for name in ("flite", "festival")),
        Finding("espeak-ng", find_library("espeak-ng"), "prepare synthetic", "apt install libespeak-ng1"),
    ]


def _served(name: str) -> Finding:
    return Finding(
        name, _or_none(lambda: version(name)), "serve", "pip install --force-reinstall facestream", vital=True
    )


def _page(part: str) -> str | None:
    return "there" if (files("facestream.server") / "page" / part).is_file() else None


def _port() -> str | None:
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind(("127.0.0.1", 8000))
        except OSError:
            return None
    return "free"


def _talker() -> str | None:
    return _or_none(lambda: load().config.name)


def _or_none(look: Callable[[], str]) -> str | None:
    try:
        return look()
    except (FacestreamError, PackageNotFoundError):
        return None


def _codec(name: str, needed_for: str) -> Finding:
    found = name in av.codecs_available
    return Finding(name, f"in PyAV {av.__version__}" if found else None, needed_for, "pip install av", vital=True)


def _package(name: str, extra: str, needed_for: str) -> Finding:
    return Finding(name, _or_none(lambda: version(name)), needed_for, f"pip install 'facestream[{extra}]'")


def _program(name: str, needed_for: str) -> Finding:
    return Finding(name, shutil.which(name), needed_for, f"apt install {name}")


def command() -> None:
    """Say what is missing on this machine, what for, and what brings it."""
    table = Table("what", "found", "needed for", "how to get it")
    findings = examine()
    for finding in findings:
        mark = Text("missing", "bold red" if finding.vital else "yellow")
        cure = "" if finding.state else finding.cure
        table.add_row(finding.thing, finding.state or mark, finding.needed_for, Text(cure))
    out.print(table)
    if any(finding.vital and finding.state is None for finding in findings):
        raise typer.Exit(1)
