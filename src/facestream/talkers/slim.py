"""An exported graph with less to do, for the same numbers.

What two nodes compute from the same inputs is computed once, and sizes that are known are not computed at all; axes of
length one are moved by a reshape, which copies nothing; products with a single row or column, which a library of matrix
products does badly, are multiplications.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, helper, numpy_helper

LAST = "last_axis"
RECKON: dict[str, Callable[..., Any]] = {"Add": np.add, "Mul": np.multiply, "Div": np.floor_divide}
Shape = list[int]  # -1: as many as there are lanes


def slim(path: Path) -> None:
    """Rewrite a graph's file."""
    model = onnx.load(str(path))
    _reckon_sizes(model.graph, _shapes(model))
    _merge(model.graph)
    graph, shapes = model.graph, _shapes(model)
    if all(each.name != LAST for each in graph.initializer):
        graph.initializer.append(numpy_helper.from_array(np.array([-1], np.int64), LAST))
    nodes = [each for node in graph.node for each in _lighter(node, shapes)]
    _replace(graph, nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _reckon_sizes(graph: GraphProto, shapes: dict[str, Shape]) -> None:
    """Replace what is computed from lengths of axes, where it does not depend on the lanes, by the number."""
    known = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    known |= {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in graph.node if node.op_type == "Constant"
    }
    lengths, reckoned = {}, {}
    for node in graph.node:
        first, given = node.input[:1], [known.get(name) for name in node.input]
        if node.op_type == "Shape" and first[0] in shapes:
            lengths[node.output[0]] = np.array(shapes[first[0]])
        elif node.op_type == "Gather" and first[0] in lengths and given[1] is not None:
            size = lengths[first[0]].take(given[1])
            if (size >= 0).all():
                known[node.output[0]] = reckoned[node.output[0]] = size
        elif node.op_type in RECKON and all(each is not None and each.dtype == np.int64 for each in given):
            known[node.output[0]] = reckoned[node.output[0]] = np.asarray(RECKON[node.op_type](*given))
    graph.initializer.extend(numpy_helper.from_array(size, name) for name, size in reckoned.items())
    _replace(graph, [node for node in graph.node if node.output[0] not in reckoned])


def _merge(graph: GraphProto) -> None:
    """Keep one of each constant, and one of all nodes that compute the same."""
    first: dict[tuple[object, ...], list[str]] = {}
    same: dict[str, str] = {}
    outputs = {output.name for output in graph.output}

    def known(key: tuple[object, ...], names: list[str]) -> bool:
        if key not in first:
            first[key] = names
            return False
        same.update(zip(names, first[key], strict=True))
        return True

    for each in graph.initializer:
        known((each.data_type, *each.dims, numpy_helper.to_array(each).tobytes()), [each.name])
    nodes = []
    for node in graph.node:
        for at, name in enumerate(node.input):
            node.input[at] = same.get(name, name)
        attributes = tuple(each.SerializeToString() for each in node.attribute)
        given = outputs.intersection(node.output)
        if given or not known((node.op_type, tuple(node.input), attributes), list(node.output)):
            nodes.append(node)
    _replace(graph, nodes)


def _replace(graph: GraphProto, nodes: list[NodeProto]) -> None:
    """Other nodes, as far as they are needed, and of the constants those that they need."""
    needed, kept = {output.name for output in graph.output}, []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    nodes = kept[::-1]
    weights = [each for each in graph.initializer if each.name in needed]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(weights)
    graph.node.extend(nodes)


def _shapes(model: onnx.ModelProto) -> dict[str, Shape]:
    graph = onnx.shape_inference.infer_shapes(model).graph
    return {
        value.name: [dim.dim_value or -1 for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output, *graph.input)
    }


def _lighter(node: NodeProto, shapes: dict[str, Shape]) -> list[NodeProto]:
    """Nodes that do what this one does."""
    known = [shapes.get(name) for name in node.input]
    if node.op_type == "Transpose" and known[0] is not None:
        axes = list(node.attribute[0].ints)
        long = [axis for axis in axes if known[0][axis] != 1]
        if long == sorted(long) and known[0].count(-1) <= 1:
            return _reshape(node.input[0], [known[0][axis] for axis in axes], node.output[0])
    if node.op_type == "MatMul" and known[0] and known[1] and len(known[0]) == len(known[1]) > 2:
        left, right, product = known[0], known[1], node.output[0]
        if left[-1] == right[-2] == 1:
            return [helper.make_node("Mul", list(node.input), [product])]
        if left[-2] == right[-1] == 1:
            row, each = f"{product}/row", f"{product}/each"
            return [
                *_reshape(node.input[1], [*right[:-2], 1, right[-2]], row),
                helper.make_node("Mul", [node.input[0], row], [each]),
                helper.make_node("ReduceSum", [each, LAST], [product], keepdims=1),
            ]
    return [node]


def _reshape(name: str, shape: Shape, output: str) -> list[NodeProto]:
    size = f"{output}/shape"
    value = numpy_helper.from_array(np.array(shape, np.int64), size)
    return [helper.make_node("Constant", [], [size], value=value), helper.make_node("Reshape", [name, size], [output])]
