#!/usr/bin/env python3
"""Run analyze-cv on mocks/ and compare with what each expects."""

from __future__ import annotations

import sys
from pathlib import Path

from run import AnalyzeCv

from tools import mocks

if __name__ == "__main__":
    sys.exit(mocks.play(AnalyzeCv, Path(__file__).parent / "mocks"))
