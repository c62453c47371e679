"""Features → motion: spaces of curves, predictors, heads, codecs."""
