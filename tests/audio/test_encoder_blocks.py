"""The encoder at another frame rate, block by block: what it gives a whole recording."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from facestream.audio.encoder_blocks import EncoderBlocks
from facestream.audio.encoders import MelEncoder
from facestream.streaming.clock import Clock
from facestream.streaming.memory import empty, write
from facestream.streaming.tree import plan
from facestream.timing import HOP, Timing
from facestream.training.meshes.ears import at_frames

from ..properties.stateful import ENCODER

TIMING = Timing()


@pytest.mark.parametrize(("fps", "block"), [(30, 6), (25, 5), (25, 1), (30, 12), (50, 2)])
def test_blocks_give_what_the_whole_recording_gives(fps, block):
    torch.manual_seed(0)
    encoder = MelEncoder(ENCODER).eval()
    blocks = EncoderBlocks(encoder, TIMING, fps, block)
    frames = 60
    mel = torch.randn(1, 4 * (frames * 25 // fps + TIMING.delay + 8), ENCODER.bands)
    memories = {name: torch.from_numpy(kept) for name, kept in empty(plan(blocks), 1).items()}
    own, parts = blocks.rows * TIMING.frame_hops, []
    assert blocks.hops * HOP == own * HOP + blocks.ahead
    with torch.no_grad():
        heard, _ = encoder(mel)
        for number in range(frames // block):
            step = torch.tensor([number * block])
            part, update = blocks(mel[:, number * own : number * own + blocks.hops], memories, Clock(step))
            write(blocks_plan := plan(blocks), memories, update, step, torch.arange(1), block)
            assert blocks_plan.keys() == update.keys()
            parts.append(part[0])
    whole = at_frames(heard.features[0, TIMING.delay :].numpy(), 25, fps, frames)
    np.testing.assert_allclose(torch.cat(parts).numpy(), whole, atol=2e-5)


def test_frames_that_are_no_whole_rows_are_refused():
    with pytest.raises(ValueError, match="no whole number of rows"):
        EncoderBlocks(MelEncoder(ENCODER), TIMING, 30, 5)
    with pytest.raises(ValueError, match="look-ahead"):
        EncoderBlocks(MelEncoder(ENCODER), Timing(delay=0), 30, 6)
