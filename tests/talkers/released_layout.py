"""Checkpoints in the layout that StreamingTalker's authors released, small and with made-up numbers.

python -m tests.talkers.released_layout CLONE      runs the released code (revision 25b613a) on them and writes what
                                                   it gives to released_golden.json; needs diffusers, einops, omegaconf
"""

import dataclasses
import json
import sys
import zlib
from pathlib import Path

import numpy as np
import torch

from facestream.talkers.released import RELEASED

GOLDEN = Path(__file__).with_name("released_golden.json")
FRAMES, SPEECH = 10, 17  # of motion; of features at 50 a second


def small(layout):
    """The configuration of a layout, its sizes small."""
    whole = RELEASED[layout]
    codec = dataclasses.replace(whole.codec, vertices=4, slots=3, columns=4, codes=6, layers=2, hidden=20, heads=4)
    codec = dataclasses.replace(codec, width=16 if codec.bridge else codec.latents)
    predictor = dataclasses.replace(whole.predictor, width=16, hidden=24)
    return dataclasses.replace(whole, codec=codec, predictor=predictor, features=10)


def shapes(config):
    """Names and shapes of everything in the authors' state_dict, the speech encoder's aside."""
    c, p, d = config.codec, config.predictor, config.codec.latents
    w, m = c.width, 3 * c.vertices
    out = {"autoencoder.quantize.embedding.weight": (c.codes, c.columns)}

    def linear(name, inputs, outputs):
        out[f"{name}.weight"], out[f"{name}.bias"] = (outputs, inputs), (outputs,)

    for side, conv in (("encoder", "squasher"), ("decoder", "expander")):
        at = f"autoencoder.{side}"
        out[f"{at}.{conv}.0.0.weight"], out[f"{at}.{conv}.0.0.bias"] = (w, w, 5), (w,)
        for layer in range(c.layers):
            attention = f"{at}.{side}_transformer.net.{2 * layer}.fn"
            feed = f"{at}.{side}_transformer.net.{2 * layer + 1}.fn"
            for norm in (attention, feed):
                out[f"{norm}.norm.weight"] = out[f"{norm}.norm.bias"] = (w,)
            out[f"{attention}.fn.to_qkv.weight"] = (3 * w, w)
            linear(f"{attention}.fn.to_out", w, w)
            linear(f"{feed}.fn.l1", w, c.hidden)
            linear(f"{feed}.fn.l2", c.hidden, w)
        out[f"{at}.{side}_pos_embedding.pe"] = (5000, 1, w)
        linear(f"{at}.{side}_linear_embedding.net", w, w)
    linear("autoencoder.encoder.vertice_mapping.0", m, w)
    linear("autoencoder.decoder.vertice_map_reverse", w, m)
    if c.bridge:
        linear("autoencoder.encoder.encoder_linear_embedding_post.net", w, d)
        linear("autoencoder.decoder.decoder_linear_embedding_pre.net", d, w)
    at = "diff_ar_network"
    linear(f"{at}.vq_latent_map", d, p.width)
    linear(f"{at}.latent_vq_map", p.width, d)
    linear(f"{at}.audio_feature_map", config.features, p.width)
    linear(f"{at}.denoiser.0", 2 * p.width, p.width)
    linear(f"{at}.time_emb.mlp.0", 256, p.width)
    linear(f"{at}.time_emb.mlp.2", p.width, p.width)
    out[f"{at}.obj_vector.weight"] = (p.subjects, p.width)
    out[f"{at}.PPE.pe"] = (1, p.period * (5000 // p.period + 1), p.width)
    for layer in range(p.layers):
        at = f"diff_ar_network.transformer_decoder.layers.{layer}"
        for attention in ("self_attn", "multihead_attn"):
            out[f"{at}.{attention}.in_proj_weight"] = (3 * p.width, p.width)
            out[f"{at}.{attention}.in_proj_bias"] = (3 * p.width,)
            linear(f"{at}.{attention}.out_proj", p.width, p.width)
        linear(f"{at}.linear1", p.width, p.hidden)
        linear(f"{at}.linear2", p.hidden, p.width)
        for norm in (1, 2, 3):
            out[f"{at}.norm{norm}.weight"] = out[f"{at}.norm{norm}.bias"] = (p.width,)
    return out


def numbers(name, shape, deviation=1.0):
    """Normal numbers that depend on the name alone."""
    drawn = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape) * deviation
    return torch.from_numpy(drawn.astype(np.float32))


def checkpoint(config):
    """A Lightning checkpoint of the second stage."""
    state = {name: numbers(name, shape, 0.3) for name, shape in shapes(config).items()}
    state["audio_encoder.encoder.layers.0.final_layer_norm.weight"] = torch.ones(4)
    return {"epoch": 399, "global_step": 1, "pytorch-lightning_version": "1.9.0", "state_dict": state}


def inputs(config):
    """Offsets [1, T, 3V], past latents, noise, features at 50 a second, and the noise of each frame's window."""
    c = config.codec
    return {
        "offsets": numbers("offsets", (1, FRAMES, 3 * c.vertices)),
        "past": numbers("past", (1, FRAMES, c.latents)),
        "noise": numbers("noise", (1, FRAMES, c.latents)),
        "speech": numbers("speech", (1, SPEECH, config.features)),
    }


def window_noise(config):
    """draw(rows) as `sample_as_released` asks for it."""
    return lambda rows: numbers(f"window {rows}", (1, rows, config.codec.latents))


def run_released(clone, layout, folder):
    """What the released code gives, by part."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    from released_code import make_theirs

    config = small(layout)
    theirs = make_theirs(clone, layout, config, folder)
    state = {name: x for name, x in checkpoint(config)["state_dict"].items() if not name.endswith(".pe")}
    missing, unexpected = theirs.load_state_dict(state, strict=False)
    assert all(name.endswith(".pe") for name in missing), missing
    assert all(name.startswith("audio_encoder.") for name in unexpected), unexpected
    network, given = theirs.diff_ar_network, inputs(config)
    subject = torch.eye(config.predictor.subjects)[1:2]
    latents = theirs.autoencoder.encoder(given["offsets"])
    hidden = theirs._audio2hidden(given["speech"])
    heard = network.audio_feature_map(theirs._audio2hidden(given["speech"], length=FRAMES))
    conditions = network.condition_forward(given["past"], heard, network.obj_vector.weight[1:2, None])
    network.scheduler.set_timesteps(50)
    x = given["noise"]
    for t in network.scheduler.timesteps:
        told = conditions + network.time_emb(t[None]).unsqueeze(1)
        clean = network.latent_vq_map(network.denoiser(torch.cat((network.vq_latent_map(x), told), -1)))
        x = network.scheduler.step(clean, t, x, eta=0.0).prev_sample
    drawn = window_noise(config)
    original, torch.randn = torch.randn, lambda size, **_: drawn(size[1])
    data = {"audio": given["speech"], "id": subject, "template": torch.zeros(3 * config.codec.vertices)}
    predicted = theirs.predict({**data, "vertice": None})
    torch.randn = original
    return {
        "encoded": latents,
        "decoded": theirs.autoencoder.decoder(given["past"].permute(0, 2, 1)),
        "features": hidden,
        "conditions": conditions,
        "denoised": x,
        "predicted": predicted,
    }


if __name__ == "__main__":
    import tempfile

    torch.set_grad_enabled(False)
    golden = {"revision": "25b613a"}
    for layout in RELEASED:
        with tempfile.TemporaryDirectory() as folder:
            given = run_released(Path(sys.argv[1]).resolve(), layout, Path(folder))
        golden[layout] = {name: [round(v, 6) for v in x.flatten().tolist()] for name, x in given.items()}
    GOLDEN.write_text(json.dumps(golden) + "\n")
