"""Weights of an exported graph in 8 bits, with a scale for every 128 of a column.

Only weights are rounded beforehand; what they are multiplied with is rounded row by row when the graph runs, so no lane
changes another one's numbers. It pays where weights do not fit a cache: large networks, few lanes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

BLOCK = 128  # weights that share a scale
LEAST = 1 << 16  # weights of a product that is worth it
DOMAIN = "com.microsoft"  # of ONNX Runtime's product of blocked integers
INTEGERS = 4  # its accuracy level at which it multiplies integers


def round_weights(path: Path) -> None:
    """Rewrite a graph's file: its large products with constant matrices become products of 8-bit integers."""
    model = onnx.load(str(path))
    graph = model.graph
    weights = {each.name: each for each in graph.initializer}
    rounded: dict[str, tuple[TensorProto, TensorProto]] = {}
    nodes = [_product(node, weights, rounded) for node in graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    for pair in rounded.values():
        graph.initializer.extend(pair)
    _drop_unused(graph)
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    onnx.save(model, str(path))


def _product(
    node: NodeProto, weights: dict[str, TensorProto], rounded: dict[str, tuple[TensorProto, TensorProto]]
) -> NodeProto:
    matrix = weights.get(node.input[1]) if node.op_type == "MatMul" else None
    if matrix is None or len(matrix.dims) != 2 or matrix.dims[0] % BLOCK or np.prod(matrix.dims) < LEAST:
        return node
    if matrix.name not in rounded:
        rounded[matrix.name] = _round(matrix)
    inputs = [node.input[0], *(part.name for part in rounded[matrix.name])]
    inner, outer = matrix.dims
    return helper.make_node(
        "MatMulNBits",
        inputs,
        node.output,
        name=node.name,
        domain=DOMAIN,
        K=inner,
        N=outer,
        bits=8,
        block_size=BLOCK,
        accuracy_level=INTEGERS,
    )


def _round(matrix: TensorProto) -> tuple[TensorProto, TensorProto]:
    """A matrix [K, N] as integers about 128, [N, K / BLOCK, BLOCK], and their scales."""
    columns = numpy_helper.to_array(matrix).T
    blocks = columns.reshape(len(columns), -1, BLOCK)
    scales = np.abs(blocks).max(-1) / 127
    scales[scales == 0] = 1
    integers = np.clip(np.round(blocks / scales[..., None]), -127, 127) + 128
    return (
        numpy_helper.from_array(integers.astype(np.uint8), matrix.name + ".integers"),
        numpy_helper.from_array(scales.astype(np.float32).reshape(-1), matrix.name + ".scales"),
    )


def _drop_unused(graph: GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
