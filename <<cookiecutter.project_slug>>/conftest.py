"""Whatever `.env` says, tests and the processes that they start ask no language model."""

from __future__ import annotations

import os

os.environ["LLM_MODEL"] = ""
