"""k8s/ is the chart rendered with its defaults, in every shape, and what is in it fits together."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from commands import charts
from conftest import ANSWERS, ROOT, SLUG, Rendered
from gate0 import SLUG_DIR
from merging import merge

K8S = ROOT / SLUG_DIR / "k8s"
BY_HAND = {"namespace.yml", "secret.example.yml"}


def written(project: Path) -> dict[str, str]:
    """Return what `write` makes of k8s/."""
    done = charts(project, "write")
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_text() for path in (project / "k8s").glob("*.yml") if path.name not in BY_HAND}


def test_the_template_holds_what_the_chart_gives(
    shapes: dict[str, Rendered], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """k8s/ of the template is made from the chart of every shape; --update-golden writes it anew."""
    found: dict[str, dict[str, str]] = {}
    for shape, rendered in shapes.items():
        copy = tmp_path / shape
        shutil.copytree(rendered.folder, copy)
        for name, text in written(copy).items():
            found.setdefault(name, {})[shape] = text
    wanted = {name: merge(texts, SLUG) for name, texts in found.items()}
    if request.config.getoption("--update-golden"):
        for name, text in wanted.items():
            (K8S / name).write_text(text)
    assert {path.name: path.read_text() for path in K8S.iterdir() if path.name not in BY_HAND} == wanted


@pytest.mark.parametrize("shape", ANSWERS)
def test_no_drift_object_by_object(shapes: dict[str, Rendered], shape: str) -> None:
    done = charts(shapes[shape].folder, "drift")
    assert (done.returncode, done.stdout) == (0, "k8s/ is what the chart gives.\n"), done.stderr


@pytest.mark.parametrize("shape", ANSWERS)
def test_every_name_leads_somewhere(shapes: dict[str, Rendered], shape: str) -> None:
    done = charts(shapes[shape].folder, "check")
    assert (done.returncode, done.stdout) == (0, "Every name leads somewhere.\n"), done.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("worker.yml", f"name: {SLUG}-config", "name: other", "names the ConfigMap other, which is in no file"),
        ("secret.example.yml", "DATABASE_URL:", "DATABASE:", "names DATABASE_URL of the Secret"),
        ("serviceaccount.yml", f"name: {SLUG}\n", "name: other\n", f"names the ServiceAccount {SLUG}"),
        ("deployment.yml", "- name: http", "- name: web", "the pods have no port http"),
        ("service.yml", "component: api", "component: rest", "selects no pod"),
        ("hpa.yml", f"name: {SLUG}-worker\n  minReplicas", "name: gone\n  minReplicas", "scales the Deployment gone"),
        ("kustomization.yml", "  - hpa.yml\n", "", "hpa.yml is not in its resources"),
        ("kustomization.yml", "  - hpa.yml\n", "  - hpa.yml\n  - extra.yml\n", "extra.yml is not there"),
        ("temporal.yml", "temporalio/server:1.32.0", "temporalio/server:latest", "has no fixed tag"),
        ("worker.yml", 'reaches-postgres: "true"', 'reaches: "true"', None),
    ],
)
def test_a_name_that_leads_nowhere_is_told(
    full: Rendered, tmp_path: Path, file: str, old: str, new: str, told: str | None
) -> None:
    """`told` None: it is no fault of references, but it is drift."""
    shutil.copytree(full.folder, tmp_path / "project")
    path = tmp_path / "project/k8s" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    done = charts(tmp_path / "project", "check")
    if told is None:
        assert done.returncode == 0
        drift = charts(tmp_path / "project", "drift")
        assert drift.returncode == 1
        assert f"k8s/{file}: Deployment {SLUG}-worker differs" in drift.stdout
    else:
        assert done.returncode == 1
        assert told in done.stdout


def test_a_profile_becomes_manifests(full: Rendered, tmp_path: Path) -> None:
    """Managed services by one switch: what is not needed goes, from the folder and from kustomize's list."""
    project = tmp_path / "project"
    shutil.copytree(full.folder, project)
    done = charts(project, "write", "--values", str(project / "charts" / SLUG / "values-cloud.yaml"))
    assert done.returncode == 0, done.stderr
    assert "gone: postgres.yml, temporal.yml" in done.stdout
    resources = yaml.safe_load((project / "k8s/kustomization.yml").read_text())["resources"]
    assert not {"postgres.yml", "temporal.yml"} & set(resources)
    assert "keda.yml" in resources
    assert "REGION.PROVIDER.api.temporal.io:7233" in (project / "k8s/config.yml").read_text()
    # It is known what they were made with, so they have not drifted.
    assert charts(project, "drift").returncode == 0
    assert not {"k8s/kustomization.yml", "k8s/keda.yml"} & set(charts(project, "files").stdout.split())


@pytest.mark.parametrize("shape", ANSWERS)
def test_kustomize_builds_every_object(shapes: dict[str, Rendered], shape: str) -> None:
    rendered = shapes[shape]
    kubectl = Path(sys.executable).with_name("kubectl")
    done = subprocess.run([kubectl, "kustomize", rendered.folder / "k8s"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    built = {(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(done.stdout)}
    files = [each for path in rendered.manifests for each in yaml.safe_load_all(path.read_text()) if each]
    assert built == {(each["kind"], each["metadata"]["name"]) for each in files}
    assert all(each["metadata"].get("namespace", SLUG) == SLUG for each in yaml.safe_load_all(done.stdout))


def test_the_names_of_the_brief(full: Rendered) -> None:
    """The files that people look for."""
    named = "deployment service ingress postgres temporal worker migrate-job cronjob config networkpolicy hpa pdb "
    named += "serviceaccount namespace kustomization secret.example"
    assert {path.stem for path in (full.folder / "k8s").iterdir()} == set(named.split())


def test_versions_are_one(full: Rendered) -> None:
    """The chart's appVersion is the image's tag, and that is the version of pyproject.toml."""
    version = re.search(r'^version = "(.+)"', (full.folder / "pyproject.toml").read_text(), re.MULTILINE)
    chart = yaml.safe_load((full.chart / "Chart.yaml").read_text())
    kustomization = yaml.safe_load((full.folder / "k8s/kustomization.yml").read_text())
    assert version
    assert chart["appVersion"] == version[1]
    assert kustomization["images"][0]["newTag"] == version[1]
