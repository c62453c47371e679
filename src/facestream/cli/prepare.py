"""`facestream prepare`: training material, each kind by its own word. Running again goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facestream.cli.console import needing, out, stoppable
from facestream.errors import CorpusError

if TYPE_CHECKING:
    from facestream.corpora.footage.shots import Footage

GOES_ON = "What is finished is kept; the same command goes on from there."

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Make training material.")


@app.command(epilog="Example: facestream prepare speech ~/LibriSpeech/dev-clean -o data/shards/real")
def speech(
    folder: Annotated[Path, typer.Argument(help="LibriSpeech, LJSpeech, VCTK, or a folder with manifest.jsonl.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the shard.")] = Path("data/shards/real"),
) -> None:
    """Align recorded speech with its transcripts: phones with times."""
    from facestream.corpora.prepare import prepare_speech

    with stoppable(GOES_ON):
        summary = prepare_speech(folder, output)
    _tell(summary.lines())


@app.command(epilog="Example: facestream prepare synthetic --minutes 180 -o data/shards/tts")
def synthetic(
    minutes: Annotated[float, typer.Option(min=0, help="Minutes of speech in the shard when it is done.")] = 180.0,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the shard.")] = Path("data/shards/tts"),
    seed: Annotated[int, typer.Option(help="Another seed, other sentences.")] = 0,
    speaker: Annotated[
        list[str] | None,
        typer.Option(help="A voice that speaks, such as flite-slt; may be repeated. Default: all.", show_default=False),
    ] = None,
) -> None:
    """Let the installed synthesisers speak: phones with exact times."""
    from facestream.corpora.synthetic.prepare import prepare_tts

    with stoppable(GOES_ON):
        summary = prepare_tts(output, minutes, seed, speaker or ())
    _tell(summary.lines())


Incomplete = Annotated[bool, typer.Option("--incomplete", help="Go on without the sentences that are missing.")]
FOOTAGE = "Folder of the measured faces."
CORPORA = "Folder of the corpus; it must be new, or begun by the same command."


@app.command(epilog="Example: facestream prepare vocaset ~/vocaset -o data/meshes/vocaset")
def vocaset(
    folder: Annotated[Path, typer.Argument(help="The files of VOCASET, as given out or converted to .npy and .wav.")],
    output: Annotated[Path, typer.Option("--output", "-o", help=CORPORA)] = Path("data/meshes/vocaset"),
    incomplete: Incomplete = False,
) -> None:
    """Bring VOCASET into the form that training and measuring read."""
    from facestream.corpora.mesh_sources import prepare_meshes
    from facestream.corpora.vocaset import open_vocaset

    with stoppable(GOES_ON):
        _tell(prepare_meshes(open_vocaset(folder), output, incomplete))


@app.command(epilog="Example: facestream prepare biwi ~/BIWI -o data/meshes/biwi")
def biwi(
    folder: Annotated[Path, typer.Argument(help="BIWI, converted to .npy and .wav.")],
    output: Annotated[Path, typer.Option("--output", "-o", help=CORPORA)] = Path("data/meshes/biwi"),
    incomplete: Incomplete = False,
) -> None:
    """Bring BIWI into the form that training and measuring read."""
    from facestream.corpora.biwi import open_biwi
    from facestream.corpora.mesh_sources import prepare_meshes

    with stoppable(GOES_ON):
        _tell(prepare_meshes(open_biwi(folder), output, incomplete))


class SampleOf(StrEnum):
    """The sets whose layouts a sample can have."""

    vocaset = "vocaset"
    biwi = "biwi"


@app.command(epilog="Example: facestream prepare mesh-sample vocaset -o data/vocaset_sample")
def mesh_sample(
    layout: Annotated[SampleOf, typer.Argument(help="The set whose layout the sample has.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the sample; it must be new.")],
    sentences: Annotated[int, typer.Option(min=1, max=32, help="Sentences of each subject for training.")] = 12,
    seed: Annotated[int, typer.Option(help="Another seed, other sentences.")] = 0,
) -> None:
    """Make a small set in the layout of VOCASET or BIWI from our own heads and voices."""
    from facestream.corpora.synthetic.mesh_sets import make_biwi, make_vocaset

    with stoppable("Nothing is left behind."):
        (make_vocaset if layout is SampleOf.vocaset else make_biwi)(output, sentences, seed)
    _tell([f"{output} is ready for: facestream prepare {layout.value} {output} --incomplete"])


@app.command(epilog="Example: facestream prepare video me*.mp4 --tracker face_landmarker.task -o data/mine")
def video(
    clips: Annotated[list[Path], typer.Argument(help="Videos of one person each, speaking.")],
    tracker: Annotated[Path, typer.Option(help="MediaPipe's model file, face_landmarker.task.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the measured faces.")] = Path("data/mine"),
) -> None:
    """Track filmed people: ARKit curves with their sound, for `prepare features --capture`."""
    from facestream.corpora.video import prepare_videos

    with stoppable(GOES_ON):
        _tell(prepare_videos(clips, tracker, output))
    _tell([f"Train on them with: facestream prepare features ... --capture {output}"])


Lists = Annotated[Path, typer.Argument(help="Folder with the set's lists and the videos you have, at any depth.")]
Tracker = Annotated[Path, typer.Option(help="MediaPipe's model file, face_landmarker.task.")]


@app.command(epilog="Example: facestream prepare hdtf ~/HDTF --tracker face_landmarker.task")
def hdtf(
    folder: Lists,
    tracker: Tracker,
    output: Annotated[Path, typer.Option("--output", "-o", help=FOOTAGE)] = Path("data/footage/hdtf"),
) -> None:
    """Cut, crop, track and sort out the clips of HDTF's lists. Nothing is downloaded."""
    from facestream.corpora.footage.hdtf import open_hdtf

    _footage(open_hdtf, folder, tracker, output)


@app.command(epilog="Example: facestream prepare avspeech ~/AVSpeech --tracker face_landmarker.task")
def avspeech(
    folder: Lists,
    tracker: Tracker,
    output: Annotated[Path, typer.Option("--output", "-o", help=FOOTAGE)] = Path("data/footage/avspeech"),
) -> None:
    """Cut, track and sort out the clips of AVSpeech's lists. Nothing is downloaded."""
    from facestream.corpora.footage.avspeech import open_avspeech

    _footage(open_avspeech, folder, tracker, output)


@app.command(epilog="Example: facestream prepare vfhq ~/VFHQ --tracker face_landmarker.task")
def vfhq(
    folder: Lists,
    tracker: Tracker,
    output: Annotated[Path, typer.Option("--output", "-o", help=FOOTAGE)] = Path("data/footage/vfhq"),
) -> None:
    """Cut, crop, track and sort out the clips of VFHQ's text files. Nothing is downloaded."""
    from facestream.corpora.footage.vfhq import open_vfhq

    _footage(open_vfhq, folder, tracker, output)


@app.command(epilog="Example: facestream prepare ravdess ~/RAVDESS --tracker face_landmarker.task")
def ravdess(
    folder: Lists,
    tracker: Tracker,
    output: Annotated[Path, typer.Option("--output", "-o", help=FOOTAGE)] = Path("data/footage/ravdess"),
) -> None:
    """Track and sort out RAVDESS' films of speech. Nothing is downloaded."""
    from facestream.corpora.footage.ravdess import open_ravdess

    _footage(open_ravdess, folder, tracker, output)


def _footage(opened: Callable[[Path], Footage], folder: Path, tracker: Path, output: Path) -> None:
    from facestream.corpora.footage.job import prepare_footage

    with stoppable(GOES_ON):
        _tell(prepare_footage(opened(folder), tracker, output))
    _tell([f"Train on them with: facestream prepare features {output.name}={output}"])


@app.command(epilog="Example: facestream prepare features real=data/shards/real tts=data/shards/tts -o data/features")
def features(
    shards: Annotated[list[str], typer.Argument(help="NAME=FOLDER of each shard, or of measured faces.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the features.")] = Path("data/features"),
    capture: Annotated[
        Path | None, typer.Option(help="Folder of measured faces with their sound.", show_default=False)
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help="A measured recording to keep for judging; may be repeated.", show_default=False),
    ] = None,
    versions: Annotated[
        int, typer.Option(min=0, help="Augmented versions of each utterance, beside the clean one.")
    ] = 3,
    speech_model: Annotated[
        Path | None,
        typer.Option(help="Folder of a Whisper, for talkers that hear through it.", show_default=False),
    ] = None,
) -> None:
    """Turn shards into what training reads: spectra and the faces that go with them."""
    with needing("train", "Making features"):
        from facestream.training.prepare import prepare_features, speech_ears
    folders = dict(_named(shard) for shard in shards)
    with stoppable(GOES_ON):
        ears = None if speech_model is None else speech_ears(speech_model)
        prepare_features(folders, output, capture, leave_out or (), versions, ears=ears)


def _tell(lines: Iterable[str]) -> None:
    out.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _named(shard: str) -> tuple[str, Path]:
    name, given, folder = shard.partition("=")
    if not (name and given and folder):
        raise CorpusError(f"'{shard}' does not name a shard; expected NAME=FOLDER, such as real=data/shards/real")
    return name, Path(folder)
