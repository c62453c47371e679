"""Sound to features: decoding, resampling, log-mel frames."""
