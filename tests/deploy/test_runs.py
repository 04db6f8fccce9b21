"""The pods' commands, settings and probes, on a real PostgreSQL and a real Temporal: all but the containers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import charts
from conftest import SLUG, Rendered
from local_postgres import binaries, free_port, postgres
from test_backup import FILES

PATIENCE = 60.0


@dataclass
class Pods:
    """What makes processes of the manifests, with the addresses of this machine."""

    project: Rendered
    database: str
    temporal: str
    work: Path

    def __post_init__(self) -> None:
        done = charts(self.project.folder, "secrets")
        texts = [path.read_text() for path in self.project.manifests]
        found = [each for text in (*texts, done.stdout) for each in yaml.safe_load_all(text) if each]
        self.objects = {f"{each['kind']} {each['metadata']['name']}": each for each in found}
        self.commands = tomllib.loads((self.project.folder / "container.toml").read_text())

    def spec(self, name: str) -> dict[str, Any]:
        spec = self.objects[name]["spec"]
        template = spec.get("template") or spec["jobTemplate"]["spec"]["template"]
        pod: dict[str, Any] = template["spec"]
        return pod

    def environment(self, container: dict[str, Any]) -> dict[str, str]:
        """Return the variables that the container has, and those of the image."""
        env = {"PATH": os.environ["PATH"], "ENVIRONMENT": "production", "HOME": str(self.work)}
        env |= {"RAW_RUNS_DIR": str(self.work / "raw"), "DEV_FOLDER": str(self.work / "dev")}
        for source in container["envFrom"]:
            name = source.get("configMapRef", source.get("secretRef"))["name"]
            env |= self.objects.get(f"ConfigMap {name}", {}).get("data", {})
            env |= self.objects.get(f"Secret {name}", {}).get("stringData", {})
        for variable in container["env"]:
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            env[variable["name"]] = (
                self.objects[f"Secret {reference['name']}"]["stringData"][reference["key"]]
                if reference
                else variable["value"]
            )
        assert env["TEMPORAL_ADDRESS"] == f"{SLUG}-temporal:7233"
        assert f"@{SLUG}-postgres:5432/app" in env["DATABASE_URL"]
        env["TEMPORAL_ADDRESS"] = self.temporal
        env["DATABASE_URL"] = env["DATABASE_URL"].replace(f"{SLUG}-postgres:5432", self.database)
        return env

    def start(self, name: str, **env: str) -> subprocess.Popen[str]:
        """Start the one container of a workload, by the image's table of commands."""
        [container] = self.spec(name)["containers"]
        word, *rest = container["args"]
        return subprocess.Popen(
            [sys.executable, *self.commands[word]["run"], *rest],
            cwd=self.project.folder,
            env=self.environment(container) | env,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def done(self, name: str) -> None:
        """Run a Job to its end."""
        process = self.start(name)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, out + err


def answer(port: int, probe: dict[str, Any]) -> int:
    """Ask as the kubelet does; 0: nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{probe['httpGet']['path']}", timeout=5) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.fixture(scope="module")
def pods(full: Rendered, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    work, port = tmp_path_factory.mktemp("work"), free_port()
    words = ["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    with (
        postgres() as url,
        subprocess.Popen([Path(sys.executable).with_name("temporal"), *words], stdout=subprocess.DEVNULL) as server,
    ):
        try:
            address = url.partition("@")[2].partition("/")[0]
            made = Pods(full, address, f"127.0.0.1:{port}", work)
            secret = made.objects[f"Secret {SLUG}-postgres"]["stringData"]
            env = {"APP_PASSWORD": secret["APP_PASSWORD"], "TEMPORAL_PASSWORD": secret["TEMPORAL_PASSWORD"]}
            command = [
                str(binaries() / "psql"),
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                url,
                "-f",
                str(FILES / "roles.sql"),
            ]
            subprocess.run(command, env=os.environ | env, check=True)
            yield made
        finally:
            server.terminate()


def test_pods_wait_for_the_jobs_and_serve_after_them(pods: Pods) -> None:
    """An API that starts before the migration is alive and not ready; both are ready when the Jobs are done."""
    ports = {"api": free_port(), "worker": free_port()}
    api, worker = f"Deployment {SLUG}-api", f"Deployment {SLUG}-worker"
    started = {
        api: pods.start(api, UVICORN_PORT=str(ports["api"])),
        worker: pods.start(worker, WORKER_HEALTH_PORT=str(ports["worker"])),
    }
    try:
        probes = {name: pods.spec(name)["containers"][0] for name in started}
        wait(lambda: answer(ports["api"], probes[api]["livenessProbe"]) == 200, started[api])
        assert answer(ports["api"], probes[api]["readinessProbe"]) == 503
        pods.done(f"Job {SLUG}-migrate-0-1-0")
        pods.done(f"Job {SLUG}-setup-0-1-0")
        for name, port in ((api, ports["api"]), (worker, ports["worker"])):
            wait(lambda name=name, port=port: answer(port, probes[name]["readinessProbe"]) == 200, started[name])
            assert answer(port, probes[name]["livenessProbe"]) == 200
        # Safe to repeat, as `kubectl apply` of the same version does.
        pods.done(f"Job {SLUG}-migrate-0-1-0")
        pods.done(f"Job {SLUG}-setup-0-1-0")
        pods.done(f"CronJob {SLUG}-report")
        for name, process in started.items():
            process.send_signal(signal.SIGTERM)
            # uvicorn ends itself by the signal when all is done.
            assert process.wait(pods.spec(name)["terminationGracePeriodSeconds"]) in (0, -signal.SIGTERM), name
    finally:
        for process in started.values():
            process.kill()
            process.communicate()


def wait(for_what: Any, process: subprocess.Popen[str]) -> None:
    """Wait until something is so, while the process lives."""
    end = time.monotonic() + PATIENCE
    while not for_what():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.2)
