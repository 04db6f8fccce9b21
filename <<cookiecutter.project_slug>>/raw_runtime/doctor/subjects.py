"""Which integrations a project has."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import NamedTuple

from raw_runtime.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from raw_runtime.project import Project

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class Subject(NamedTuple):
    """An integration: its name, and the module that looks after it."""

    name: str
    module: str


def subjects_of(project: Project) -> list[Subject]:
    """Return the project's integrations by name: the tools, and what `.raw/config.yaml` lists under `doctor:`.

    Raises:
        UsageError: the list is malformed, or two integrations have one name.
    """
    found = [tool_subject(path.parent.name) for path in (project.root / "tools").glob("*/doctor.py")]
    found += [Subject(_name_of(module), module) for module in _listed(project)]
    names = [subject.name for subject in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f".raw/config.yaml: doctor lists {twice[0]} again: it is there already. Remove it.")
    return sorted(found)


def tool_subject(name: str) -> Subject:
    """Return the integration of a tool."""
    return Subject(name, f"tools.{name}.doctor")


def _name_of(module: str) -> str:
    """Return `temporal` for `workflows.temporal.doctor`."""
    return module.removesuffix(".doctor").rpartition(".")[2]


def _listed(project: Project) -> list[str]:
    import yaml

    try:
        config = yaml.safe_load((project.raw_dir / "config.yaml").read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f".raw/config.yaml cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise UsageError(f".raw/config.yaml:{line}: this is not valid YAML.") from None
    listed = config.get("doctor") if isinstance(config, dict) else None
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(name, str) and _MODULE.fullmatch(name) for name in listed):
        raise UsageError(".raw/config.yaml: doctor must be a list of modules, such as [db.doctor].")
    return listed


@contextmanager
def on_path(project: Project) -> Iterator[None]:
    """Let the project's modules be imported, and before any others of their names."""
    root = str(project.root)
    sys.path.insert(0, root)
    try:
        yield
    finally:
        sys.path.remove(root)
