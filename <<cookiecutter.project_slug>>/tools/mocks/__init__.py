"""Play a RAW workflow's mocks: run it on each, and compare the result with what is expected."""

from tools.mocks.tool import Mock, differences, load, play

__all__ = ["Mock", "differences", "load", "play"]
