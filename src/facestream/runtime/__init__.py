"""Live: packets of sound in, frames of a face out. Needs no torch."""
