"""What a pickle may hold, and that nothing else is made of it."""

import collections
import functools
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from facestream.corpora.unpickle import read_pickle
from facestream.errors import CorpusError

PLAIN = {
    "anna": {"sentence01": {0: 17, 1: 18}, "list": [1, 2.5, "ä", None, True], "bytes": b"\x00\xff"},
    "arrays": [np.arange(6, dtype="<f8").reshape(2, 3), np.arange(5, dtype="<i2"), np.zeros((0, 3), np.float32)],
    "scalar": np.float64(0.1),
    "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
}


def same(a: object, b: object) -> bool:
    if isinstance(b, dict):
        return isinstance(a, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in b)
    if isinstance(b, list):
        return isinstance(a, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    return type(a) is type(b) and a == b


def write(folder: Path, content: bytes) -> Path:
    (folder / "x.pkl").write_bytes(content)
    return folder / "x.pkl"


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_comes_back_from_every_protocol(tmp_path: Path, protocol: int) -> None:
    assert same(read_pickle(write(tmp_path, pickle.dumps(PLAIN, protocol))), PLAIN)


def python2_array() -> bytes:
    """np.array([1.5, -200.25]) as Python 2 wrote it: numbers as a byte string of its own, names of old numpy."""
    numbers = np.array([1.5, -200.25], "<f8").tobytes()
    return (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"U" + struct.pack("B", len(numbers)) + numbers + b"tb."
    )


def test_an_array_of_python_2(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_pickle(write(tmp_path, python2_array())), [1.5, -200.25])


def test_ordered_and_default_dicts_become_dicts(tmp_path: Path) -> None:
    counted = collections.defaultdict(dict, a={"b": 1})
    content = pickle.dumps([collections.OrderedDict(x=1), counted], 2)
    assert read_pickle(write(tmp_path, content)) == [{"x": 1}, {"a": {"b": 1}}]


def test_a_pickle_cannot_turn_the_byte_order_of_all_floats(tmp_path: Path) -> None:
    read_pickle(write(tmp_path, pickle.dumps(np.arange(3, dtype=">f8"), 2)))
    assert np.dtype("f8").isnative
    assert np.frombuffer(struct.pack("=d", 1.5), "f8")[0] == 1.5


class Runs:
    def __init__(self, call: object, *arguments: object) -> None:
        self.made = (call, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.made  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("call", "arguments", "named"),
    [
        (os.system, ("touch {mark}",), "system"),
        (eval, ("open('{mark}', 'w')",), "eval"),
        (os.mkdir, ("{mark}",), "mkdir"),
        (functools.partial, (print,), "partial"),
        (np.load, ("{mark}",), "load"),
        (np.memmap, ("{mark}", "u1", "w+", 0, 1), "memmap"),
    ],
)
def test_code_in_a_pickle_is_refused_and_does_not_run(
    tmp_path: Path, call: object, arguments: tuple[object, ...], named: str
) -> None:
    mark = tmp_path / "mark"
    filled = [str(part).format(mark=mark) if isinstance(part, str) else part for part in arguments]
    with pytest.raises(CorpusError, match=f"{named}.*it was not read"):
        read_pickle(write(tmp_path, pickle.dumps({"a": Runs(call, *filled)})))
    assert not mark.exists()


@pytest.mark.parametrize("name", ["cscipy.sparse.csc\ncsc_matrix\n", "cchumpy.ch\nCh\n"])
def test_objects_of_flames_model_files_are_refused_by_their_name(tmp_path: Path, name: str) -> None:
    package = name[1:].partition(".")[0]
    with pytest.raises(CorpusError, match=f"an object of {package} .* no such file is needed"):
        read_pickle(write(tmp_path, b"\x80\x02" + name.encode() + b"."))


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="array of 'O8'"):
        read_pickle(write(tmp_path, pickle.dumps(np.array([{}, None]), 2)))


def test_what_reads_cannot_be_changed_by_what_is_read(tmp_path: Path) -> None:
    for state in (b"}U\x05_makeI1\ns", b"N}U\x05_makeI1\ns\x86"):
        with pytest.raises(CorpusError):
            read_pickle(write(tmp_path, b"\x80\x02cnumpy\ndtype\n" + state + b"b."))
    np.testing.assert_array_equal(read_pickle(write(tmp_path, python2_array())), [1.5, -200.25])


def test_a_torn_pickle_is_told_wherever_it_is_torn(tmp_path: Path) -> None:
    whole = pickle.dumps(PLAIN, 2)
    for kept in range(0, len(whole) - 1, 7):
        with pytest.raises(CorpusError, match="is torn or no pickle"):
            read_pickle(write(tmp_path, whole[:kept]))


def test_noise_and_absence_are_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no pickle"):
        read_pickle(write(tmp_path, b"hello"))
    with pytest.raises(CorpusError, match="there is no file"):
        read_pickle(tmp_path / "none.pkl")
