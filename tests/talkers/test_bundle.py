import json

import pytest

from facestream.errors import BundleError
from facestream.streaming.memory import Latch, Ring, Tail
from facestream.talkers.bundle import CONFIG, FORMAT, BundleConfig, read_config, write_config

CONFIG_OF_A_TALKER = BundleConfig(
    format=FORMAT,
    name="one",
    fps=25,
    delay=2,
    bands=80,
    latents=3,
    channels=("jawOpen", "mouthClose"),
    styles=("neutral",),
    memories={"a.past": Tail(4, 8), "b.keys": Ring(2, 32, 4), "motion": Latch(5)},
    licence="Apache-2.0",
    made_from=("a voice (public domain)",),
)


def change(folder, **fields):
    write_config(folder, CONFIG_OF_A_TALKER)
    path = folder / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_config_comes_back_as_it_was(tmp_path):
    write_config(tmp_path, CONFIG_OF_A_TALKER)
    assert read_config(tmp_path) == CONFIG_OF_A_TALKER
    assert read_config(tmp_path).timing.look_ahead_ms == 80


def test_an_unknown_key_is_an_error_that_guesses(tmp_path):
    change(tmp_path, chanels=["jawOpen"])
    with pytest.raises(BundleError, match="Did you mean 'channels'"):
        read_config(tmp_path)


def test_a_missing_key_is_named(tmp_path):
    write_config(tmp_path, CONFIG_OF_A_TALKER)
    fields = json.loads((tmp_path / CONFIG).read_text())
    del fields["styles"]
    (tmp_path / CONFIG).write_text(json.dumps(fields))
    with pytest.raises(BundleError, match="lacks styles"):
        read_config(tmp_path)


def test_another_format_says_which_is_read(tmp_path):
    change(tmp_path, format=FORMAT + 1)
    with pytest.raises(BundleError, match=f"reads format {FORMAT}"):
        read_config(tmp_path)


@pytest.mark.parametrize("memories", [{"x": {"kind": "spring", "rows": 1}}, {"x": {"kind": "tail", "rows": 1}}, "none"])
def test_a_memory_that_is_not_known_is_an_error(tmp_path, memories):
    change(tmp_path, memories=memories)
    with pytest.raises(BundleError, match="memory"):
        read_config(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '"config"'])
def test_a_torn_config_is_an_error(tmp_path, text):
    (tmp_path / CONFIG).write_text(text)
    with pytest.raises(BundleError, match="torn"):
        read_config(tmp_path)
