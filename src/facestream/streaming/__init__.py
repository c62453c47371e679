"""Memory: what a causal network remembers between two steps. Knows no faces and no rates."""
