"""A plan: the new files that a part is made of, and what is done next. It is checked before a byte is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from raw_runtime.errors import UsageError

HISTORIES = "workflows/temporal/tests/histories"


@dataclass(frozen=True)
class NewFile:
    """A file that is to be: its path with slashes, relative to the project, and its text."""

    path: str
    text: str

    @property
    def is_executable(self) -> bool:
        """A script with a first line that says who runs it."""
        return self.text.startswith("#!")

    @property
    def lines(self) -> int:
        """How many it has."""
        return self.text.count("\n")


@dataclass(frozen=True)
class Plan:
    """What is made.

    `title` says it in words, `files` are new, all of them; `then` are the commands that follow. `histories` are those
    that are recorded when the files are there, by their names.
    """

    title: str
    files: tuple[NewFile, ...]
    then: tuple[str, ...]
    histories: tuple[str, ...] = ()

    @classmethod
    def of(cls, title: str, files: Mapping[str, str], then: tuple[str, ...], histories: tuple[str, ...] = ()) -> Plan:
        """Return the plan of these texts by path."""
        return cls(title, tuple(NewFile(path, text) for path, text in sorted(files.items())), then, histories)

    @property
    def recorded(self) -> tuple[str, ...]:
        """The paths of the histories."""
        return tuple(f"{HISTORIES}/{name}.json" for name in self.histories)

    def check(self, root: Path) -> None:
        """See to it that everything in it is new.

        Raises:
            UsageError: a file is there already, or something that is no folder stands in its way; names all of them.
        """
        paths = [*(file.path for file in self.files), *self.recorded]
        taken = sorted({_in_the_way(root, path) for path in paths} - {None, ""}, key=str)
        if taken:
            listed = ", ".join(str(path) for path in taken)
            verb = "exists" if len(taken) == 1 else "exist"
            raise UsageError(f"{listed} {verb} already. Nothing was changed; take another name.")

    def tree(self) -> str:
        """Return the files as a tree, with the number of lines of each."""
        rows: list[tuple[str, str]] = []
        before: tuple[str, ...] = ()
        sizes = {file.path: str(file.lines) for file in self.files} | dict.fromkeys(self.recorded, "recorded")
        for path, size in sorted(sizes.items()):
            *folders, name = path.split("/")
            same = 0
            while same < len(folders) and folders[: same + 1] == list(before[: same + 1]):
                same += 1
            rows += [("  " * depth + folders[depth] + "/", "") for depth in range(same, len(folders))]
            rows.append(("  " * len(folders) + name, size))
            before = tuple(folders)
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:{width}}  {lines:>4}".rstrip() for name, lines in rows)


def _in_the_way(root: Path, path: str) -> str | None:
    target = root / path
    if target.exists() or target.is_symlink():
        return path
    for folder in target.parents:
        if folder == root:
            return None
        if folder.exists() or folder.is_symlink():
            return None if folder.is_dir() else folder.relative_to(root).as_posix()
    return None
