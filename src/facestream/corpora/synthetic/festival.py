"""festival: diphone, unit-selection and statistical voices in seven languages; segment ends come from its utterance.

One festival process a voice is kept open, because voices of different languages disturb one another in one process.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import soundfile

from facestream.corpora.synthetic.engine_phones import CATALAN, CZECH, FINNISH, ITALIAN, RADIO, RUSSIAN, translator
from facestream.corpora.synthetic.speech import Speech, Voice, speech
from facestream.errors import CorpusError

_PATIENCE = 60.0  # seconds for one expression


@dataclass(frozen=True)
class _Installed:
    """What festival needs to know of a voice: its own name, the letters' encoding, its phones, its pitch (Hz)."""

    voice: Voice
    function: str
    encoding: str
    phones: dict[str, str]
    f0: float | None = None


def _voice(name: str, language: str, licence: str, package: str) -> Voice:
    return Voice("festival", name, language, licence, package)


_CMU = "CMU/Edinburgh festvox licence (BSD-style)"
_GPL2, _GPL3 = "GPL-2.0-or-later", "GPL-3.0-or-later"
_LGPL2, _LGPL21 = "LGPL-2.0-or-later", "LGPL-2.1-or-later"
_CATALOGUE = (
    _Installed(_voice("kal", "en", _CMU, "festvox-kallpc16k"), "kal_diphone", "ascii", RADIO, 105),
    _Installed(_voice("ked", "en", _CMU, "festvox-kdlpc16k"), "ked_diphone", "ascii", RADIO, 105),
    _Installed(_voice("slt_hts", "en", _CMU, "festvox-us-slt-hts"), "cmu_us_slt_arctic_hts", "ascii", RADIO),
    _Installed(_voice("lp", "it", _GPL2, "festvox-italp16k"), "lp_diphone", "iso-8859-15", ITALIAN),
    _Installed(_voice("pc", "it", _GPL2, "festvox-itapc16k"), "pc_diphone", "iso-8859-15", ITALIAN),
    _Installed(_voice("dita", "cs", _GPL3, "festvox-czech-dita"), "czech_dita", "iso-8859-2", CZECH),
    _Installed(_voice("krb", "cs", _GPL3, "festvox-czech-krb"), "czech_krb", "iso-8859-2", CZECH),
    _Installed(_voice("machac", "cs", _GPL3, "festvox-czech-machac"), "czech_machac", "iso-8859-2", CZECH),
    _Installed(_voice("ph", "cs", _GPL2, "festvox-czech-ph"), "czech_ph", "iso-8859-2", CZECH),
    _Installed(_voice("lj", "fi", _LGPL2, "festvox-suopuhe-lj"), "suo_fi_lj_diphone", "iso-8859-15", FINNISH),
    _Installed(_voice("mv", "fi", _LGPL2, "festvox-suopuhe-mv"), "hy_fi_mv_diphone", "iso-8859-15", FINNISH),
    _Installed(_voice("ona", "ca", _LGPL21, "festvox-ca-ona-hts"), "upc_ca_ona_hts", "iso-8859-15", CATALAN),
    _Installed(_voice("nsh", "ru", "BSD-style", "festvox-ru"), "msu_ru_nsh_clunits", "utf-8", RUSSIAN),
)


class Festival:
    """The festival program. Close it when done: it keeps processes open."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._installed: dict[str, _Installed] | None = None

    def voices(self) -> tuple[Voice, ...]:
        """Those of the catalogue that festival finds."""
        return tuple(entry.voice for entry in self._entries().values())

    def speak(self, voice: Voice, text: str, stretch: float, pitch: float) -> Speech:
        """Say a text; diphone voices of English follow the pitch, statistical ones keep their own."""
        entry = self._entries()[voice.name]
        process = self._process(entry)
        with tempfile.TemporaryDirectory() as folder:
            said = re.sub(r'["\\]', "", text).encode(entry.encoding, "ignore")
            self._ask(process, f"(Parameter.set 'Duration_Stretch {stretch:.3f})".encode())
            if entry.f0 is not None:
                f0 = f"(target_f0_mean {entry.f0 * pitch:.1f}) (target_f0_std 14)"
                self._ask(process, f"(set! int_lr_params '({f0} (model_f0_mean 170) (model_f0_std 34)))".encode())
            self._ask(process, b'(set! said (utt.synth (Utterance Text "' + said + b'")))')
            self._ask(process, f'(utt.save.wave said "{folder}/speech.wav" \'riff)'.encode())
            self._ask(process, f'(utt.save.segs said "{folder}/speech.segs")'.encode())
            pcm, rate = soundfile.read(Path(folder, "speech.wav"), dtype="float32")
            rows = Path(folder, "speech.segs").read_text(encoding="ascii", errors="replace").splitlines()
        pairs = [(fields[2], float(fields[0])) for fields in map(str.split, rows) if len(fields) == 3]
        times = [0.0, *(end for _, end in pairs)]
        labels = [(label, start, end) for (label, _), (start, end) in zip(pairs, pairwise(times), strict=True)]
        return speech(pcm, rate, labels, translator(entry.phones))

    def close(self) -> None:
        """End the processes."""
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._processes.clear()

    def _entries(self) -> dict[str, _Installed]:
        if self._installed is None:
            found = ""
            if shutil.which("festival") is not None:
                run = subprocess.run(["festival", "-b", "(print (voice.list))"], capture_output=True, text=True)
                found = run.stdout
            names = set(re.findall(r"\w+", found))
            self._installed = {entry.voice.name: entry for entry in _CATALOGUE if entry.function in names}
        return self._installed

    def _process(self, entry: _Installed) -> subprocess.Popen[bytes]:
        process = self._processes.get(entry.function)
        if process is None or process.poll() is not None:
            pipe = subprocess.PIPE
            process = subprocess.Popen(["festival", "--pipe"], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)
            self._processes[entry.function] = process
            self._ask(process, f"(voice_{entry.function})".encode())
        return process

    @staticmethod
    def _ask(process: subprocess.Popen[bytes], expression: bytes) -> None:
        """Evaluate an expression and wait for it. Raises CorpusError with what festival said."""
        assert process.stdin is not None and process.stdout is not None
        patience = threading.Timer(_PATIENCE, process.kill)
        patience.start()
        heard = b""
        try:
            process.stdin.write(expression + b'\n(format stderr "\\nfacestream-done\\n")\n')  # stdout is held back
            process.stdin.flush()
            while b"facestream-done" not in heard:
                line = process.stdout.readline()
                if not line:
                    raise BrokenPipeError
                heard += line
        except BrokenPipeError:
            raise CorpusError(f"festival ended: {heard.decode(errors='replace')[-200:]}") from None
        finally:
            patience.cancel()
        if b"ERROR" in heard:
            raise CorpusError(f"festival: {heard.decode(errors='replace').strip()[:200]}")
