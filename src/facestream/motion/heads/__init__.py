"""Heads: a condition → motion latents. A head is a pair, `loss(context, target)` and `sample(context, noise)`."""
