"""flite: four American and Scottish voices; `-psdur` prints the phones' end times with the sound.

The statistical voices (awb, rms, slt) give ends to their 5 ms frames; kal16 counts 0.1 s of silence more than it plays.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path

import soundfile

from facestream.corpora.synthetic.engine_phones import RADIO, translator
from facestream.corpora.synthetic.speech import Speech, Voice, speech
from facestream.errors import CorpusError

_LICENCE = "flite licence (BSD-style)"


class Flite:
    """The flite program."""

    def voices(self) -> tuple[Voice, ...]:
        """awb, rms, slt (trained on recordings) and kal16 (cut from recordings)."""
        if shutil.which("flite") is None:
            return ()
        return tuple(Voice("flite", name, "en", _LICENCE, "flite") for name in ("awb", "rms", "slt", "kal16"))

    def close(self) -> None:
        """Nothing is kept open."""

    def speak(self, voice: Voice, text: str, stretch: float, pitch: float) -> Speech:
        """Say a text; its statistical voices keep their pitch whatever is asked."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "speech.wav")
            command = ["flite", "-voice", voice.name, "--setf", f"duration_stretch={stretch:.3f}"]
            if voice.name == "kal16":
                command += ["--setf", f"int_f0_target_mean={95 * pitch:.1f}"]
            run = subprocess.run([*command, "-psdur", "-t", text, "-o", str(path)], capture_output=True, text=True)
            if run.returncode or not path.is_file():
                raise CorpusError(f"flite failed with voice {voice.name}: {run.stderr.strip()[:200] or 'no sound'}")
            pcm, rate = soundfile.read(path, dtype="float32")
        pairs = [entry.rsplit(":", 1) for entry in run.stdout.split()]
        times = [0.0, *(float(end) for _, end in pairs)]
        labels = [(label, start, end) for (label, _), (start, end) in zip(pairs, pairwise(times), strict=True)]
        return speech(pcm, rate, labels, translator(RADIO))
