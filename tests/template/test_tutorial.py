"""docs/tutorial.md, done literally: each command run, each file written, each diff applied, each output compared.

What the reader would have: cookiecutter and uv on PATH, and this checkout in place of the template's address.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gate0
import pytest

PAGE = gate0.ROOT / "docs/tutorial.md"
BLOCK = re.compile(r"^```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PATH_IN_WORDS = re.compile(r"`((?=[^`]*/)[\w.-]+(?:/[\w.-]+)*/?)`")
ADDRESS = "gh:org/raw-system"
FILES = {"python", "json", "yaml", "markdown"}
LIMIT_SECONDS = 900


@dataclass(frozen=True)
class Block:
    """A block of code of the page; `title` is the path of a file."""

    line: int
    kind: str
    title: str
    text: str


def blocks(page: str) -> list[Block]:
    return [
        Block(page.count("\n", 0, found.start()) + 1, found[1], found[2] or "", found[3])
        for found in BLOCK.finditer(page)
    ]


def missing(shown: str, output: str) -> str | None:
    """Return the first line shown that the output does not have after those before it; None if it has them all.

    In a line, "..." stands for anything; a line of it, for any lines. Where none stands between two lines, none may be.
    """
    plain = [re.sub(r"\s+", " ", line).strip() for line in output.splitlines()]
    at, is_free = 0, False
    for line in (re.sub(r"\s+", " ", line).strip() for line in shown.splitlines()):
        if line == "...":
            is_free = True
            continue
        wanted = re.compile(".*".join(map(re.escape, line.split("..."))))
        places = range(at, len(plain) if is_free else min(at + 1, len(plain)))
        found = next((place for place in places if wanted.fullmatch(plain[place])), None)
        if found is None:
            return line
        at, is_free = found + 1, False
    return None if is_free or at == len(plain) else f"(the end, not {plain[at]!r})"


class Reader:
    """Does what the page says, in one folder, and goes where its commands go."""

    def __init__(self, folder: Path) -> None:
        self._start = self._folder = folder
        self._where = folder / ".where"
        self.output = ""
        outer = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
        names = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")
        self._env = outer | {
            **dict.fromkeys(names, "reader@example.com"),
            "PATH": f"{gate0.ROOT / '.venv/bin'}:{outer['PATH']}",
            "COOKIECUTTER_CONFIG": os.devnull,
        }

    def run(self, commands: str) -> None:
        """Run a block; the test fails if it does, or if it takes too long."""
        commands = commands.replace(ADDRESS, str(gate0.ROOT))
        script = f"set -euo pipefail\ntrap 'pwd >{self._where}' EXIT\n{commands}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        self.output = done.stdout.decode(errors="replace")
        assert done.returncode == 0, f"{commands}\n{self.output}"
        self._folder = Path(self._where.read_text(encoding="utf-8").strip())

    def write(self, name: str, text: str) -> None:
        path = self._folder / name
        assert path.resolve().is_relative_to(self._start.resolve())
        path.write_text(text, encoding="utf-8")

    def has(self, name: str) -> bool:
        return (self._folder / name).exists()

    def apply(self, diff: str) -> None:
        done = subprocess.run(["git", "apply", "-"], cwd=self._folder, input=diff, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stderr}\n{diff}"


def steps(page: list[Block]) -> Iterator[tuple[Block, str | None]]:
    """Yield each block with the output that is shown after it; fail at one that nobody would try."""
    for number, block in enumerate(page):
        where = f"docs/tutorial.md, line {block.line}"
        follower = page[number + 1] if number + 1 < len(page) else None
        if block.kind == "text":
            assert page[number - 1].kind == "bash", f"{where}: an output stands after its commands."
            continue
        assert block.kind in FILES | {"bash", "diff"}, f"{where}: nobody tries a block of {block.kind or 'no kind'!r}."
        assert bool(block.title) == (block.kind in FILES), f"{where}: a file has its path as title, and nothing else."
        yield block, follower.text if follower and follower.kind == "text" else None


def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for block, shown in steps(blocks(PAGE.read_text(encoding="utf-8"))):
        began = time.monotonic()
        if block.kind == "bash":
            reader.run(block.text)
        elif block.kind == "diff":
            reader.apply(block.text)
        else:
            reader.write(block.title, block.text)
        print(f"line {block.line:4}  {time.monotonic() - began:6.1f} s  {block.title or block.text.splitlines()[0]}")
        line = missing(shown, reader.output) if shown is not None else None
        assert line is None, f"docs/tutorial.md, line {block.line}: not in the output: {line}\n{reader.output}"
    named = PATH_IN_WORDS.findall(BLOCK.sub("", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 15
    assert [name for name in named if not reader.has(name)] == []


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        ("a\nb c\nd", None),
        ("...\nd", None),
        ("a\n...", None),
        ("a\n...\nd", None),
        ("a\nb ...\nd", None),
        ("a\n...\nb x\n...", "b x"),
        ("d\n...\na", "d"),
        ("...\nd\n...\na", "a"),
        ("a\nd", "d"),
        ("a", "(the end, not 'b c')"),
    ],
)
def test_an_output_is_compared(shown: str, line: str | None) -> None:
    assert missing(shown, "a\nb   c\nd\n") == line


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("```console\n$ true\n```\n", "line 1: nobody tries a block of 'console'."),
        ("words\n```\ntrue\n```\n", "line 2: nobody tries a block of 'no kind'."),
        ("```python\nx = 1\n```\n", "line 1: a file has its path as title, and nothing else."),
        ('```bash\ntrue\n```\n```json title="a"\n{}\n```\n```text\nx\n```\n', "an output stands after its commands."),
    ],
)
def test_what_nobody_would_try_is_told(page: str, fault: str) -> None:
    with pytest.raises(AssertionError) as caught:
        list(steps(blocks(page)))
    assert fault in str(caught.value)
