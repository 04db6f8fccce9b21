"""What .ci/kube-play does inside: plays the manifests of a rendered project by Podman, and the demo against the pods.

The manifests are played as they are, but for what Podman cannot take: `copies` says each deviation as it makes it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import yaml

NETWORK = "cluster"
START_SECONDS = 180
TIMED_OUT = "kube_play: not ready after %d s: %s"


class Machine:
    """Podman in its namespaces, at the process `pid`."""

    def __init__(self, pid: str) -> None:
        """Take the process that holds the namespaces."""
        self._enter = ("nsenter", "--target", pid, "--mount", "podman")

    def podman(self, *words: str, check: bool = True) -> str:
        """Run podman; return what it prints.

        Raises:
            SystemExit: it failed, and `check` was asked for.
        """
        done = subprocess.run([*self._enter, *words], capture_output=True, text=True, timeout=120, check=False)
        if check and done.returncode:
            raise SystemExit(f"podman {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def containers(self) -> list[dict[str, Any]]:
        """Return what `podman inspect` knows of each container but the pods' own."""
        ids = self.podman("ps", "--all", "--filter", "label=io.podman.annotations.infra.name", "--quiet").split()
        ids = ids or self.podman("ps", "--all", "--quiet").split()
        return [item for item in json.loads(self.podman("inspect", *ids)) if not item.get("IsInfra")]


def documents(file: Path) -> list[dict[str, Any]]:
    """Return the objects of a file."""
    return [item for item in yaml.safe_load_all(file.read_text(encoding="utf-8")) if item]


def say(text: str, started: float = time.monotonic()) -> None:  # noqa: B008 - the moment of the start
    """Print a line with the seconds since the start."""
    print(f"[{time.monotonic() - started:5.1f}s] {text}", flush=True)
