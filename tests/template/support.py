"""Renders the template as its users do, and loads its hooks for unit tests."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate0 import ROOT, SLUG_DIR, environment, template_files

DEFAULTS = {
    "example": "hiring",
    "project_name": "Hiring System",
    "project_slug": "hiring-system",
    "description": "A durable system of RAW workflows",
    "author": "Platform Team",
    "needs_state_across_days": "yes",
    "needs_webhooks": "yes",
    "scheduled_reports": "yes",
    "python_version": "3.11",
    "gates": "all",
}

# Every answer to the four questions that decide which files there are. Without state, webhooks make no difference.
STRUCTURES = {
    "single": {"needs_state_across_days": "no"},
    "single-no-reports": {"needs_state_across_days": "no", "scheduled_reports": "no"},
    "single-no-webhooks": {"needs_state_across_days": "no", "needs_webhooks": "no"},
    "single-no-webhooks-no-reports": {
        "needs_state_across_days": "no",
        "needs_webhooks": "no",
        "scheduled_reports": "no",
    },
    "temporal": {"needs_webhooks": "no"},
    "temporal-no-reports": {"needs_webhooks": "no", "scheduled_reports": "no"},
    "full": {},
    "full-no-reports": {"scheduled_reports": "no"},
}
# Each of them as an empty house too, such as full-empty and full-empty-no-reports: its name is another then.
STRUCTURES |= {
    re.sub("^[a-z]+", r"\g<0>-empty", name): {**given, "example": "none"} for name, given in STRUCTURES.items()
}
GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Render:
    """One run of the cookiecutter command."""

    code: int
    out: str
    folder: Path

    @property
    def project(self) -> Path:
        """The only project in the output folder."""
        (project,) = self.folder.iterdir()
        return project

    def gates(self) -> dict[str, str]:
        """Return the state of each gate by its name, from what the project wrote down."""
        (report,) = self.project.glob(".raw/builds/*/result.json")
        return {gate["gate"]: gate["status"] for gate in json.loads(report.read_text())["gates"]}


def render(
    folder: Path,
    *words: str,
    template: Path | str = ROOT,
    env: dict[str, str] | None = None,
    no_input: bool = True,
    python: Path | str = sys.executable,
    **answers: str,
) -> Render:
    """Run cookiecutter in a process of its own, without questions, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(python), "-m", "cookiecutter", str(template), "--output-dir", str(folder), *words]
    command += ["--no-input"] * no_input
    command += [f"{key}={value}" for key, value in answers.items()]
    outer = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        command,
        env=outer | {"COOKIECUTTER_CONFIG": os.devnull} | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
    return Render(done.returncode, done.stdout.decode(errors="replace"), folder)


def copy_template(folder: Path) -> Path:
    """Copy what git has of the template: no runs, caches or environments of who works on it."""
    for path in (ROOT / "cookiecutter.json", *template_files()):
        to = folder / path.relative_to(ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    return folder


def render_file(path: Path, **answers: Any) -> str:
    """Return one file of the template as cookiecutter would render it for these answers."""
    env = environment()
    context = {**DEFAULTS, "_template": "gh:org/raw-system", "_output_dir": "out", **answers}
    for key, value in json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8")).items():
        if key.startswith("__") and isinstance(value, str):
            context.setdefault(key, env.from_string(value).render(cookiecutter=context))
    return env.from_string(path.read_text(encoding="utf-8")).render(cookiecutter=context)


def load_hook(name: str, **answers: Any) -> types.ModuleType:
    """Return a hook as cookiecutter would run it for these answers, as a module whose main() has not run."""
    path = ROOT / "hooks" / f"{name}.py"
    module = types.ModuleType(name)
    exec(compile(render_file(path, **answers), str(path), "exec"), module.__dict__)
    return module


def load_project_test(name: str) -> types.ModuleType:
    """Return a test module of the rendered project, from the template's source as it lies."""
    return _load(f"project_{name}", ROOT / SLUG_DIR / "tests" / f"{name}.py")


def load_script(name: str) -> types.ModuleType:
    """Return a script of .ci/ as a module."""
    return _load(name, ROOT / ".ci" / f"{name}.py")


def _load(name: str, path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def files(project: Path) -> list[str]:
    """Return every file of a render that no gate and no environment made."""
    command = ["find", ".", "-type", "f", "-not", "-path", "*/__pycache__/*", "-not", "-path", "./.raw/builds/*"]
    listed = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(name.removeprefix("./") for name in listed if name)


def slug_of(structure: str) -> str:
    """Return the name that a render with these answers has when none is given."""
    return "my-system" if "-empty" in structure else DEFAULTS["project_slug"]


def golden_files(structure: str) -> list[str]:
    """Return the files that a render with these answers has, by golden/<shape>.txt."""
    return (GOLDEN / f"{structure.replace('-no-webhooks', '')}.txt").read_text().split()


def contents(project: Path) -> dict[str, bytes]:
    """Return every file of a render by its name, but for what each render has of its own: secrets and provenance."""
    own = (".env", ".cookiecutter.json")
    return {name: (project / name).read_bytes() for name in files(project) if name not in own}
