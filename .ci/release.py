"""Prints the notes of a release from CHANGELOG.md, if tag, pyproject.toml and CHANGELOG.md name the same version.

python .ci/release.py v1.2.3; without a tag: check only that CHANGELOG.md and pyproject.toml agree. Exit codes: 0, or 1
with one sentence on stderr.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADING = re.compile(r"(?P<version>\d+\.\d+\.\d+) \((?P<date>\d{4}-\d\d-\d\d)\)")


def sections(changelog: str) -> dict[str, str]:
    """Return the text under each second-level heading, by heading, in order."""
    parts = re.split(r"^## (.+)$", changelog, flags=re.MULTILINE)
    return {heading.strip(): text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def fault(changelog: str, version: str) -> str | None:
    """Say where CHANGELOG.md and the version of pyproject.toml disagree; None where they do not."""
    headings = list(sections(changelog))
    unreleased = headings[:1] == ["Unreleased"]
    releases = []
    for heading in headings[unreleased:]:
        match = HEADING.fullmatch(heading)
        if not match:
            return f"CHANGELOG.md: {heading!r} is neither a release, as 1.2.3 (2030-12-31), nor Unreleased at the top."
        releases.append((tuple(map(int, match["version"].split("."))), match["date"]))
    if releases != sorted(releases, reverse=True) or len({number for number, _ in releases}) != len(releases):
        return "CHANGELOG.md: releases must stand newest first, each once."
    newest = releases[0][0] if releases else (0, 0, 0)
    current = tuple(map(int, version.split(".")))
    if unreleased and current <= newest:
        return (
            f"CHANGELOG.md has Unreleased above {headings[1]}: raise the version in pyproject.toml, which is {version}."
        )
    if not unreleased and current != newest:
        return f"CHANGELOG.md begins with {headings[:1]}, pyproject.toml has the version {version}: make them one."
    return None


def notes(changelog: str, version: str, tag: str) -> str:
    """Return the notes of the release.

    Raises:
        ValueError: tag, pyproject.toml and CHANGELOG.md do not name the same version; one sentence.
    """
    if sentence := fault(changelog, version):
        raise ValueError(sentence)
    if tag != f"v{version}":
        raise ValueError(f"The tag {tag} is not v{version}, the version in pyproject.toml: change one of them.")
    for heading, text in sections(changelog).items():
        if heading.startswith(f"{version} ("):
            if text:
                return text
            raise ValueError(f"CHANGELOG.md says nothing under {version}: write what has changed.")
    raise ValueError(f"CHANGELOG.md has no heading for {version}: put `## {version} (date)` over what is Unreleased.")


def main(arguments: list[str]) -> int:
    """Print the notes, or check without a tag."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    try:
        if arguments:
            print(notes(changelog, version, arguments[0]))
        elif sentence := fault(changelog, version):
            raise ValueError(sentence)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
