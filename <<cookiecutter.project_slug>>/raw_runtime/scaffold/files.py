"""Writing scaffolds: from templates, and whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any

from raw_runtime.errors import RawError

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its placeholders filled in; the values are not looked into."""
    text = (_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(values)


def to_yaml(data: Any) -> str:
    """Return YAML that reads back the same, whatever the strings hold."""
    import yaml

    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100))


def write(path: Path, text: str, *, executable: bool = False) -> Path:
    """Write a new text file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    if executable:
        path.chmod(path.stat().st_mode | 0o111)
    return path


def refuse_taken(target: Path) -> None:
    """See to it that nothing stands where a new folder is to be.

    Raises:
        RawError: something does.
    """
    if target.exists() or target.is_symlink():
        raise RawError(f"{target.name} exists already ({target}). Nothing was changed; take another name.")


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes `target` at the end; after an error nothing is left of it.

    Raises:
        RawError: `target` exists, or cannot be written.
    """
    refuse_taken(target)
    part = target.with_name(f".new-{os.urandom(4).hex()}")
    try:
        part.mkdir(parents=True)
        yield part
        try:
            part.rename(target)
        except OSError:
            refuse_taken(target)
            raise
    except OSError as error:
        raise RawError(f"Cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
