"""Pickles of other people, read without running what they may carry.

A pickle is a program. Here it may build numbers, text, lists, dicts and numpy arrays, and nothing else: every name that
it asks for is looked up in a short table of our own, whose entries make exactly that. Pickles of Python 2 are read as
latin-1, as the data sets of the field ask. How arrays are pickled: numpy, `ndarray.__reduce__` and `__reduce_ex__`.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from facestream.errors import CorpusError

_HOLDS = "numbers, text, lists, dicts and numpy arrays"
_DTYPE = re.compile(r"[<>=|]?[?biufcSU]\d*")  # no objects: an array of them may hold anything
_BUILTINS = ("builtins", "__builtin__")


def read_pickle(path: Path) -> Any:
    """What a pickle holds. Raises CorpusError if it is missing, torn, or holds anything else than plain data."""
    try:
        with path.open("rb") as file:
            return _Reader(file, encoding="latin1").load()
    except FileNotFoundError:
        raise CorpusError(f"there is no file '{path}'") from None
    except _Refused as refused:
        raise CorpusError(f"'{path}' {refused}; it was not read") from None
    except OSError as error:
        raise CorpusError(f"'{path}' cannot be read: {error.strerror or error}") from error
    except (pickle.UnpicklingError, EOFError, MemoryError, ArithmeticError, LookupError, TypeError, ValueError,
            AttributeError, ImportError) as error:  # fmt: skip
        raise CorpusError(
            f"'{path}' is torn or no pickle ({type(error).__name__}: {error}); copy or download it again"
        ) from error


class _Refused(Exception):
    """A pickle asks for what it may not have."""


class _Maker:
    """A function that a pickle may call. Unlike a function it has nothing that a pickle could change."""

    __slots__ = ("_make",)
    _make: Callable[..., Any]

    def __init__(self, make: Callable[..., Any]) -> None:
        object.__setattr__(self, "_make", make)

    def __call__(self, *arguments: Any) -> Any:
        return self._make(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise _Refused(f"wants to change '{name}' of what reads it")


def _empty_array(kind: object, shape: tuple[int, ...], code: object) -> np.ndarray:
    """What an array's numbers are then filled into."""
    if kind is not _ARRAY or shape != (0,):
        raise _Refused("makes an array in a way that no pickle does")
    return np.ndarray((0,), np.int8)


def _dtype(name: object, *_: object) -> np.dtype[Any]:
    if not isinstance(name, str) or not _DTYPE.fullmatch(name):
        raise _Refused(f"holds an array of '{name}'; expected numbers or text")
    return np.dtype(name, align=False, copy=True)  # a copy: the pickle goes on to set its byte order


def _from_buffer(buffer: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], order: str) -> np.ndarray:
    return np.frombuffer(bytes(buffer), dtype).reshape(shape, order="F" if order == "F" else "C")


def _scalar(dtype: np.dtype[Any], content: bytes | str) -> Any:
    return np.frombuffer(content.encode("latin1") if isinstance(content, str) else content, dtype)[0]


def _bytes(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes for Python 2."""
    if encoding not in ("latin1", "latin-1"):
        raise _Refused(f"decodes bytes by '{encoding}'")
    return text.encode("latin1")


_ARRAY = _Maker(lambda *_: _refuse("makes an array in a way that no pickle does"))


def _refuse(why: str) -> Any:
    raise _Refused(why)


_MAKERS: dict[tuple[str, str], _Maker] = {
    ("numpy", "ndarray"): _ARRAY,
    ("numpy", "dtype"): _Maker(_dtype),
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Maker(_empty_array) for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _Maker(_scalar) for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _Maker(_from_buffer) for core in ("core", "_core")},
    ("_codecs", "encode"): _Maker(_bytes),
    ("collections", "OrderedDict"): _Maker(lambda pairs=(): dict(pairs)),
    ("collections", "defaultdict"): _Maker(lambda *_: {}),
    **{(module, "bytes"): _Maker(lambda: b"") for module in _BUILTINS},  # how Python 3 writes no bytes
    **{(module, kind.__name__): _Maker(kind) for module in _BUILTINS for kind in (dict, list)},
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        maker = _MAKERS.get((module, name))
        if maker is None:
            raise _Refused(_who(module, name))
        return maker


def _who(module: str, name: str) -> str:
    """Why a name is refused."""
    package = module.partition(".")[0]
    if package in ("scipy", "chumpy"):
        return (
            f"holds an object of {package} ({module}.{name}), as FLAME's model files do; expected {_HOLDS}: "
            "no such file is needed here"
        )
    return f"holds code or an object ({module}.{name}); expected {_HOLDS}"
