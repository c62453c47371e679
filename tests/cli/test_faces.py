"""`facestream faces`, and faces and backgrounds of `facestream animate`."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from PIL import Image
from tests.faces.small_glb import MOVES, plain
from typer.testing import CliRunner

from facestream.cli import app
from facestream.cli.faces import COLUMNS, TURNS, described
from facestream.faces.gltf.reader import Document
from facestream.faces.head import PRESETS
from facestream.signals import Motion
from facestream.timing import SAMPLE_RATE

WORDS = (0.3 * np.sin(np.arange(SAMPLE_RATE // 5) * 0.1)).astype(np.float32)


def run(*words: object) -> str:
    """What a command says; it must end well."""
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 2
    return " ".join(result.stderr.split())


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "speech.wav", WORDS, SAMPLE_RATE)
    return tmp_path / "speech.wav"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model.glb").write_bytes(plain().encode())
    return tmp_path / "model.glb"


def test_everybody_is_listed_with_a_line_of_their_own() -> None:
    page = run("faces", "list")
    lines = [described(identity) for identity in PRESETS.values()]
    assert all(name in page for name in PRESETS)
    assert all(line in page for line in lines) and len(set(lines)) == len(lines)


def test_a_sheet_shows_a_turntable_and_every_shape(model: Path) -> None:
    sheet = model.with_name("sheet.png")
    assert str(sheet) in run("faces", "show", model, "-o", sheet, "--size", "64").replace("\n", "")
    with Image.open(sheet) as picture:
        rows = 1 + 1 + 2 + 1  # turntable, neutral and three shapes, visemes, emotions
        assert len(TURNS) == COLUMNS
        assert picture.size == (COLUMNS * 64, rows * (64 + 22))


def test_a_head_is_exported_with_its_animation(tmp_path: Path) -> None:
    Motion(np.zeros((3, 1), np.float32), ("jawOpen",)).save(tmp_path / "talk.csv")
    said = run("faces", "export", "mira", "-o", tmp_path / "mira.glb", "--motion", tmp_path / "talk.csv")
    assert "MB" in said
    assert Document(tmp_path / "mira.glb").root["animations"]
    run("faces", "export", "seed:5", "-o", tmp_path / "five.glb")
    assert "animations" not in Document(tmp_path / "five.glb").root


def test_wrong_names_say_what_is_expected(tmp_path: Path, model: Path, speech: Path) -> None:
    glb = tmp_path / "x.glb"
    assert "expected default" in refused("faces", "export", "bob", "-o", glb)
    assert "seed:42" in refused("faces", "export", "seed:x", "-o", glb)
    assert "is a model file already" in refused("faces", "export", model, "-o", glb)
    assert "is a model file already" in refused("animate", speech, "-o", glb, "--face", model)
    assert "ends in .glb" in refused("faces", "export", "mira", "-o", tmp_path / "mira.fbx")
    assert "ends in .png" in refused("faces", "show", "mira", "-o", tmp_path / "mira.jpg")
    assert "is no background" in refused("animate", speech, "-o", tmp_path / "x.mp4", "--background", "nowhere.png")
    assert "there is no face 'bob'" in refused("animate", speech, "-o", tmp_path / "x.mp4", "--face", "bob")
    assert sorted(tmp_path.iterdir()) == [model, speech]


def first_picture(film: Path) -> np.ndarray:
    with av.open(str(film)) as file:
        return next(file.decode(video=0)).to_ndarray(format="rgb24")


def test_a_film_of_a_users_model_before_a_colour(speech: Path, model: Path) -> None:
    film = speech.with_suffix(".mp4")
    run("animate", speech, "-o", film, "--size", "64", "--face", model, "--background", "#00ff00")
    corner = first_picture(film)[2, 2].astype(int)
    assert np.abs(corner - (0, 255, 0)).max() < 12


def test_a_film_before_a_photograph(speech: Path, model: Path) -> None:
    photo = speech.with_suffix(".png")
    Image.fromarray(np.full((90, 120, 3), (200, 40, 40), np.uint8)).save(photo)
    run("animate", speech, "-o", speech.with_suffix(".mov"), "--size", "64", "--face", model, "--background", photo)
    corner = first_picture(speech.with_suffix(".mov"))[2, 2].astype(int)
    assert np.abs(corner - (200, 40, 40)).max() < 12


def test_a_head_that_moves(speech: Path) -> None:
    run("animate", speech, "-o", speech.with_suffix(".glb"), "--face", "kofi")
    document = Document(speech.with_suffix(".glb"))
    (animation,) = document.root["animations"]
    times = document.accessor(animation["samplers"][0]["input"])[:, 0]
    assert times == pytest.approx(np.arange(5) / 25, abs=1e-6)
    assert set(MOVES) <= set(document.root["meshes"][0]["extras"]["targetNames"])
