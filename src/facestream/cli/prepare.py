"""`facestream prepare`: training material, each kind by its own word. Running again goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facestream.cli.console import needing, out, stoppable
from facestream.errors import CorpusError

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
    out.print("\n".join(summary.lines()), markup=False, highlight=False)


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
    out.print("\n".join(summary.lines()), markup=False, highlight=False)


@app.command(epilog="Example: facestream prepare features real=data/shards/real tts=data/shards/tts -o data/features")
def features(
    shards: Annotated[list[str], typer.Argument(help="NAME=FOLDER of each shard.")],
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
) -> None:
    """Turn shards into what training reads: spectra and the faces that go with them."""
    with needing("train", "Making features"):
        from facestream.training.prepare import prepare_features
    folders = dict(_named(shard) for shard in shards)
    with stoppable(GOES_ON):
        prepare_features(folders, output, capture, leave_out or (), versions)


def _named(shard: str) -> tuple[str, Path]:
    name, given, folder = shard.partition("=")
    if not (name and given and folder):
        raise CorpusError(f"'{shard}' does not name a shard; expected NAME=FOLDER, such as real=data/shards/real")
    return name, Path(folder)
