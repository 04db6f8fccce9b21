"""Gate 0: what cookiecutter would swallow, execute or choke on, found before it renders anything.

Jinja's own lexer, with our delimiters, reads every text file of the template, so nothing here guesses at syntax.
Run it alone: python tests/template/gate0.py
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jinja2
from binaryornot.check import is_binary
from cookiecutter.utils import create_env_with_context
from jinja2 import nodes

ROOT = Path(__file__).resolve().parents[2]
SLUG_DIR = "<" + "<cookiecutter.project_slug>>"
STARTS = ("<" + "<", "<" + "%", "<" + "#")
LINES_PER_IF = 60
HOOK_EXPRESSION = "cookiecutter | tojson"


def template_files(root: Path = ROOT) -> list[Path]:
    """Return the template's files and hooks, as git sees them: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", SLUG_DIR, "hooks"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
    return [root / name for name in sorted(set(listed)) if name and (root / name).exists()]


def environment(root: Path = ROOT) -> jinja2.Environment:
    """Return the environment that cookiecutter renders with."""
    answers = json.loads((root / "cookiecutter.json").read_text(encoding="utf-8"))
    env: jinja2.Environment = create_env_with_context({"cookiecutter": answers})
    return env


def known_names(root: Path = ROOT) -> set[str]:
    """Return every name that may stand behind `cookiecutter.`."""
    return set(json.loads((root / "cookiecutter.json").read_text(encoding="utf-8"))) - {"__prompts__"}


def check_path(path: Path) -> Iterator[str]:
    """A conditional path that is off is written OUTSIDE the project under -f, so paths are plain but for the slug."""
    if any(start in part for part in path.parts[1:] if part != SLUG_DIR for start in STARTS):
        yield f"{path}: a path holds a template expression; list it in template-parts.toml instead"


def check_text(path: Path, text: str, env: jinja2.Environment, names: set[str]) -> Iterator[str]:
    """Find stray delimiters, which vanish or change the text in silence, and names that no question defines."""
    if "\r" in text:
        yield f"{path}: has a carriage return; lines end with a line feed only"
    try:
        tokens = list(env.lex(text))
        tree = env.parse(text)
    except jinja2.TemplateSyntaxError as error:
        yield f"{path}:{error.lineno}: stray delimiter: {error.message}"
        return
    for index, (line, kind, value) in enumerate(tokens):
        if kind == "comment_begin":
            body = tokens[index + 1][2] if index + 1 < len(tokens) else ""
            if not body.startswith("!"):
                yield f"{path}:{line}: a comment that vanishes in silence; a meant one opens {value}!"
        elif kind == "variable_begin":
            following = next(token for token in tokens[index + 1 :] if token[1] != "whitespace")
            if not (following[1] == "string" or following[2] == "cookiecutter"):
                yield f"{path}:{line}: {value} {following[2]} would be evaluated; a meant expression names cookiecutter"
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name == "cookiecutter" and node.attr not in names:
            yield f"{path}:{node.lineno}: cookiecutter.{node.attr} is no question"


def check_python(path: Path, text: str, *, hook: bool) -> Iterator[str]:
    """Python is valid before rendering; expressions live in data, and in a hook only as its one JSON line."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        yield f"{path}: not valid Python before rendering: {error}"
    rest = text.replace(f"{STARTS[0]} {HOOK_EXPRESSION} >>", "", 1) if hook else text
    for number, line in enumerate(rest.splitlines(), 1):
        for start in STARTS:
            if start in line:
                yield f"{path}:{number}: {start} in Python; use a data file, or another spelling (2**4, printf)"


def check_density(texts: dict[Path, str]) -> Iterator[str]:
    """More than one condition per 60 lines means that a part wants a file of its own."""
    lines = sum(text.count("\n") for text in texts.values())
    ifs = sum(text.count(STARTS[1] + " if") for text in texts.values())
    if ifs * LINES_PER_IF > lines:
        yield f"{ifs} conditions in {lines} lines of template: at most one per {LINES_PER_IF}"


def check_parts(root: Path) -> Iterator[str]:
    """Every path in the list of parts is there."""
    parts_file = root / SLUG_DIR / "template-parts.toml"
    if not parts_file.exists():
        return
    for part in tomllib.loads(parts_file.read_text(encoding="utf-8"))["parts"]:
        for name in part["paths"]:
            if not (root / SLUG_DIR / name).exists():
                yield f"template-parts.toml: part {part['name']} names {name}, which is not there"


def findings(root: Path = ROOT) -> list[str]:
    """Return one line for each fault; empty when the template is clean."""
    env, names = environment(root), known_names(root)
    found: list[str] = []
    texts: dict[Path, str] = {}
    for file in template_files(root):
        path = file.relative_to(root)
        found += check_path(path)
        hook = path.parts[0] == "hooks"
        raw = file.read_bytes()
        if is_binary(str(file)):
            if any(start.encode() + b" cookiecutter" in raw for start in STARTS):
                found.append(f"{path}: cookiecutter takes this for binary and would copy its expressions unrendered")
            continue
        text = raw.decode("utf-8", errors="replace")
        if "\ufffd" in text:
            found.append(f"{path}: not UTF-8")
        texts[path] = text
        if path.suffix == ".py":
            found += check_python(path, text, hook=hook)
        found += check_text(path, text, env, names)
    found += check_density(texts)
    found += check_parts(root)
    return found


def main() -> int:
    """Print what was found; 1 when there is anything."""
    found = findings()
    print(*found, sep="\n") if found else print(f"gate 0: clean ({len(template_files())} files)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
