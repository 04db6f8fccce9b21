"""Where the chart and the manifests are."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent
MANIFESTS = HERE.parent / "k8s"

#: Files of k8s/ that are written by hand, since no chart has their like.
BY_HAND = ("kustomization.yml", "namespace.yml", "secret.example.yml")


class ChartError(Exception):
    """Something is wrong with the chart or the manifests; the text says what, and what to do."""


def chart_folder() -> Path:
    """Return the folder of the chart; its name is the system's."""
    return next(HERE.glob("*/Chart.yaml")).parent


def profiles() -> list[Path]:
    """Return the values files that are kept with the chart, but for the defaults."""
    return sorted(chart_folder().glob("values-*.yaml"))
