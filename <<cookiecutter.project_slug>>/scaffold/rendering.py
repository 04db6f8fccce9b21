"""From templates to the text of files: templates/<kind>/<path>.jinja, as they are named and filled in."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raw_runtime.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
_SUFFIX = ".jinja"
_RUFF_SECONDS = 60


def render(kind: str, values: Mapping[str, Any], in_paths: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each file of a kind by its path, with slashes, relative to the project.

    Args:
        kind: the folder of templates. One that comes to nothing but white space makes no file.
        values: what templates say; a name that is missing is an error.
        in_paths: what stands for a capital word in a path, such as ENTITY.
    """
    environment = _environment()
    found = {}
    for template in sorted((TEMPLATES / kind).rglob(f"*{_SUFFIX}")):
        name = template.relative_to(TEMPLATES).as_posix()
        path = name.removeprefix(f"{kind}/").removesuffix(_SUFFIX)
        for word, text in in_paths.items():
            path = path.replace(word, text)
        filled = environment.get_template(name).render(values)
        if filled.strip():
            found[path] = filled
    return found


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the names that are filled in are checked, and the text is Python
    )


def tidied(files: Mapping[str, str], root: Path) -> tuple[dict[str, str], bool]:
    """Return the files with imports sorted and lines broken by the project's ruff, and whether it was there.

    How lines break depends on how long the names are.
    """
    ruff = _ruff()
    code = [path for path in files if path.endswith(".py")]
    if ruff is None or not code:
        return dict(files), ruff is not None
    with tempfile.TemporaryDirectory(prefix="raw-new-") as folder:
        place = Path(folder)
        for path in code:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(files[path], encoding="utf-8", newline="\n")
        config = ["--config", str(root / "ruff.toml"), "--no-cache", "--quiet"]
        for words in (["check", "--fix", "--exit-zero", "--select", "I", *config], ["format", *config]):
            done = subprocess.run(
                [ruff, *words, "."], cwd=place, capture_output=True, text=True, check=False, timeout=_RUFF_SECONDS
            )
            if done.returncode != 0:
                raise RuntimeError(f"ruff cannot read what was made: {done.stderr or done.stdout}")
        return {**files, **{path: (place / path).read_text(encoding="utf-8") for path in code}}, True


def _ruff() -> str | None:
    """Return the ruff of the environment that runs this, else one on PATH."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("ruff", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))


def refuse_double_meanings(files: Mapping[str, str], argument: str, name: str) -> None:
    """See to it that no module gives one name two meanings: an entity `index` would, beside SQLAlchemy's Index.

    Raises:
        UsageError: one does.
    """
    for path, text in files.items():
        if path.endswith(".py"):
            names = list(_bound(ast.parse(text)))
            if twice := [each for each in names if names.count(each) > 1]:
                raise UsageError(
                    f"{argument} {name!r} would be {twice[0]} in {path}, which means something else there. "
                    f"Take another name, such as {name}-item."
                )


def _bound(tree: ast.Module) -> Iterator[str]:
    """Give each name that a module's top level imports or defines."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
