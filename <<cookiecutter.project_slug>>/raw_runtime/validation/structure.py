"""Upstream RAW's own checks of run.py, with its sentences word for word, so that both tools say the same."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from raw_runtime.validation.result import ERROR, SUGGESTION, WARNING, Finding
from raw_runtime.validation.source import Source

_BLOCK = re.compile(r"^# /// script\n(?P<body>.*?)\n# ///", re.DOTALL | re.MULTILINE)
_RUN = "run.py"


def check_structure(source: Source, run_py: Path, project_root: Path) -> Iterator[Finding]:
    """Yield what upstream's validator says about a run.py that parses."""
    text = source.text
    yield from check_head(text)
    yield from _tools(source, project_root)
    if "BaseWorkflow" not in text:
        yield _say(ERROR, "base-workflow", "run.py must subclass BaseWorkflow", "Write class X(BaseWorkflow[Params]).")
    if not any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in ast.walk(source.tree)):
        yield _say(
            ERROR,
            "run-method",
            "Workflow class must implement run() method",
            "Write def run(self) -> int: (not async).",
        )
    if 'if __name__ == "__main__"' not in text:
        yield _say(
            WARNING,
            "main-guard",
            "Missing main entry point (if __name__ == '__main__')",
            'End with: if __name__ == "__main__": X.main() (double quotes: upstream looks for that text).',
        )
    if not run_py.stat().st_mode & 0o111:
        yield _say(SUGGESTION, "executable", "run.py should be executable (chmod +x run.py)")


def check_head(text: str) -> Iterator[Finding]:
    """Yield what is wrong with the shebang and the PEP 723 block; needs no parsed file."""
    if not text.startswith("#!/usr/bin/env python"):
        yield _say(WARNING, "shebang", "Missing shebang line (#!/usr/bin/env python3)", line=1)
    block = _BLOCK.search(text)
    if block is None:
        yield _say(
            ERROR, "pep723", "Missing PEP 723 metadata block (# /// script)", "Copy it from another workflow's run.py."
        )
        return
    body = block["body"]
    line = text.count("\n", 0, block.start()) + 1
    if "requires-python" not in body:
        yield _say(
            WARNING, "pep723", "PEP 723: Missing requires-python", 'Write # requires-python = ">=3.10"', line=line
        )
    elif ">=3.10" not in body:
        yield _say(
            WARNING,
            "pep723",
            "PEP 723: Should require Python >=3.10",
            'Write exactly ">=3.10": upstream looks for that text.',
            line=line,
        )
    if "dependencies" not in body:
        yield _say(WARNING, "pep723", "PEP 723: Missing dependencies list", line=line)
    else:
        for name in ("pydantic", "rich"):
            if name not in body:
                yield _say(WARNING, "pep723", f"PEP 723: Missing {name} dependency", line=line)
    yield from _dependencies(body, line)


def _dependencies(body: str, line: int) -> Iterator[Finding]:
    """Yield our own warnings about a block that upstream's patterns would misread."""
    plain = "\n".join(row[2:] if row.startswith("# ") else row[1:] for row in body.split("\n"))
    try:
        listed = tomllib.loads(plain).get("dependencies", [])
    except tomllib.TOMLDecodeError as error:
        yield Finding(WARNING, "pep723", _RUN, line, f"The PEP 723 block is not valid TOML: {error}.", "Correct it.")
        return
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, str):
            continue
        if "[" in entry:
            yield Finding(
                WARNING,
                "pep723",
                _RUN,
                line,
                f"The extra in {entry!r} makes upstream RAW drop all dependencies.",
                "Name the package without [extra] and add what the extra brings.",
            )
        elif f'"{entry}"' not in body:
            yield Finding(
                WARNING,
                "pep723",
                _RUN,
                line,
                f"Upstream RAW does not see the dependency {entry!r}.",
                "Write it in double quotes.",
            )


def _tools(source: Source, project_root: Path) -> Iterator[Finding]:
    folder = project_root / "tools"
    if not folder.exists():
        yield _say(
            WARNING, "tools-dir", "tools/ directory not found in project root", "Make it, with an empty __init__.py."
        )
        return
    guarded = {id(inner) for node in ast.walk(source.tree) if isinstance(node, ast.Try) for inner in ast.walk(node)}
    for node in ast.walk(source.tree):
        for module in _modules(node):
            if module.startswith(("tools.", "_tools.")):
                yield from _tool(module.split(".")[1], module, folder, node)
        if isinstance(node, ast.ImportFrom) and node.module == "tools" and not node.level and id(node) not in guarded:
            yield from _from_tools(node, folder)


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def _tool(name: str, module: str, folder: Path, node: ast.AST) -> Iterator[Finding]:
    path = folder / name
    line = getattr(node, "lineno", 0)
    if not path.exists():
        yield _say(
            ERROR,
            "tool-missing",
            f"Tool not found: {name} (imported from {module})",
            f"Make tools/{name}/__init__.py, or correct the name.",
            line=line,
        )
    elif not (path / "__init__.py").exists() and not path.with_suffix(".py").exists():
        yield _say(
            WARNING,
            "tool-empty",
            f"Tool {name} exists but missing __init__.py or .py file",
            "Add __init__.py.",
            line=line,
        )


def _from_tools(node: ast.ImportFrom, folder: Path) -> Iterator[Finding]:
    """Check the form that we ask for (`from tools import X`), which upstream's check does not see."""
    try:
        offered = (folder / "__init__.py").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        offered = ""
    for alias in node.names:
        there = (folder / alias.name).exists() or (folder / f"{alias.name}.py").exists()
        if not there and alias.name != "*" and not re.search(rf"\b{re.escape(alias.name)}\b", offered):
            yield _say(
                ERROR,
                "tool-missing",
                f"Tool not found: {alias.name} (imported from tools)",
                f"Make tools/{alias.name}/__init__.py, or correct the name.",
                line=node.lineno,
            )


def _say(level: str, rule: str, message: str, remedy: str = "", line: int = 0) -> Finding:
    return Finding(level, rule, _RUN, line, message, remedy, verbatim=True)
