"""Training of Teller: a tokenizer of portrait motion, then speech to its tokens."""
