"""Tag, pyproject.toml and CHANGELOG.md name the same version, or the release is refused with the reason."""

from __future__ import annotations

import pytest
from support import load_script

RELEASED = "# Changelog\n\n## 0.2.0 (2030-02-01)\n\n- New.\n\n## 0.1.0 (2030-01-01)\n\n- First.\n"
UNRELEASED = RELEASED.replace("## 0.2.0", "## Unreleased\n\n- Next.\n\n## 0.2.0")


def test_ours_agree() -> None:
    assert load_script("release").main([]) == 0


def test_notes_are_those_of_the_version() -> None:
    assert load_script("release").notes(RELEASED, "0.2.0", "v0.2.0") == "- New."


@pytest.mark.parametrize(
    ("changelog", "version", "tag", "reason"),
    [
        (RELEASED, "0.2.0", "v0.1.0", "The tag v0.1.0 is not v0.2.0"),
        (RELEASED, "0.3.0", "v0.3.0", "make them one"),
        (UNRELEASED, "0.2.0", "v0.2.0", "raise the version in pyproject.toml"),
        (UNRELEASED, "0.3.0", "v0.3.0", "no heading for 0.3.0"),
        (RELEASED.replace("- New.", ""), "0.2.0", "v0.2.0", "says nothing under 0.2.0"),
        (RELEASED.replace("## 0.2.0 (2030-02-01)", "## Version 2"), "0.2.0", "v0.2.0", "'Version 2' is neither"),
        (RELEASED.replace("0.1.0", "0.3.0"), "0.2.0", "v0.2.0", "newest first"),
    ],
)
def test_what_does_not_fit_is_refused(changelog: str, version: str, tag: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("(", r"\(")):
        load_script("release").notes(changelog, version, tag)


def test_an_unreleased_top_wants_a_higher_version() -> None:
    assert load_script("release").fault(UNRELEASED, "0.3.0") is None
    assert load_script("release").fault(RELEASED, "0.2.0") is None
