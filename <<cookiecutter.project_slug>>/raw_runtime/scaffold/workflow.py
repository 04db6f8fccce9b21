"""New workflows: from the template, or as a copy of another one."""

from __future__ import annotations

import ast
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from raw_runtime.project import Project, Workflow
from raw_runtime.scaffold.files import new_folder, render, to_yaml, write
from raw_runtime.scaffold.names import class_name, one_sentence, workflow_id

DEFAULT_INTENT = "Count the words of a text and name its keywords"
_NOT_COPIED = shutil.ignore_patterns(
    "runs", "results", "_tools", "__pycache__", ".*", "output.log", "events.jsonl", "manifest.json"
)


def create_workflow(project: Project, name: str, intent: str | None = None) -> Workflow:
    """Make `.raw/workflows/<name>/`: a small workflow that runs, with its dry run, test and mocks.

    Raises:
        RawError: the name cannot be used or is taken, or the folder cannot be written.
    """
    new = workflow_id(name)
    intent = intent or DEFAULT_INTENT
    values = {
        "id": new,
        "cls": class_name(new),
        "intent": intent,
        "summary": one_sentence(intent, f"RAW workflow {new}."),
    }
    target = project.raw_dir / "workflows" / new
    with new_folder(target) as folder:
        for file in ("run.py", "dry_run.py"):
            write(folder / file, render(f"workflow/{file}", values), executable=True)
        for file in ("test.py", "README.md"):
            write(folder / file, render(f"workflow/{file}", values))
        write(folder / "mocks" / "example.json", render("workflow/example.json", values))
        write(folder / "config.yaml", to_yaml(_config(new, intent)))
    return Workflow(new, target)


def copy_workflow(project: Project, name: str, source: Workflow, intent: str | None = None) -> Workflow:
    """Make `.raw/workflows/<name>/` as a copy of `source` without its runs, under the new name and class name.

    Raises:
        RawError: as `create_workflow`.
    """
    new = workflow_id(name)
    target = project.raw_dir / "workflows" / new
    with new_folder(target) as folder:
        shutil.copytree(source.path, folder, ignore=_NOT_COPIED, dirs_exist_ok=True)
        old_class = _main_class(source.run_py)
        for path in (*folder.rglob("*.py"), *folder.rglob("*.md")):
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            text = _rename_id(text, source.id, new)
            if old_class is not None:
                # FooParams and FooResult go with Foo; Football does not.
                text = re.sub(rf"\b{old_class}(?=[A-Z]|\b)", class_name(new), text)
            if path.suffix == ".md":
                text = re.sub(rf"(?m)^# {re.escape(source.id)}$", f"# {new}", text)
                if intent and path == folder / "README.md":
                    text = _with_intent(text, intent)
            path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
        _rename_config(folder / "config.yaml", new, intent)
    return Workflow(new, target)


def _config(new: str, intent: str) -> dict[str, object]:
    inputs = [
        {"name": "text", "type": "string", "description": "Text to look into", "required": False},
        {"name": "top", "type": "integer", "description": "How many keywords to name", "required": False, "default": 3},
        {"name": "id", "type": "string", "description": "Correlation id, given back in the result", "required": False},
    ]
    outputs = [
        {"name": "id", "type": "string", "description": "The correlation id"},
        {"name": "words", "type": "integer", "description": "How many words the text has"},
        {"name": "keywords", "type": "dict", "description": "The most frequent words and how often they occur"},
    ]
    return {
        "id": new,
        "name": new,
        "version": "1.0.0",
        "status": "generated",
        "created_at": _now(),
        "description": {"intent": intent, "inputs": inputs, "outputs": outputs},
    }


def _main_class(run_py: Path) -> str | None:
    """Return the class on which the script calls `main()`; None when there is none to be seen."""
    try:
        tree = ast.parse(run_py.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "main":
            owner = node.func.value
            if isinstance(owner, ast.Name):
                return owner.id
    return None


def _rename_id(text: str, old: str, new: str) -> str:
    """Put the new id for the old one; one that is a plain word, only where it surely means the workflow."""
    certain = "" if "-" in old else r"raw (?:run|show|validate|create) |\.raw/workflows/"
    return re.sub(rf"({certain})(?<![\w-]){re.escape(old)}(?![\w-])", rf"\g<1>{new}", text)


def _with_intent(readme: str, intent: str) -> str:
    """Put what the copy is for in place of the first paragraph, which says it of the other."""
    return re.sub(r"\A(# [^\n]*\n+)\w[^\n]*(?:\n[^\n]+)*", lambda found: found[1] + intent, readme)


def _rename_config(path: Path, new: str, intent: str | None) -> None:
    import yaml

    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        config = None
    if not isinstance(config, dict):
        config = {"id": new, "name": new, "version": "1.0.0", "description": {"intent": DEFAULT_INTENT}}
    config.update(id=new, name=new, status="generated", created_at=_now(), version=str(config.get("version", "1.0.0")))
    config.pop("published_at", None)
    description = config.get("description")
    if intent:
        config["description"] = (
            {**description, "intent": intent} if isinstance(description, dict) else {"intent": intent}
        )
    write(path, to_yaml(config))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
