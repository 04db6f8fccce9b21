"""Helm: the `helm` command where it is, else the library helm-python-sdk of the group `deploy`."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from charts.project import ChartError, chart_folder

INFO = 1
NO_HELM = "Helm is not here: install helm (3.14 or later), or the library: uv sync --group deploy"


def render(values: Path | None = None, *, name: str | None = None, namespace: str | None = None) -> dict[str, str]:
    """Render the chart as `helm install` would at first.

    Args:
        values: a values file over the defaults.
        name: the release; the chart's own name if none is given.
        namespace: the release's namespace; the same.

    Returns:
        Each template that rendered objects, by its name without `.yaml`, with its text.

    Raises:
        ChartError: the chart or a value is wrong, in Helm's words.
    """
    chart = chart_folder()
    name, namespace = name or chart.name, namespace or chart.name
    texts = (_by_command if shutil.which("helm") else _by_library)(chart, values, name, namespace)
    return {stem: text for stem, text in sorted(texts.items()) if any(yaml.safe_load_all(text))}


def lint(values: Path | None = None) -> None:
    """Check the chart as `helm lint --strict` does.

    Raises:
        ChartError: it found something, in Helm's words.
    """
    chart = chart_folder()
    if shutil.which("helm"):
        _helm("lint", "--strict", str(chart), *_values_flag(values))
        return
    report = _library().lint(str(chart), _values(values), strict=True)
    faults = [f"{message['path']}: {message['error']}" for message in report["messages"] if message["severity"] > INFO]
    if faults or report["errors"]:
        raise ChartError("\n".join(faults or report["errors"]))


def _by_command(chart: Path, values: Path | None, name: str, namespace: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--namespace", namespace, "--output-dir", folder, *_values_flag(values)]
        _helm("template", name, str(chart), *flags)
        found = Path(folder, chart.name, "templates").glob("*.yaml")
        return {path.stem: path.read_text(encoding="utf-8") for path in found}


def _by_library(chart: Path, values: Path | None, name: str, namespace: str) -> dict[str, str]:
    library = _library()
    try:
        texts = library.Chart.load(str(chart)).render(_values(values), name=name, namespace=namespace)
    except library.HelmError as error:
        raise ChartError(str(error)) from None
    prefix = f"{chart.name}/templates/"
    return {
        path.removeprefix(prefix).removesuffix(".yaml"): text
        for path, text in texts.items()
        if path.endswith(".yaml") and "/" not in path.removeprefix(prefix)
    }


def _library() -> Any:
    try:
        return importlib.import_module("helm_python")
    except ImportError:
        raise ChartError(NO_HELM) from None


def _helm(*words: str) -> None:
    done = subprocess.run(["helm", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChartError((done.stderr.strip() + "\n" + done.stdout.strip()).strip())


def _values(values: Path | None) -> dict[str, Any]:
    return yaml.safe_load(values.read_text(encoding="utf-8")) or {} if values else {}


def _values_flag(values: Path | None) -> list[str]:
    return ["--values", str(values)] if values else []
