"""A network's file, opened by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnxruntime

from facestream.errors import BundleError


def open_network(path: Path, threads: int = 1, disabled: Sequence[str] = ()) -> onnxruntime.InferenceSession:
    """threads: that share each product; disabled: optimisers left out. Raises BundleError if it cannot be loaded."""
    if not path.is_file():
        raise BundleError(f"'{path.parent}' is not a whole bundle: it has no {path.name}; copy it again")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(disabled)
        )
    except Exception as error:  # onnxruntime raises several kinds, none of them public
        raise BundleError(
            f"'{path}' is not a network that ONNX Runtime can load ({error}); copy the bundle again"
        ) from error
