"""Material to learn from and to measure with: speech with phoneme times, in one shard format."""
