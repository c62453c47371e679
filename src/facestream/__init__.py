"""Speech in, a moving face out, as a stream.

talker = facestream.load()
stream = facestream.Stream(talker, style="warm", seed=1)
frames = stream.push(samples)            # mono float32 at 16 kHz, packets of any size
frames += stream.flush()

motion = facestream.animate(samples)     # the same, for a whole recording
motion.save("talk.csv")
"""

from facestream.runtime.stream import Stream, animate
from facestream.runtime.talker import Talker, load
from facestream.signals import Frame, Motion

__all__ = ["Frame", "Motion", "Stream", "Talker", "animate", "load"]
