"""Processes that last: one package for each engine that carries them."""
