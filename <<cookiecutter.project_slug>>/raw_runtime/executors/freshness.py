"""Know when the code that a process has loaded is no longer the code on disk."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# (modification time in ns, size in bytes); None when there is no such file.
Stamp = tuple[int, int] | None


def stamp(path: str | Path) -> Stamp:
    """Return what a file looks like from outside."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - asked for every file before every run
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size)


class LoadedCode:
    """The project's files that this process has imported, as they were when it did.

    Installed packages are left out, even where the virtual environment lies in the project.
    """

    def __init__(self, root: Path) -> None:
        # As it is named and as it is: modules know their files by either.
        self._prefixes = (f"{root.absolute()}{os.sep}", f"{root.resolve()}{os.sep}")
        self._environment = (f"{Path(sys.prefix)}{os.sep}", f"{Path(sys.prefix).resolve()}{os.sep}")
        self._stamps: dict[str, Stamp] = {}
        self._modules_seen: set[str] = set()

    def watch(self, path: Path) -> None:
        """Add one file; call it before the file is read."""
        self._stamps.setdefault(str(path), stamp(path))

    def note_imports(self) -> None:
        """Add the files of modules imported since the last call."""
        new = sys.modules.keys() - self._modules_seen
        for name in new:
            path = getattr(sys.modules.get(name), "__file__", None)
            if isinstance(path, str) and path not in self._stamps and self._is_project_code(path):
                self._stamps[path] = stamp(path)
        self._modules_seen |= new

    def changed(self) -> bool:
        """True when one of the files is no longer as it was."""
        return any(stamp(path) != before for path, before in self._stamps.items())

    def _is_project_code(self, path: str) -> bool:
        return (
            path.startswith(self._prefixes)
            and not path.startswith(self._environment)
            and f"{os.sep}site-packages{os.sep}" not in path
        )
