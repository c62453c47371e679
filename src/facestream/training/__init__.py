"""Training: features, batches, the loop, export."""
