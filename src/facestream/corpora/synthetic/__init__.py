"""Faces made by rule for speech whose phones are known."""
