"""Renders of each shape, without an environment, under a name that occurs nowhere else."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/template"), str(ROOT / "tests/benchmarks")]

SLUG = "zebra-crossing"
ANSWERS = {
    "full": {},
    "temporal": {"needs_webhooks": "no"},
    "single": {"needs_state_across_days": "no"},
    "full-no-reports": {"scheduled_reports": "no"},
    "temporal-no-reports": {"needs_webhooks": "no", "scheduled_reports": "no"},
    "full-empty": {"example": "none"},
}


@dataclass(frozen=True)
class Rendered:
    """A rendered project."""

    shape: str
    folder: Path

    @property
    def chart(self) -> Path:
        return self.folder / "charts" / SLUG

    @property
    def manifests(self) -> list[Path]:
        """What is applied: everything but the example, the user's own secret and kustomize's file."""
        left_out = ("kustomization.yml", "secret.yml", "secret.example.yml")
        return sorted(path for path in (self.folder / "k8s").glob("*.yml") if path.name not in left_out)


def bake(folder: Path, shape: str) -> Rendered:
    """Render a shape into a folder."""
    from cookiecutter.main import cookiecutter

    answers = {"project_slug": SLUG, "gates": "none", **ANSWERS[shape]}
    with contextlib.redirect_stdout(io.StringIO()):
        made = cookiecutter(str(ROOT), no_input=True, output_dir=str(folder), extra_context=answers)
    return Rendered(shape, Path(made))


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rendered]:
    return {shape: bake(tmp_path_factory.mktemp(shape), shape) for shape in ANSWERS}


@pytest.fixture(scope="session")
def full(shapes: dict[str, Rendered]) -> Rendered:
    return shapes["full"]
