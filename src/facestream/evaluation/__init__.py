"""Is it right? A face against the phones of its speech, and against a measured face."""
