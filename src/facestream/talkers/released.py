"""The StreamingTalker checkpoints that its authors released, read into our network.

Facts from the authors' code, github.com/zju3dv/StreamingTalker at revision 25b613a. A file is a PyTorch Lightning
checkpoint; of it only `state_dict` is read, and only as plain tensors: a pickle with code in it is refused. Every
tensor of ours must be there with its very shape, and every tensor there must be known. What is dropped, and why nothing
is lost:

    *.pe                                     tables of positions, which are computed here
    …multihead_attn.in_proj_*, two thirds    queries and keys of an attention over one key
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from facestream.errors import CheckpointError
from facestream.motion.codecs.vq import MeshCodec, MeshCodecConfig
from facestream.motion.condition import ConditionConfig
from facestream.motion.heads.clean import HeadConfig
from facestream.talkers.faithful import FaithfulConfig, FaithfulStreamingTalker

STREAMED = 150  # frames that the decoder looks back over in a stream: about the length of the clips it was trained on
RELEASED = {
    "vocaset": FaithfulConfig(
        fps=30,
        features=768,
        codec=MeshCodecConfig(
            vertices=5023,
            slots=16,
            columns=64,
            codes=256,
            divergence=0.0,
            width=1024,
            layers=6,
            heads=8,
            hidden=1536,
            bridge=False,
            window=STREAMED,
            causal=False,
        ),
        predictor=ConditionConfig(
            width=768,
            heads=4,
            layers=2,
            hidden=1024,
            activation="relu",
            window=60,
            period=30,
            subjects=8,
            dropout=0.2,
        ),
        head=HeadConfig(kind="affine", blocks=0, path="leading", steps=50),
    ),
    "biwi": FaithfulConfig(
        fps=25,
        features=768,
        codec=MeshCodecConfig(
            vertices=23370,
            slots=8,
            columns=128,
            codes=512,
            divergence=0.0,
            width=1024,
            layers=6,
            heads=8,
            hidden=1536,
            bridge=True,
            window=STREAMED,
            causal=False,
        ),
        predictor=ConditionConfig(
            width=1024,
            heads=4,
            layers=2,
            hidden=2048,
            activation="gelu",
            window=120,
            period=25,
            subjects=6,
            dropout=0.1,
        ),
        head=HeadConfig(kind="affine", blocks=0, path="leading", steps=50),
    ),
}

# Modules of a codec's half, ours → theirs; {side} is encoder or decoder.
_TRUNK = {
    "mix": "{side}_linear_embedding.net",
    "blocks.#.attention_norm": "{side}_transformer.net.#even.fn.norm",
    "blocks.#.attention.query_key_value": "{side}_transformer.net.#even.fn.fn.to_qkv",
    "blocks.#.attention.out": "{side}_transformer.net.#even.fn.fn.to_out",
    "blocks.#.feed_norm": "{side}_transformer.net.#odd.fn.norm",
    "blocks.#.widen": "{side}_transformer.net.#odd.fn.fn.l1",
    "blocks.#.narrow": "{side}_transformer.net.#odd.fn.fn.l2",
}
_CODEC = {
    "encoder.vertices_in": "encoder.vertice_mapping.0",
    "encoder.trunk.conv.mix": "encoder.squasher.0.0",
    "encoder.bridge": "encoder.encoder_linear_embedding_post.net",
    "decoder.trunk.conv.mix": "decoder.expander.0.0",
    "decoder.bridge": "decoder.decoder_linear_embedding_pre.net",
    "decoder.vertices_out": "decoder.vertice_map_reverse",
    **{
        f"{side}.trunk.{ours}": f"{side}.{theirs.format(side=side)}"
        for side in ("encoder", "decoder")
        for ours, theirs in _TRUNK.items()
    },
}
_PREDICTOR = {
    "predictor.from_speech": "audio_feature_map",
    "predictor.from_subject": "obj_vector",
    "predictor.blocks.#.attention.out": "transformer_decoder.layers.#.self_attn.out_proj",
    "predictor.blocks.#.attention_norm": "transformer_decoder.layers.#.norm1",
    "predictor.blocks.#.hearing.out": "transformer_decoder.layers.#.multihead_attn.out_proj",
    "predictor.blocks.#.hearing_norm": "transformer_decoder.layers.#.norm2",
    "predictor.blocks.#.widen": "transformer_decoder.layers.#.linear1",
    "predictor.blocks.#.narrow": "transformer_decoder.layers.#.linear2",
    "predictor.blocks.#.feed_norm": "transformer_decoder.layers.#.norm3",
    "head.from_latents": "vq_latent_map",
    "head.to_latents": "latent_vq_map",
    "head.mix": "denoiser.0",
    "head.time.widen": "time_emb.mlp.0",
    "head.time.narrow": "time_emb.mlp.2",
}
_JOINED = {  # parts of which their name joins module and parameter with an underscore
    "predictor.blocks.#.attention.query_key_value": "transformer_decoder.layers.#.self_attn.in_proj",
    "predictor.blocks.#.hearing.value": "transformer_decoder.layers.#.multihead_attn.in_proj",
}


@dataclass(frozen=True)
class Released:
    """What a checkpoint of the second stage holds.

    speech: tensors of the fine-tuned speech encoder, by their names in the encoder.
    """

    talker: FaithfulStreamingTalker
    speech: Mapping[str, Tensor]


def load_released(path: Path, config: FaithfulConfig) -> Released:
    """Read a checkpoint of the second stage, as `diffar_voca_241120.ckpt`. config: one of RELEASED.

    Raises CheckpointError: no such file, torn, code in it, tensors missing, unknown or of another size.
    """
    theirs = _read(path)
    speech = {name.removeprefix("audio_encoder."): theirs[name] for name in theirs if name.startswith("audio_encoder.")}
    rest = {name: tensor for name, tensor in theirs.items() if not name.startswith("audio_encoder.")}
    talker = FaithfulStreamingTalker(config)
    _fill(path, talker, rest, "")
    return Released(talker.eval(), speech)


def load_released_codec(path: Path, config: MeshCodecConfig) -> MeshCodec:
    """Read a checkpoint of the first stage, as `voca_vae.ckpt`. Raises as `load_released`."""
    codec = MeshCodec(config)
    _fill(path, codec, _read(path), "codec.")
    return codec.eval()


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(f"'{path}' is not there; expected a checkpoint of StreamingTalker's authors (.ckpt)")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"'{path}' holds more than tensors and plain values, or is torn; such a pickle may run code and is not "
            f"opened: save its state_dict alone, on a machine where you trust it ({reason})"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"'{path}' is torn, or not a checkpoint ({error}); download it again") from error
    tensors = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise CheckpointError(f"'{path}' has no state_dict of tensors; expected a PyTorch Lightning checkpoint")
    return dict(tensors)


def _fill(path: Path, module: nn.Module, theirs: Mapping[str, Tensor], prefix: str) -> None:
    """Every parameter of ours from theirs, strictly. prefix: what stands before our names in a whole talker's."""
    ours, used, wrong = {}, set(), []
    for name, mine in module.state_dict().items():
        source = their_name(prefix + name)
        if source not in theirs:
            wrong.append(f"lacks {source}")
            continue
        used.add(source)
        tensor = _ours(prefix + name, theirs[source])
        if tensor.shape != mine.shape:
            wrong.append(f"{source} gives {list(tensor.shape)}, expected {list(mine.shape)}")
        ours[name] = tensor
    unknown = [name for name in theirs if name not in used and not name.endswith(".pe")]
    wrong += [f"unknown tensor {name}" for name in unknown]
    if wrong:
        more = f", and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise CheckpointError(
            f"'{path}' does not fit: {'; '.join(wrong[:5])}{more}. Is it of this stage and this data set? "
            f"Known: {', '.join(RELEASED)}"
        )
    module.load_state_dict(ours)


def their_name(name: str) -> str:
    """The released name of a tensor of our FaithfulStreamingTalker."""
    if name == "codec.codebook":
        return "autoencoder.quantize.embedding.weight"
    module, _, parameter = name.rpartition(".")
    number = next((part for part in module.split(".") if part.isdigit()), "0")
    pattern = module.replace(f".{number}.", ".#.")
    numbers = {"#even": str(2 * int(number)), "#odd": str(2 * int(number) + 1), "#": number}
    if pattern.startswith("codec."):
        theirs = "autoencoder." + _CODEC[pattern.removeprefix("codec.")] + "." + parameter
    elif pattern in _JOINED:
        theirs = f"diff_ar_network.{_JOINED[pattern]}_{parameter}"
    else:
        theirs = f"diff_ar_network.{_PREDICTOR[pattern]}.{parameter}"
    for sign, value in numbers.items():
        theirs = theirs.replace(sign, value)
    return theirs


def _ours(name: str, tensor: Tensor) -> Tensor:
    """Their tensor in the form that ours has."""
    if name.endswith("conv.mix.weight") and tensor.ndim == 3:
        return tensor.permute(0, 2, 1).flatten(1)  # [out, in, taps] → taps side by side
    if name == "predictor.from_subject.weight":
        return tensor.T
    if ".hearing.value." in name:
        return tensor[len(tensor) * 2 // 3 :]  # queries, keys, values
    return tensor
