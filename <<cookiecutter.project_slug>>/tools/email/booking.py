"""The page where one candidate chooses a time."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from settings import Settings


def booking_url(settings: Settings, candidate_id: str) -> str:
    """Return SCHEDULING_URL for this candidate; without `{candidate_id}` in it, it is the same for all."""
    return settings.scheduling_url.replace("{candidate_id}", quote(candidate_id, safe=""))
