from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from facestream.talkers.rows import round_weights


def some_graph(path: Path) -> np.ndarray:
    """y = (x @ large) @ small."""
    rng = np.random.default_rng(0)
    large, small = (rng.normal(0, 0.1, shape).astype(np.float32) for shape in ((256, 512), (512, 4)))
    nodes = [
        helper.make_node("MatMul", ["x", "large"], ["h"], name="first"),
        helper.make_node("MatMul", ["h", "small"], ["y"], name="second"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["lanes", 256])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["lanes", 4])],
        [numpy_helper.from_array(large, "large"), numpy_helper.from_array(small, "small")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return large @ small


def run(path: Path, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": x})[0])


def test_products_are_nearly_the_same_and_the_file_is_smaller(tmp_path: Path) -> None:
    path = tmp_path / "g.onnx"
    product = some_graph(path)
    size = path.stat().st_size
    x = np.random.default_rng(1).normal(size=(5, 256)).astype(np.float32)
    round_weights(path)
    assert path.stat().st_size < 0.3 * size
    kinds = {node.name: node.op_type for node in onnx.load(str(path)).graph.node}
    assert kinds == {"first": "MatMulNBits", "second": "MatMul"}
    off = run(path, x) - x @ product
    assert np.sqrt(np.mean(off**2)) < 0.02 * np.std(x @ product)


def test_a_loud_lane_changes_no_other(tmp_path: Path) -> None:
    path = tmp_path / "g.onnx"
    some_graph(path)
    round_weights(path)
    x = np.random.default_rng(1).normal(size=(3, 256)).astype(np.float32)
    loud = x.copy()
    loud[1] *= 100
    np.testing.assert_allclose(run(path, loud)[[0, 2]], run(path, x)[[0, 2]], rtol=1e-6)
