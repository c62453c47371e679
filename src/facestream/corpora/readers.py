"""Folders of transcribed recordings, in the layouts people have them in → Recording after Recording.

manifest     FOLDER/manifest.jsonl; rows with file, text, speaker, corpus, language, licence, source
librispeech  FOLDER/.../SPEAKER/CHAPTER/*.flac and SPEAKER-CHAPTER.trans.txt ("ID WORDS ...")
ljspeech     FOLDER/metadata.csv ("id|text|normalised text") and FOLDER/wavs/id.wav
vctk         FOLDER/txt/pXXX/*.txt and FOLDER/wav48*/pXXX/*.wav|flac
plain        FOLDER/x.wav (or flac, ogg, opus, mp3) beside FOLDER/x.txt
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from facestream.errors import CorpusError

SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a")


@dataclass(frozen=True)
class Recording:
    """One sound file and the words spoken in it."""

    id: str
    path: Path
    text: str
    speaker: str
    corpus: str
    language: str
    licence: str
    source: str


def open_recordings(folder: Path) -> Iterator[Recording]:
    """Recognise the layout of a folder and iterate over its recordings; raises CorpusError if none fits."""
    if not folder.is_dir():
        raise CorpusError(f"{folder} is not a folder; expected one with recordings and their transcripts")
    for recognised, read in _LAYOUTS:
        if recognised(folder):
            return read(folder)
    seen = sorted(path.name for path in folder.iterdir())
    shown = ", ".join(seen[:8]) + (f" and {len(seen) - 8} more" if len(seen) > 8 else "")
    raise CorpusError(
        f"{folder} holds {shown or 'nothing'}; expected manifest.jsonl, LibriSpeech (SPEAKER/CHAPTER/*.trans.txt), "
        "LJSpeech (metadata.csv and wavs/), VCTK (txt/ and wav48*/), or sound files each with a .txt of the same name"
    )


def read_manifest(folder: Path) -> Iterator[Recording]:
    """The manifest layout. Raises CorpusError naming the row that is not JSON or lacks a field."""
    for number, line in enumerate((folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            path = folder / row["file"]
            fields = {name: row[name] for name in ("text", "speaker", "corpus", "language", "licence", "source")}
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(
                f"{folder / 'manifest.jsonl'}, row {number}: {error!r}; expected JSON with its fields"
            ) from None
        yield Recording(id=path.stem, path=path, **fields)


def read_librispeech(folder: Path) -> Iterator[Recording]:
    """The layout of LibriSpeech (https://www.openslr.org/12)."""
    for transcript in sorted(folder.rglob("*.trans.txt")):
        for line in transcript.read_text(encoding="utf-8").splitlines():
            name, _, text = line.partition(" ")
            path = transcript.parent / f"{name}.flac"
            speaker = f"librispeech-{name.split('-')[0]}"
            yield Recording(name, path, text, speaker, "librispeech", "en", "CC BY 4.0", f"LibriSpeech {name}")


def read_ljspeech(folder: Path) -> Iterator[Recording]:
    """The layout of LJSpeech (https://keithito.com/LJ-Speech-Dataset): the last column is the normalised text."""
    for line in (folder / "metadata.csv").read_text(encoding="utf-8").splitlines():
        name, *texts = line.split("|")
        path = folder / "wavs" / f"{name}.wav"
        yield Recording(name, path, texts[-1], "ljspeech-LJ", "ljspeech", "en", "public domain", f"LJSpeech {name}")


def read_vctk(folder: Path) -> Iterator[Recording]:
    """The layout of VCTK (https://doi.org/10.7488/ds/2645); of two microphones the first."""
    sounds = next(path for path in sorted(folder.glob("wav48*")) if path.is_dir())
    for transcript in sorted(folder.glob("txt/*/*.txt")):
        speaker, name = transcript.parent.name, transcript.stem
        paths = sorted((sounds / speaker).glob(f"{name}*"))
        path = paths[0] if paths else sounds / speaker / f"{name}.wav"
        text = transcript.read_text(encoding="utf-8").strip()
        yield Recording(name, path, text, f"vctk-{speaker}", "vctk", "en", "CC BY 4.0", f"VCTK {name}")


def read_plain(folder: Path) -> Iterator[Recording]:
    """Sound files with a .txt beside each; all taken for one speaker of English, named after the folder."""
    for path in _paired(folder):
        text = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
        yield Recording(path.stem, path, text, folder.name, folder.name, "en", "unknown", path.name)


def _paired(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in SOUNDS and path.with_suffix(".txt").is_file()
    )


_LAYOUTS: tuple[tuple[Callable[[Path], bool], Callable[[Path], Iterator[Recording]]], ...] = (
    (lambda folder: (folder / "manifest.jsonl").is_file(), read_manifest),
    (lambda folder: (folder / "metadata.csv").is_file() and (folder / "wavs").is_dir(), read_ljspeech),
    (lambda folder: (folder / "txt").is_dir() and any(folder.glob("wav48*")), read_vctk),
    (lambda folder: bool(_paired(folder)), read_plain),
    (lambda folder: any(folder.rglob("*.trans.txt")), read_librispeech),
)
