"""Talkers, assembled: encoder + predictor + head + codec."""
