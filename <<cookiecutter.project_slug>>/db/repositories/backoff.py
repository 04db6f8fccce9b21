"""How long to wait after a failure."""

from __future__ import annotations

import random


def pause_after(attempts: int, *, base: float = 1.0, longest: float = 300.0) -> float:
    """Return seconds to wait after this many attempts: doubling, at most `longest`, less up to a half at random.

    The random part keeps what failed together from coming back together.
    """
    full = min(longest, base * 2.0 ** min(max(attempts, 1) - 1, 60))
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
