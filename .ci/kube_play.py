"""What .ci/kube-play does inside: Podman plays the manifests of a rendered project, and the demo runs against the pods.

The manifests are played as they are, but for what Podman cannot take; each deviation is told as it is made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

NETWORK = "cluster"
START_SECONDS = 180
DEMO_SECONDS = 180
STARTED = time.monotonic()
# The order does not matter, as it does not in a cluster: pods wait, or are started again, until all is there.
FILES = ("deployment.yml", "worker.yml", "migrate-job.yml", "postgres.yml")
WORKLOADS = ("Deployment", "StatefulSet", "Job")
STAND_IN = (
    *("server", "start-dev", "--ip", "0.0.0.0", "--namespace", "default", "--log-level", "warn"),  # noqa: S104 - in the pods' network
    *("--dynamic-config-value", "frontend.enableCancelWorkerPollsOnShutdown=true"),
)


def say(text: str) -> None:
    """Print a line with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:5.1f}s] {text}", flush=True)


class Podman:
    """Podman in its namespaces, which the process `pid` holds."""

    def __init__(self, pid: str) -> None:
        """Take the process."""
        self._enter = ("nsenter", "--target", pid, "--mount", "podman")

    def __call__(self, *words: str, given: str | None = None) -> str:
        """Run podman; return what it prints.

        Raises:
            SystemExit: it failed.
        """
        done = subprocess.run([*self._enter, *words], input=given, capture_output=True, text=True, timeout=150, check=False)
        if done.returncode:
            raise SystemExit(f"podman {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def runs(self, *words: str) -> bool:
        """Return whether podman runs this with exit code 0."""
        return subprocess.run([*self._enter, *words], capture_output=True, timeout=60, check=False).returncode == 0

    def inspect(self, name: str) -> dict[str, Any]:
        """Return what is known of a container."""
        found: dict[str, Any] = json.loads(self("container", "inspect", name))[0]
        return found

    def address(self, pod: str) -> str:
        """Return a pod's address in the pods' network."""
        infra = json.loads(self("pod", "inspect", pod))
        infra = (infra[0] if isinstance(infra, list) else infra)["InfraContainerID"]
        return str(self.inspect(infra)["NetworkSettings"]["Networks"][NETWORK]["IPAddress"])


def objects(text: str) -> list[dict[str, Any]]:
    """Return the objects of a file."""
    return [item for item in yaml.safe_load_all(text) if item]


def own_claims(text: str) -> str:
    """Return a file whose PersistentVolumeClaims name the group that its pods' fsGroup gives volumes to."""
    parts = list(yaml.safe_load_all(text))
    groups = [part["spec"]["template"]["spec"]["securityContext"]["fsGroup"] for part in parts if part["kind"] in WORKLOADS]
    for part in parts:
        if part["kind"] == "PersistentVolumeClaim":
            part["metadata"]["annotations"] = {"volume.podman.io/gid": str(groups[0]), "volume.podman.io/uid": str(groups[0])}
    return yaml.safe_dump_all(parts)


def wait(what: Mapping[str, Callable[[], bool]], seconds: float) -> None:
    """Wait until everything is so, and tell when.

    Raises:
        SystemExit: it is not, in time.
    """
    left = dict(what)
    end = time.monotonic() + seconds
    while left:
        for name in [name for name, is_so in left.items() if is_so()]:
            del left[name]
            say(name)
        if time.monotonic() > end:
            raise SystemExit(f"Not so after {seconds:.0f} s: {', '.join(left)}")
        time.sleep(0.5)


def answers(url: str) -> bool:
    """Return whether a GET is answered with success."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


class Cluster:
    """The manifests of a project, as Podman runs them."""

    def __init__(self, podman: Podman, project: Path, folder: Path) -> None:
        """Take the project, and a folder for copies that Podman sees as /k8s."""
        self.podman = podman
        self.project = project
        self._folder = folder
        self.services: dict[str, str] = {}
        self.workloads: dict[str, dict[str, Any]] = {}
        for file in sorted((project / "k8s").glob("*.yml")):
            for item in objects(file.read_text(encoding="utf-8")):
                if item["kind"] == "Service":
                    self.services[item["spec"]["selector"]["app.kubernetes.io/component"]] = item["metadata"]["name"]

    def configure(self, secrets: str, settings: Mapping[str, str]) -> None:
        """Bring the Secrets in, and the ConfigMap with more settings."""
        self.podman("kube", "play", "-", given=secrets)
        [config] = objects((self.project / "k8s/config.yml").read_text(encoding="utf-8"))
        config["data"].update(settings)
        (self._folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def play(self, file: str) -> None:
        """Play a file, with the ConfigMap, and its Services' names in the pods' network."""
        text = (self.project / "k8s" / file).read_text(encoding="utf-8")
        aliases = set()
        for item in objects(text):
            if item["kind"] in WORKLOADS:
                self.workloads[item["metadata"]["name"]] = item
                component = item["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
                aliases.update({self.services[component]} & {*self.services.values()} if component in self.services else ())
        if "kind: StatefulSet\n" in text:
            say(f"{file}: its StatefulSet is played as a Deployment, which Podman has")
            text = text.replace("kind: StatefulSet\n", "kind: Deployment\n")
            text = own_claims(text)
            say(f"{file}: the claim names its owner for Podman, which does not do what fsGroup says")
        network = NETWORK + "".join(f":alias={name}" for name in sorted(aliases))
        out = self.podman("kube", "play", "--configmap", "/k8s/config.yml", "--network", network, "-", given=text)
        say(f"{file} is played" + (f"; Service {', '.join(sorted(aliases))} is a name in the network" if aliases else ""))
        if os.environ.get("VERBOSE"):
            print(out)

    def containers(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """Yield each workload's kind, pod, container and the container as the manifest has it."""
        for name, item in self.workloads.items():
            for container in item["spec"]["template"]["spec"]["containers"]:
                yield item["kind"], f"{name}-pod", f"{name}-pod-{container['name']}", container

    def conditions(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """Yield what must come true: Jobs end, and the others' readiness probes succeed."""
        for kind, pod, name, container in self.containers():
            if kind == "Job":
                yield f"{name}: ended, exit code 0", lambda name=name: self._ended(name)
                continue
            probe = container["readinessProbe"]
            if "exec" in probe:
                words = ("exec", name, *map(str, probe["exec"]["command"]))
                yield f"{name}: ready by its probe", lambda words=words: self.podman.runs(*words)
            else:
                url = self.url(pod, container, probe["httpGet"]["port"]) + probe["httpGet"]["path"]
                yield f"{name}: ready by its probe", lambda url=url: answers(url)

    def url(self, pod: str, container: Mapping[str, Any], port: str) -> str:
        """Return where a pod's named port is."""
        [number] = [item["containerPort"] for item in container["ports"] if item["name"] == port]
        return f"http://{self.podman.address(pod)}:{number}"

    def _ended(self, name: str) -> bool:
        state = self.podman.inspect(name)["State"]
        return state["Status"] == "exited" and state["ExitCode"] == 0


if __name__ == "__main__":
    podman = Podman(sys.argv[3])
    project, root = Path(sys.argv[1]), Path(sys.argv[2])
    (root / "k8s").mkdir()
    podman("network", "create", NETWORK)
    say("temporal.yml: Temporal's development server (temporalio/temporal) stands in; Service hiring-system-temporal is its name")
    cluster = Cluster(podman, project, root / "k8s")
    podman("run", "--detach", "--name", "temporal", "--network", f"{NETWORK}:alias={cluster.services['temporal']}", "temporalio/temporal:1.9.1", *STAND_IN)
    podman("run", "--detach", "--name", "mail", "--network", f"{NETWORK}:alias=mail", "maildev/maildev:3.0.0")
    secrets = subprocess.run([project / ".venv/bin/python", "-m", "charts", "secrets"], cwd=project, capture_output=True, text=True, check=True).stdout
    secrets = secrets.replace('SMTP_URL: ""', "SMTP_URL: smtp://mail:1025")
    clock = objects((project / "docker-compose.demo.yml").read_text())[0]["x-clock"]["environment"]
    cluster.configure(secrets, clock)
    for file in FILES:
        cluster.play(file)
    print(podman("ps", "-a"))
    try:
        wait(dict(cluster.conditions()), 60)
    except SystemExit as e:
        print(e)
    print(podman("ps", "-a"))
    for _, _, name, _ in cluster.containers():
        print("==", name); sys.stdout.flush(); subprocess.run([*podman._enter, "logs", "--tail", "12", name])
