"""A trained talker → one step as an ONNX graph, what it hears through as another, and both in int8. Extra [train].

Shapes: L lanes, R rows of sound a step, B columns, S styles, D latents, F frames a step, N samples.

A step's integers are static: weights per channel, activations on scales fixed beforehand from real sound. Scales chosen
at run time would be shared by all lanes of a batch, and a loud neighbour would change everybody's face. A speech model
hears one lane at a time, so its scales may be chosen when it runs.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from torch import Tensor, nn

from facestream.files import unfinished
from facestream.streaming.clock import Clock
from facestream.streaming.memory import Memory
from facestream.streaming.tree import plan
from facestream.talkers.bundle import NEW
from facestream.talkers.slim import slim

OPSET = 17
# Where motion is multiplied: history in; the codec and the style's amplitude.
MOTION_PRODUCTS = ("/talker/predictor/from_motion/", "/talker/MatMul")


class _Step(nn.Module):
    """The live step with its memories as arguments in a fixed order."""

    def __init__(self, talker: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.talker, self.names = talker, names

    def forward(
        self, sound: Tensor, style: Tensor, noise: Tensor, step: Tensor, *memories: Tensor
    ) -> tuple[Tensor, ...]:
        state = dict(zip(self.names, memories, strict=True))
        face, update = self.talker(sound, style, noise, state, Clock(step))
        return (face, *(update[name] for name in self.names))


def export_step(
    talker: nn.Module, path: Path, sound: tuple[int, int], styles: int, noise: tuple[int, ...]
) -> dict[str, Memory]:
    """Write a step as an ONNX graph for any number of lanes; returns its memory plan.

    talker: its forward takes sound, style, noise, state and clock and gives the face and the update; sound, noise:
    shapes of one lane's, [R, B] and [D] or [F, D].
    """
    memories = plan(talker)
    names = list(memories)
    lanes = 2
    inputs = (
        torch.zeros(lanes, *sound),
        torch.zeros(lanes, styles),
        torch.zeros(lanes, *noise),
        torch.zeros(lanes, dtype=torch.int64),
        *(torch.zeros(lanes, *memory.shape) for memory in memories.values()),
    )
    input_names = ["sound", "style", "noise", "step", *names]
    output_names = ["face", *(NEW + name for name in names)]
    every_lane = {name: {0: "lanes"} for name in input_names + output_names}
    _export(_Step(talker.eval(), names), inputs, path, input_names, output_names, every_lane)
    return memories


def export_ears(ears: nn.Module, path: Path, samples: int, integers: bool = False) -> None:
    """Write what takes a window of sound [L, N] to features [L, F, B] as an ONNX graph for any L and N.

    samples: N of an ordinary window; integers: 8-bit weight products, on scales that each window chooses. Convolutions
    stay as they are.
    """
    axes = {"sound": {0: "lanes", 1: "samples"}, "features": {0: "lanes"}}
    _export(ears.eval(), (torch.zeros(1, samples),), path, ["sound"], ["features"], axes)
    if integers:
        exact = unfinished(path)
        path.rename(exact)
        kinds = ["MatMul"]
        quantize_dynamic(
            str(exact), str(path), weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=kinds
        )
        exact.unlink()


def _export(
    network: nn.Module,
    inputs: tuple[Tensor, ...],
    path: Path,
    input_names: Sequence[str],
    output_names: Sequence[str],
    axes: Mapping[str, Mapping[int, str]],
) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():  # sizes are meant to be constants of the graph
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            inputs,
            str(path),
            input_names=input_names,
            output_names=output_names,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def quantise(fp32: Path, int8: Path, runs: Iterable[Mapping[str, Any]]) -> None:
    """Static int8 of the graph's weight products. runs: inputs of steps over real sound, from which scales are read."""
    quantize_static(
        str(fp32),
        str(int8),
        _Runs(runs),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gemm"],
        nodes_to_exclude=_exact_products(fp32),
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"ActivationSymmetric": False, "WeightSymmetric": True},
    )
    slim(int8)


def _exact_products(path: Path) -> list[str]:
    """Products that stay in floating point: of two activations (attention), and of motion itself, in and out.

    A head that turns slowly moves less in a frame than an integer's step.
    """
    graph = onnx.load(str(path)).graph
    weights = {weight.name for weight in graph.initializer}
    return [
        node.name
        for node in graph.node
        if node.op_type in ("MatMul", "Gemm")
        and (not any(name in weights for name in node.input[1:]) or node.name.startswith(MOTION_PRODUCTS))
    ]


class _Runs(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, runs: Iterable[Mapping[str, Any]]) -> None:
        self._runs: Iterator[Mapping[str, Any]] = iter(runs)

    def get_next(self) -> Mapping[str, Any] | None:
        return next(self._runs, None)
