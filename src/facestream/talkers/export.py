"""A trained talker → one step as an ONNX graph, and the same in int8. Needs the extra [train].

Shapes: L lanes, H hops a frame, B mel bands, S styles, D latents, C channels.

Integers are static: weights per channel, activations on scales fixed beforehand from real sound. Scales chosen at run
time would be shared by all lanes of a batch, and a loud neighbour would change everybody's face.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from torch import Tensor, nn

from facestream.signals import Floats
from facestream.streaming.clock import Clock
from facestream.streaming.memory import Memory
from facestream.streaming.tree import plan
from facestream.talkers.bundle import NEW
from facestream.talkers.streamingtalker import StreamingTalker

OPSET = 17
# Where motion is multiplied: history in; the codec and the style's amplitude.
MOTION_PRODUCTS = ("/talker/predictor/from_motion/", "/talker/MatMul")


class _Step(nn.Module):
    """The live step with its memories as arguments in a fixed order."""

    def __init__(self, talker: StreamingTalker, names: list[str]) -> None:
        super().__init__()
        self.talker, self.names = talker, names

    def forward(
        self, sound: Tensor, style: Tensor, noise: Tensor, step: Tensor, *memories: Tensor
    ) -> tuple[Tensor, ...]:
        state = dict(zip(self.names, memories, strict=True))
        face, update = self.talker(sound, style, noise, state, Clock(step))
        return (face, *(update[name] for name in self.names))


def export_step(talker: StreamingTalker, path: Path, hops: int) -> dict[str, Memory]:
    """Write the step as an ONNX graph for any number of lanes; returns its memory plan."""
    memories = plan(talker)
    names = list(memories)
    config, lanes = talker.config, 2
    inputs = (
        torch.zeros(lanes, hops, config.encoder.bands),
        torch.zeros(lanes, config.predictor.styles),
        torch.zeros(lanes, config.life),
        torch.zeros(lanes, dtype=torch.int64),
        *(torch.zeros(lanes, *memory.shape) for memory in memories.values()),
    )
    input_names = ["sound", "style", "noise", "step", *names]
    output_names = ["face", *(NEW + name for name in names)]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    torch.onnx.export(
        _Step(talker.eval(), names),
        inputs,
        str(path),
        input_names=input_names,
        output_names=output_names,
        dynamic_axes={name: {0: "lanes"} for name in input_names + output_names},
        opset_version=OPSET,
        dynamo=False,
    )
    return memories


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


def as_inputs(sound: Floats, style: Floats, noise: Floats, step: int, memories: Mapping[str, Floats]) -> dict[str, Any]:
    """One lane's inputs of a step, by the graph's names."""
    lane = {"sound": sound[None], "style": style[None], "noise": noise[None], "step": np.array([step], np.int64)}
    return {**lane, **{name: value.copy() for name, value in memories.items()}}
