#!/usr/bin/env python3
"""Run generate-report on mocks/ and compare with what each expects."""

from __future__ import annotations

import sys
from pathlib import Path

from run import GenerateReport

from tools import mocks

if __name__ == "__main__":
    sys.exit(mocks.play(GenerateReport, Path(__file__).parent / "mocks"))
