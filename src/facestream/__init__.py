"""Speech in, a moving face out, as a stream."""
