"""Records a real run of README's first command as a picture, docs/first-run.svg.

python .ci/record.py clones this checkout into a new folder, runs the first ```sh block of README.md there, and draws
what it wrote, each line with the second at which it came. Needs the template's environment and a network; takes as
long as the command does. The folder's path is shown as ~, and what pip says of this machine's own package index is left
out; nothing else is changed. Exit code: that of the command, or 1 if a path of this machine would be in the picture.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs/first-run.svg"
WIDTH = 120
# pip warns of places that its configuration names and that lack a package: true of this machine alone.
INDEX_WARNING = re.compile(r"WARNING: Location '.*|Looking in (indexes|links): .*")
MACHINE = re.compile(r"file:/|https?:/|(?<![\w.~])/(home|opt|root|srv|tmp|usr|var)/")
STATUS = {"PASS": "bold green", "FAIL": "bold red", "SKIP": "bold yellow"}


def first_command(readme: str) -> str:
    """Return the first ```sh block of a README, without its fence."""
    block = re.search(r"^```sh\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    if block is None:
        raise RuntimeError("README.md has no ```sh block; its first one is what is recorded")
    return block.group(1).rstrip()


def run(command: str, folder: Path) -> tuple[int, list[tuple[float, str]]]:
    """Run a command in a folder; return its exit code, and each line it wrote with the seconds since the start."""
    env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    started = time.monotonic()
    with subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=env | {"COLUMNS": str(WIDTH - 10)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        lines = [(time.monotonic() - started, line.rstrip()) for line in process.stdout]
        code = process.wait()
    return code, [*lines, (time.monotonic() - started, f"(exit code {code})")]


def draw(command: str, lines: list[tuple[float, str]]) -> str:
    """Return the session as SVG: the command, then each line behind its second."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True, highlight=False)
        for line in command.splitlines():
            is_comment = line.startswith("#")
            console.print(Text(f"{'' if is_comment else '$ '}{line}", style="dim" if is_comment else "bold"))
        for seconds, line in lines:
            text = Text(line)
            for word, style in STATUS.items():
                text.highlight_words([word], style)
            console.print(Text.assemble((f"{seconds:6.1f} s  ", "dim"), text))
        picture = console.export_svg(title="raw-system: one command", unique_id="run")
    # The font would be fetched from elsewhere; a reader's own monospaced font does as well.
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL).replace("Fira Code, ", "")


def main() -> int:
    """Record and draw; the exit code is the command's."""
    command = first_command((ROOT / "README.md").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        clone = Path(folder) / "raw-system"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        code, lines = run(command, clone)
        lines = [(seconds, line.replace(folder, "~")) for seconds, line in lines if not INDEX_WARNING.match(line)]
    if code:
        print(*(line for _, line in lines), sep="\n", file=sys.stderr)
        return code
    if told := [line for _, line in lines if MACHINE.search(line)]:
        print("Nothing was drawn, since these lines name a place of this machine:", *told, sep="\n", file=sys.stderr)
        return 1
    PICTURE.write_text(draw(command, lines), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size} bytes, {lines[-1][0]:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
