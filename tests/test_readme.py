"""What the README tells people to type works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from facestream.cli import app
from facestream.signals import FACE, Motion
from facestream.timing import SAMPLE_RATE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"(?:^|`)(?:\.venv/bin/)?(facestream [a-z][^`\n]*)", PAGES, re.MULTILINE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_have_their_verb_and_options(command: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    verb = words[:2] if words[0] in ("faces", "prepare", "evaluate") or words[:2] == ["bench", "live"] else words[:1]
    page = CliRunner().invoke(app, [*verb, "--help"], env={"COLUMNS": "200"})
    assert page.exit_code == 0
    assert all(word in page.output for word in words if word.startswith("-"))


def test_the_example_in_python_runs(loudness_talker: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    samples = np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32) * np.float32(0.1)
    shown: list[np.ndarray] = []
    monkeypatch.chdir(tmp_path)
    exec(example, {"microphone": np.split(samples, 50), "samples": samples, "show": shown.append})
    assert len(shown) == 25
    assert shown[0].shape == (len(FACE),)
    assert len(Motion.load(tmp_path / "talk.csv")) == 25
