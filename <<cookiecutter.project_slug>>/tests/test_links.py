"""Every link in the project's Markdown leads to a file, and to a heading of it, that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[1]
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^()\s]+)(?: \"[^\"]*\")?\)|<img [^>]*src=\"(?P<image>[^\"]+)\"")
LEFT_OUT = {".git", ".venv", "node_modules", "runs", "builds"}


def pages(root: Path) -> Iterator[Path]:
    """Yield every Markdown file of a folder."""
    for path in sorted(root.rglob("*.md")):
        if not LEFT_OUT & set(path.relative_to(root).parts):
            yield path


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of the headings."""
    found: dict[str, int] = {}
    names = set()
    for heading in re.findall(r"^#{1,6} (.+)$", CODE.sub(lambda code: code[0].strip("`~"), text), flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        found[name] = found.get(name, -1) + 1
        names.add(name if found[name] == 0 else f"{name}-{found[name]}")
    return names


def broken_links(root: Path) -> list[str]:
    """Return one line for each link that leads nowhere; links to other sites are not followed."""
    found = []
    for page in pages(root):
        text = page.read_text(encoding="utf-8")
        for match in LINK.finditer(CODE.sub("", text)):
            target = unquote(match["target"] or match["image"])
            if re.match(r"[a-z][a-z+.-]*:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (page.parent / name).resolve() if name else page
            if not file.exists():
                found.append(f"{page.relative_to(root)}: {target} is not there")
            elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
                found.append(f"{page.relative_to(root)}: {target}: no such heading")
    return found


def test_no_link_leads_nowhere() -> None:
    assert list(pages(ROOT))
    assert broken_links(ROOT) == []


def test_what_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/b.md").write_text("# The `raw` command, twice!\n# The raw command twice\n")
    (tmp_path / "a.md").write_text(
        "[1](docs/b.md#the-raw-command-twice) [2](docs/b.md#the-raw-command-twice-1) [3](docs/) [4](https://x.example/#y)\n"
        '[5](docs/c.md) [6](docs/b.md#once) [7](#nowhere) <img src="d.png"> `[8](in-code.md)`\n'
        "```\n[9](in-code.md)\n```\n"
    )
    assert broken_links(tmp_path) == [
        "a.md: docs/c.md is not there",
        "a.md: docs/b.md#once: no such heading",
        "a.md: #nowhere: no such heading",
        "a.md: d.png is not there",
    ]
