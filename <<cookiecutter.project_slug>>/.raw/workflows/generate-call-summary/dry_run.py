#!/usr/bin/env python3
"""Run generate-call-summary on mocks/ and compare with what each expects."""

from __future__ import annotations

import sys
from pathlib import Path

from run import GenerateCallSummary

from tools import mocks

if __name__ == "__main__":
    sys.exit(mocks.play(GenerateCallSummary, Path(__file__).parent / "mocks"))
