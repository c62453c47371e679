import json
from pathlib import Path

import numpy as np
import pytest

from facestream.corpora.phones import Phone
from facestream.corpora.shards import ShardReader, ShardWriter, Utterance
from facestream.corpora.store import AUDIO, INDEX
from facestream.errors import CorpusError


def utterance(name: str, samples: int = 1600) -> Utterance:
    sound = np.random.default_rng(samples).uniform(-1, 1, samples).astype(np.float32)
    phones = (Phone("SIL", 0.0, 0.04), Phone("M", 0.04, samples / 16_000))
    return Utterance(name, "anna", "tiny", "en", "CC0", sound, phones, "mmm – ä", f"{name}.wav")


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    with ShardWriter(tmp_path / "shard") as writer:
        for name, samples in (("a", 1600), ("b", 2000), ("c", 900)):
            writer.append(utterance(name, samples))
    return tmp_path / "shard"


def check_whole(folder: Path, names: tuple[str, ...]) -> None:
    lengths = {"a": 1600, "b": 2000, "c": 900}
    reader = ShardReader(folder)
    assert reader.ids == names
    for got in reader:
        want = utterance(got.id, lengths[got.id])
        np.testing.assert_allclose(got.samples, want.samples, atol=0.6 / 32767)
        assert got.samples.dtype == np.float32
        assert got.phones == want.phones
        assert (got.speaker, got.text, got.source, got.licence) == (want.speaker, want.text, want.source, want.licence)


def test_what_is_written_is_read(shard: Path) -> None:
    check_whole(shard, ("a", "b", "c"))
    reader = ShardReader(shard)
    assert len(reader) == 3 and reader[-1].id == "c" and reader.lengths == (1600, 2000, 900)
    assert reader.speakers == ("anna",) * 3
    assert reader[1].seconds == 2000 / 16_000


def test_samples_beyond_full_scale_are_clipped_not_wrapped(tmp_path: Path) -> None:
    loud = Utterance("x", "s", "c", "en", "CC0", np.array([2.0, -2.0], np.float32), (), "", "")
    with ShardWriter(tmp_path) as writer:
        writer.append(loud)
    np.testing.assert_array_equal(ShardReader(tmp_path)[0].samples, [1.0, -1.0])
    assert ShardReader(tmp_path)[0].phones == ()


def test_a_writer_goes_on_where_it_stopped(shard: Path) -> None:
    with ShardWriter(shard) as writer:
        assert "b" in writer and "d" not in writer
        assert writer.seconds == 4500 / 16_000
        with pytest.raises(CorpusError, match="'b' is already there"):
            writer.append(utterance("b"))


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_a_torn_row_is_dropped_and_written_again(shard: Path, kept: int) -> None:
    index = shard / INDEX
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join(lines[:2]) + lines[2][:kept])
    with pytest.raises(CorpusError, match="row 3 is torn"):
        ShardReader(shard)
    with ShardWriter(shard) as writer:
        assert "c" not in writer
        writer.append(utterance("c", 900))
    check_whole(shard, ("a", "b", "c"))


def test_surplus_sound_is_cut(shard: Path) -> None:
    with (shard / AUDIO.name).open("ab") as audio:
        audio.write(b"\1" * 333)
    with ShardWriter(shard):
        pass
    assert (shard / AUDIO.name).stat().st_size == 2 * 4500
    check_whole(shard, ("a", "b", "c"))


def test_rows_whose_sound_is_gone_are_written_again(shard: Path) -> None:
    with (shard / AUDIO.name).open("r+b") as audio:
        audio.truncate(2 * 3000)
    with pytest.raises(CorpusError, match="holds 3000 samples"):
        ShardReader(shard)
    with ShardWriter(shard) as writer:
        assert "a" in writer and "b" not in writer and "c" not in writer
        writer.append(utterance("b", 2000))
        writer.append(utterance("c", 900))
    check_whole(shard, ("a", "b", "c"))


def test_a_row_in_the_middle_that_is_no_row_is_named(shard: Path) -> None:
    lines = (shard / INDEX).read_text(encoding="utf-8").splitlines()
    (shard / INDEX).write_text("\n".join([lines[0], json.dumps({"id": "b"}), lines[2]]) + "\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="row 2 is torn"):
        ShardReader(shard)


@pytest.mark.parametrize("name", [AUDIO.name, INDEX])
def test_a_folder_without_a_file_is_no_shard(shard: Path, name: str) -> None:
    (shard / name).unlink()
    with pytest.raises(CorpusError, match=f"{name} is missing"):
        ShardReader(shard)


def test_an_empty_shard_is_a_shard(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "new" / "shard"):
        pass
    assert list(ShardReader(tmp_path / "new" / "shard")) == []
