"""`facestream animate`: a recording of speech to a video of a talking head, to its motion, or to a head that moves.

A talker makes curves, which any face can play, or moves the vertices of a mesh of its own. The mesh is what is drawn
and written then, unless another face or curves are asked for: these are found from the vertices (runtime/curves.py).

Shapes: N samples, T frames, C numbers of a face.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt
import typer
from PIL import Image, ImageColor

from facestream.audio.waveform import read_audio
from facestream.cli.console import check_place, out, progress_bar, stoppable
from facestream.errors import SinkError
from facestream.runtime.stream import Stream
from facestream.runtime.talker import Talker, load
from facestream.signals import Floats, Frame
from facestream.sinks.vertices import save_vertices
from facestream.timing import SAMPLE_RATE

if TYPE_CHECKING:
    from facestream.faces.background import Background
    from facestream.faces.mesh import Mesh

TABLE, ARRAY = ".csv", ".npz"
VIDEOS = (".mp4", ".mov", ".mkv")
MODEL = ".glb"
DEFAULT = "default"  # who plays where nobody is named
HANDS = min(6, (os.cpu_count() or 1) + 2)  # threads that draw, more than cores: some of them wait their turn
PACKET = SAMPLE_RATE  # samples given to the talker at once

Picture = npt.NDArray[np.uint8]
Tick = Callable[[int, int], None]  # frames done, frames in all


def animate_file(
    speech: Path,
    output: Path,
    talker: Talker,
    style: str | None = None,
    seed: int = 0,
    size: int = 512,
    face: str | None = None,
    background: str = "gradient",
    tick: Tick = lambda done, total: None,
) -> int:
    """Animate a recording and write what the output's ending asks for; gives the number of frames.

    talker: as `load_for` gives it; size: of the picture, pixels; face: as in faces/face.py, `load_face`, by default the
    talker's own mesh, or our default head; background: "gradient", a colour, or a picture file. The output is there
    whole or not at all. Raises AudioError for the speech, FaceError for the face, SinkError for the output and its
    background.
    """
    check_output(output, speech)
    behind = read_background(background)
    samples = read_audio(speech)
    total = talker.timing.frame_count(len(samples))
    stream = Stream(talker, style, seed)
    frames = counted(hear(stream, samples), total, tick)
    ending = output.suffix.lower()
    if ending in VIDEOS:
        film(frames, talker, samples, output, size, face, behind)
    elif ending == MODEL:
        moving_head(frames, stream, face or DEFAULT, output)
    elif talker.config.vertices:
        rest = talker.template
        offsets = np.stack([frame.values for frame in frames])
        save_vertices(output, offsets, rest.vertices, talker.config.fps, rest.topology.triangles)
    else:
        stream.motion(list(frames)).save(output)
    return total


def load_for(output: Path, bundle: Path | None, face: str | None) -> Talker:
    """The talker of a bundle that makes what the output and the face need: of one that moves a mesh, curves if another
    face is to play, or if there is no writing vertices so."""
    if bundle is None or (face is None and output.suffix.lower() in (*VIDEOS, ARRAY)):
        return load(bundle)
    from facestream.runtime.curves import load_curves  # with its compiler

    return load_curves(bundle)


def check_output(output: Path, speech: Path) -> None:
    """Raise SinkError now if the result could not be written at the end."""
    if output.suffix.lower() not in (known := (*VIDEOS, TABLE, ARRAY, MODEL)):
        raise SinkError(f"'{output.name}' does not say what to write; expected a name in {', '.join(known)}")
    check_place(output)
    if output.exists() and speech.exists() and output.samefile(speech):
        raise SinkError(f"'{output}' is the speech itself; choose another output")


def hear(stream: Stream, samples: Floats) -> Iterator[Frame]:
    """The frames of a whole sound [N], as they are made."""
    for start in range(0, len(samples), PACKET):
        yield from stream.push(samples[start : start + PACKET])
    yield from stream.flush()


def counted(frames: Iterable[Frame], total: int, tick: Tick) -> Iterator[Frame]:
    """The same frames, telling `tick` after each one was used."""
    for done, frame in enumerate(frames, start=1):
        yield frame
        tick(done, total)


def moving_head(frames: Iterable[Frame], stream: Stream, face: str, output: Path) -> None:
    """Write one of our heads with the frames as its animation."""
    from facestream.faces.face import load_head
    from facestream.faces.gltf import save_glb

    head = load_head(face)
    save_glb(head, output, stream.motion(list(frames)))


def film(
    frames: Iterable[Frame],
    talker: Talker,
    samples: Floats,
    output: Path,
    size: int,
    face: str | None,
    behind: Background,
) -> None:
    """Draw the frames on a face, with the sound [N]."""
    from facestream.faces.rasterizer import (
        Renderer,
    )  # the compiler behind the drawing is slow to load; curves need none
    from facestream.sinks.video import VideoSink

    mesh, pose = actor(talker, face)
    renderer = Renderer(mesh, size, background=behind)
    draw = [renderer.draw, *(renderer.twin().draw for _ in range(HANDS - 1))]
    with VideoSink(output, (size, size), talker.timing.fps, audio=(samples, SAMPLE_RATE)) as video:
        for picture in shared(draw, (pose(frame.values) for frame in frames)):
            video.write(picture)


def actor(talker: Talker, face: str | None) -> tuple[Mesh, Callable[[Floats], Floats]]:
    """Who plays: a mesh, and what poses it by a frame's values."""
    from facestream.faces.face import load_face

    if talker.config.vertices:
        template = talker.template
        return template.mesh, template.pose
    drawn = load_face(face or DEFAULT)
    return drawn.mesh, drawn.bind(talker.config.channels)


def load_known(face: str) -> None:
    """Load one of our people, who is kept, while something else loads beside."""
    from facestream.faces.head import PRESETS, Head

    if face in PRESETS:
        Head.load(face)


def read_background(told: str) -> Background:
    """What is behind the face: "gradient", a colour (a name of CSS, or #rrggbb), or a picture file's pixels [H, W, 3].

    Raises SinkError for anything else.
    """
    if told == "gradient":
        return "gradient"
    try:
        return ImageColor.getrgb(told)[:3]
    except ValueError:
        pass
    try:
        with Image.open(told) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as error:
        raise SinkError(
            f"'{told}' is no background ({error}); expected a colour such as teal or #20c0a0, or a picture file"
        ) from error


def shared(hands: Sequence[Callable[[Floats], Picture]], work: Iterable[Floats]) -> Iterator[Picture]:
    """The work's results in its order, done by several hands at once, each in a thread of its own and in its turn."""
    waiting: deque[Future[Picture]] = deque()
    with ExitStack() as stack:
        threads = [stack.enter_context(ThreadPoolExecutor(1)) for _ in hands]
        for item, hand, thread in zip(work, cycle(hands), cycle(threads), strict=False):
            waiting.append(thread.submit(hand, item))
            if len(waiting) > 2 * len(hands):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def command(
    speech: Annotated[
        Path, typer.Argument(help="wav, flac, ogg, mp3, m4a, or a video with a sound track.", readable=False)
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="A video (.mp4, .mov, .mkv), the motion (.csv, .npz), or a head that moves (.glb)."
        ),
    ],
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", "--talker", help="Folder of another talker than the bundled one.", show_default=False),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option(
            help="Manner of speaking, or whose, of a talker that moves a mesh; default: the first. A wrong name lists "
            "them.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another performance; the same seed, the same one.")] = 0,
    size: Annotated[int, typer.Option(min=64, max=2160, help="Edge of the picture, pixels; an even number.")] = 512,
    face: Annotated[
        str | None,
        typer.Option(
            help="Whose: a name from `facestream faces list`, seed:42 for anybody, or your own model.glb; default: the "
            "mesh that the talker moves, or default.",
            show_default=False,
        ),
    ] = None,
    background: Annotated[
        str, typer.Option(help="What is behind: gradient, a colour such as teal or #20c0a0, or a picture file.")
    ] = "gradient",
) -> None:
    """Turn a recording of speech into a video of a talking head, into its curves, or into a head that moves."""
    with stoppable(f"'{output}' was not written."), progress_bar() as bar, ThreadPoolExecutor(1) as aside:
        task = bar.add_task("Animating", total=None)
        talker = aside.submit(load_for, output, bundle, face)
        if output.suffix.lower() in VIDEOS and (face or bundle is None):
            load_known(face or DEFAULT)
        total = animate_file(
            speech,
            output,
            talker.result(),
            style,
            seed,
            size,
            face,
            background,
            tick=lambda done, of: bar.update(task, completed=done, total=of),
        )
    out.print(f"{output}: {total} {'frame' if total == 1 else 'frames'}", markup=False, highlight=False, soft_wrap=True)
