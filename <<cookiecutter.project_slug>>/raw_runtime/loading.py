"""Loading the workflow class of a script."""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from raw_runtime.base import BaseWorkflow
from raw_runtime.errors import WorkflowBroken
from raw_runtime.outcome import locate
from raw_runtime.redact import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.RLock()
# The modules that each workflow's script imported from its own folder: two folders may both hold helpers.py.
_siblings: dict[Path, dict[str, ModuleType]] = {}


def load_workflow_class(run_py: Path) -> type[BaseWorkflow[Any]]:
    """Load the script anew and return its workflow class.

    That is the class that `main()` is called on under `if __name__ == "__main__":`, else the only concrete
    subclass of BaseWorkflow that the script defines. While the script loads, its own folder and the
    project's root are importable.

    Raises:
        WorkflowBroken: there is no script, it does not load, or it holds no such class; with file and line.
    """
    run_py = Path(run_py).absolute()
    folder = run_py.parent
    try:
        source = run_py.read_bytes()
        tree = ast.parse(source, str(run_py))
        code = compile(tree, str(run_py), "exec", dont_inherit=True)
    except FileNotFoundError:
        raise WorkflowBroken(f"{run_py.name} not found in {folder}.") from None
    except OSError as error:
        raise WorkflowBroken(f"{run_py} cannot be read: {error.strerror}.") from None
    except SyntaxError as error:
        raise WorkflowBroken(f"{run_py}:{error.lineno}: syntax error: {error.msg}.") from None
    except ValueError as error:
        raise WorkflowBroken(f"{run_py}: cannot be read as Python: {error}.") from None

    module = ModuleType(_module_name(run_py))
    module.__file__ = str(run_py)
    with _lock:
        # pydantic looks names in annotations up there.
        sys.modules[module.__name__] = module
        with importable(folder):
            try:
                exec(code, module.__dict__)  # noqa: S102 - running the script is the purpose
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                place = locate(error.__traceback__, folder) or run_py.name
                text = f"{folder / place}: {type(error).__name__}: {describe(error)}"
                raise WorkflowBroken(f"The workflow does not load: {text}") from error
    return _pick(module, tree, run_py)


def _module_name(run_py: Path) -> str:
    name = re.sub(r"\W", "_", run_py.parent.name)
    return f"raw_workflow_{name}_{hashlib.sha256(str(run_py).encode()).hexdigest()[:8]}"


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let modules of `folder` and of the project's root be imported; keep those of `folder` apart from others'."""
    for other, modules in _siblings.items():
        if other != folder:
            for name, module in modules.items():
                if sys.modules.get(name) is module:
                    del sys.modules[name]
    sys.modules.update(_siblings.get(folder, {}))
    root = next((str(up.parent) for up in folder.parents if up.name == ".raw"), None)
    added = [str(folder)] + ([root] if root is not None and root not in sys.path else [])
    before = set(sys.modules)
    sys.path[:0] = added
    try:
        yield
    finally:
        for path in added:
            if path in sys.path:
                sys.path.remove(path)
        new = {name: module for name, module in list(sys.modules.items()) if name not in before}
        _siblings.setdefault(folder, {}).update(
            {name: module for name, module in new.items() if _is_inside(module, folder)}
        )


def forget_siblings(folder: Path) -> None:
    """Have the modules that were imported from a workflow's folder imported anew the next time."""
    with _lock:
        for name, module in _siblings.pop(folder, {}).items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _is_inside(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(folder)


def _pick(module: ModuleType, tree: ast.Module, run_py: Path) -> type[BaseWorkflow[Any]]:
    named = _class_of_main(tree)
    if named is not None:
        cls = getattr(module, named, None)
        if isinstance(cls, type) and issubclass(cls, BaseWorkflow):
            return _checked(cls, run_py)
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, BaseWorkflow)
        and value.__module__ == module.__name__
        and not inspect.isabstract(value)
    ]
    if len(classes) == 1:
        return _checked(classes[0], run_py)
    if classes:
        names = ", ".join(cls.__name__ for cls in classes)
        raise WorkflowBroken(
            f"{run_py} holds several workflow classes ({names}). "
            f'Say which one runs: if __name__ == "__main__": {classes[0].__name__}.main()'
        )
    raise WorkflowBroken(f"{run_py} holds no workflow: define a class that derives from BaseWorkflow and has run().")


def _checked(cls: type[BaseWorkflow[Any]], run_py: Path) -> type[BaseWorkflow[Any]]:
    if inspect.isabstract(cls):
        line = inspect.getsourcelines(cls)[1]
        raise WorkflowBroken(f"{run_py}:{line}: class {cls.__name__} has no run() method.")
    try:
        cls._get_params_class()
    except TypeError as error:
        raise WorkflowBroken(f"{run_py}: {error}") from None
    return cls


def _class_of_main(tree: ast.Module) -> str | None:
    """Return the name before `.main(` in the block under `if __name__ == "__main__":`."""
    for node in tree.body:
        if isinstance(node, ast.If) and "__name__" in ast.dump(node.test):
            for call in ast.walk(node):
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr == "main"
                    and isinstance(call.func.value, ast.Name)
                ):
                    return call.func.value.id
    return None
