"""The base install has no torch and no other extra: what it needs imports without them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import facestream

EXTRAS = ("torch", "scipy", "safetensors", "onnx", "pocketsphinx", "matplotlib", "sounddevice", "aiortc")
# What computes with torch, and therefore comes with the extra `train`.
WITH_TORCH = (
    "streaming.clock",
    "streaming.tree",
    "nn",
    "motion.codecs.",
    "motion.condition",
    "motion.heads.",
    "motion.portrait",
    "motion.predictor",
    "audio.encoder",
    "audio.speech_models",
    "audio.whisper",
    "audio.codec_tokens",
    "talkers.streamingtalker",
    "talkers.faithful",
    "talkers.hearing",
    "talkers.released",
    "talkers.rows",
    "talkers.slim",
    "talkers.teller",
    "talkers.export",
    "training",
)
WITH_AIORTC = ("server.webrtc",)
PACKAGE = Path(facestream.__file__).parent
MODULES = [
    name
    for path in sorted(PACKAGE.rglob("*.py"))
    if (name := ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"))
    and name not in ("__init__", "cli.__main__")
    and not name.startswith(WITH_TORCH + WITH_AIORTC)
]
IMPORT_ALL = f"""
import importlib, json, sys
for extra in {EXTRAS}:
    sys.modules[extra] = None  # importing it now raises ImportError
failures = {{}}
for name in {MODULES}:
    try:
        importlib.import_module("facestream." + name)
    except Exception as error:
        failures[name] = repr(error)
print(json.dumps(failures))
"""


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True)
    result: dict[str, str] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_without_extras(module: str, failures: dict[str, str]) -> None:
    assert module not in failures, failures[module]


def test_the_walk_found_the_package() -> None:
    assert {"signals", "audio.waveform", "faces.head.head", "cli"} <= set(MODULES)
