"""A slimmed graph: fewer nodes, no products of single rows, the same numbers for any number of lanes."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="graphs are made with onnx")

import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from facestream.talkers.slim import slim

HEADS, WIDTH = 4, 8


def floats(name, values):
    """A constant that is kept as a list of floats, not as bytes."""
    return helper.make_tensor(name, TensorProto.FLOAT, [len(values)], values)


@pytest.fixture
def attention(tmp_path):
    """One row that attends to itself, as an exporter writes it, with everything twice."""
    turn = {"perm": [0, 2, 1, 3]}
    nodes = [
        helper.make_node("Transpose", ["query"], ["q"], **turn),
        helper.make_node("Transpose", ["query"], ["again"], **turn),
        helper.make_node("Transpose", ["key"], ["k"], perm=[0, 2, 3, 1]),
        helper.make_node("Transpose", ["key"], ["new"], **turn),
        helper.make_node("MatMul", ["q", "k"], ["score"]),
        helper.make_node("MatMul", ["score", "again"], ["mixed"]),
        helper.make_node("Add", ["mixed", "one"], ["more"]),
        helper.make_node("Mul", ["more", "two"], ["double"]),
        helper.make_node("Shape", ["double"], ["lengths"]),
        helper.make_node("Gather", ["lengths", "last"], ["width"]),
        helper.make_node("Div", ["width", "half"], ["middle"]),
        helper.make_node("Slice", ["double", "nought", "middle", "last"], ["left"]),
        helper.make_node("Slice", ["double", "middle", "width", "last"], ["right"]),
        helper.make_node("Concat", ["right", "left"], ["turned"], axis=3),
        helper.make_node("Gather", ["lengths", "nought"], ["lanes"]),
        helper.make_node("Add", ["lanes", "half"], ["lanes and two"]),
        helper.make_node("Cast", ["lanes and two"], ["many"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["turned", "many"], ["face"]),
    ]
    rows = ["lanes", 1, HEADS, WIDTH]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, rows) for name in ("query", "key")]
    turned = ["lanes", HEADS, 1, WIDTH]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, turned) for name in ("face", "new")]
    whole = [("idle", 7), ("last", 3), ("half", 2), ("nought", 0)]
    constants = [floats("one", [1.0] * WIDTH), floats("two", [2.0] * WIDTH)]
    constants += [numpy_helper.from_array(np.array([at]), name) for name, at in whole]
    graph = helper.make_graph(nodes, "attention", inputs, outputs, constants)
    path = tmp_path / "attention.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def run(path, lanes):
    rng = np.random.default_rng(lanes)
    shape = (lanes, 1, HEADS, WIDTH)
    inputs = {name: rng.standard_normal(shape).astype(np.float32) for name in ("query", "key")}
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, inputs)


def test_the_same_numbers_with_fewer_nodes(attention):
    before = {lanes: run(attention, lanes) for lanes in (1, 5)}
    slim(attention)
    for lanes, outputs in before.items():
        for was, now in zip(outputs, run(attention, lanes), strict=True):
            np.testing.assert_allclose(now, was, rtol=1e-5, atol=1e-5)
    graph = onnx.load(str(attention)).graph
    kinds = [node.op_type for node in graph.node]
    assert not {"MatMul", "Transpose", "Div"} & set(kinds)
    assert kinds.count("Gather") == 1  # of how many lanes there are
    assert kinds.count("Reshape") == 4  # one for both of the query
    assert {"one", "two"} <= {each.name for each in graph.initializer}
    assert "idle" not in {each.name for each in graph.initializer}


def test_slimming_twice_changes_nothing_more(attention):
    slim(attention)
    once = len(onnx.load(str(attention)).graph.node)
    slim(attention)
    assert len(onnx.load(str(attention)).graph.node) == once
