"""Layers. Each has one forward, for a whole sequence (state None) and for the next rows of a stream."""
