"""A small talker with random weights, as a bundle: everything moves, nothing makes sense."""

import warnings

import numpy as np
import pytest

from facestream.runtime.talker import Talker


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory):
    torch = pytest.importorskip("torch", reason="making a random bundle needs torch")
    pytest.importorskip("onnx", reason="making a random bundle needs onnx")
    import dataclasses

    from facestream.audio.frontend import BANDS
    from facestream.signals import FACE
    from facestream.talkers.bundle import FORMAT, NETWORK, BundleConfig, write_config
    from facestream.talkers.export import export_step
    from facestream.talkers.streamingtalker import StreamingTalker

    from ..properties.stateful import TALKER

    torch.manual_seed(9)
    model = StreamingTalker(dataclasses.replace(TALKER, encoder=dataclasses.replace(TALKER.encoder, bands=BANDS)))
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.25)
    model.codec.fit(np.random.default_rng(0).uniform(0, 0.5, (400, len(FACE))).astype(np.float32))
    folder = tmp_path_factory.mktemp("bundle")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        memories = export_step(model.eval(), folder / NETWORK, (4, BANDS), 2, (TALKER.life,))
    config = BundleConfig(
        FORMAT, "tiny", 25, 2, BANDS, TALKER.life, FACE, ("neutral", "other"), memories, "Apache-2.0", ()
    )
    write_config(folder, config)
    return folder, model


@pytest.fixture(scope="session")
def tiny_talker(tiny_bundle):
    return Talker(tiny_bundle[0])
