"""Codecs: motion ↔ latents."""
