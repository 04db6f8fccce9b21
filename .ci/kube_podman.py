"""Podman in the namespaces that .ci/kube-play makes for it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

NETWORK = "cluster"


class Podman:
    """Podman in its namespaces, which the process `pid` holds."""

    def __init__(self, pid: str) -> None:
        """Take the process."""
        self._enter = ("nsenter", "--target", pid, "--mount", "podman")

    def __call__(self, *words: str, given: str | None = None, both: bool = False) -> str:
        """Run podman; return what it prints, on stderr too if `both` is wanted.

        Raises:
            SystemExit: it failed.
        """
        done = subprocess.run(
            [*self._enter, *words], input=given, capture_output=True, text=True, timeout=150, check=False
        )
        if done.returncode:
            raise SystemExit(f"podman {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if both else "")

    def runs(self, *words: str) -> bool:
        """Return whether podman runs this with exit code 0."""
        return subprocess.run([*self._enter, *words], capture_output=True, timeout=60, check=False).returncode == 0

    def inspect(self, name: str) -> dict[str, Any]:
        """Return what is known of a container."""
        found: dict[str, Any] = json.loads(self("container", "inspect", name))[0]
        return found

    def address(self, container: str) -> str:
        """Return a container's address in the pods' network."""
        return str(self.inspect(container)["NetworkSettings"]["Networks"][NETWORK]["IPAddress"])

    def pod_address(self, pod: str) -> str:
        """Return a pod's address, which is that of its first container."""
        known = json.loads(self("pod", "inspect", pod))
        return self.address((known[0] if isinstance(known, list) else known)["InfraContainerID"])
