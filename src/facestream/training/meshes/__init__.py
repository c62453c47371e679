"""Training talkers that move a mesh: what they hear, batches of clips, losses, recipes."""
