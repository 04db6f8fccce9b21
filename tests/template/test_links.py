"""Every link in the template's own Markdown leads somewhere; the renders' are checked with their files."""

from __future__ import annotations

import gate0
from support import load_project_test


def test_no_link_leads_nowhere() -> None:
    assert load_project_test("test_links").broken_links(gate0.ROOT) == []
