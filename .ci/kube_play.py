"""What .ci/kube-play does inside: Podman plays the manifests of a rendered project, and the demo runs against the pods.

The manifests are played as they are, but for what Podman cannot take; each deviation is told as it is made.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from kube_podman import NETWORK, Podman

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


def objects(text: str) -> list[dict[str, Any]]:
    """Return the objects of a file."""
    return [item for item in yaml.safe_load_all(text) if item]


def own_claims(text: str) -> str:
    """Return a file whose PersistentVolumeClaims name the group that its pods' fsGroup gives volumes to."""
    parts = list(yaml.safe_load_all(text))
    groups = [
        part["spec"]["template"]["spec"]["securityContext"]["fsGroup"] for part in parts if part["kind"] in WORKLOADS
    ]
    for part in parts:
        if part["kind"] == "PersistentVolumeClaim":
            part["metadata"]["annotations"] = {
                "volume.podman.io/gid": str(groups[0]),
                "volume.podman.io/uid": str(groups[0]),
            }
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
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - a pod's address
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
        # The name of the Service of each component.
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
        aliases: set[str] = set()
        for item in objects(text):
            if item["kind"] in WORKLOADS:
                self.workloads[item["metadata"]["name"]] = item
                component = item["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
                aliases.update(name for which, name in self.services.items() if which == component)
        if "kind: StatefulSet\n" in text:
            say(f"{file}: its StatefulSet is played as a Deployment, which Podman has")
            text = text.replace("kind: StatefulSet\n", "kind: Deployment\n")
            text = own_claims(text)
            say(f"{file}: the claim names its owner for Podman, which does not do what fsGroup says")
        network = NETWORK + "".join(f":alias={name}" for name in sorted(aliases))
        self.podman("kube", "play", "--configmap", "/k8s/config.yml", "--network", network, "-", given=text)
        say(
            f"{file} is played"
            + (f"; Service {', '.join(sorted(aliases))} is a name in the network" if aliases else "")
        )

    def play_cronjob(self, file: str) -> None:
        """Play the Job of a CronJob at once, and wait for its end."""
        [cron] = objects((self.project / "k8s" / file).read_text(encoding="utf-8"))
        say(f"{file}: Podman has no CronJob; its Job is played, once")
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": cron["metadata"],
            "spec": cron["spec"]["jobTemplate"]["spec"],
        }
        self.podman(
            "kube", "play", "--configmap", "/k8s/config.yml", "--network", NETWORK, "-", given=yaml.safe_dump(job)
        )
        self.workloads[cron["metadata"]["name"]] = job
        wait(
            {name: is_so for name, is_so in self.conditions() if name.startswith(f"{cron['metadata']['name']}-pod-")},
            60,
        )

    def containers(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """Yield each workload's kind, pod, container and the container as the manifest has it."""
        for name, item in self.workloads.items():
            for container in item["spec"]["template"]["spec"]["containers"]:
                yield item["kind"], f"{name}-pod", f"{name}-pod-{container['name']}", container

    def conditions(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """Yield what must come true: Jobs end, and the others' readiness probes succeed."""
        for kind, pod, name, container in self.containers():
            if kind == "Job":
                yield f"{name}: ended, exit code 0", partial(self._ended, name)
                continue
            probe = container["readinessProbe"]
            if "exec" in probe:
                words = ("exec", name, *map(str, probe["exec"]["command"]))
                yield f"{name}: ready by its probe, {' '.join(words[2:])}", partial(self.podman.runs, *words)
            else:
                url = self.url(pod, container, probe["httpGet"]["port"]) + probe["httpGet"]["path"]
                yield f"{name}: ready by its probe, GET {url}", partial(answers, url)

    def url(self, pod: str, container: Mapping[str, Any], port: str) -> str:
        """Return where a pod's named port is."""
        [number] = [item["containerPort"] for item in container["ports"] if item["name"] == port]
        return f"http://{self.podman.pod_address(pod)}:{number}"

    def _ended(self, name: str) -> bool:
        state = self.podman.inspect(name)["State"]
        return (state["Status"], state["ExitCode"]) == ("exited", 0)

    def hardened(self) -> None:
        """Tell as whom each container that stays runs, by the kernel's word.

        Raises:
            SystemExit: one runs as root, with a capability, without seccomp, or could gain rights or write to its root.
        """
        for kind, _, name, _ in self.containers():
            if kind == "Job":
                continue
            known = self.podman.inspect(name)
            lines = (line.split(":", 1) for line in self.podman("exec", name, "cat", "/proc/1/status").splitlines())
            status = {key: value.split() for key, value in lines}
            seen = {
                "user": status["Uid"][0],
                "capabilities": status["CapBnd"][0].lstrip("0") or "0",
                "no_new_privileges": status["NoNewPrivs"][0],
                "seccomp": status["Seccomp"][0],
                "read_only": known["HostConfig"]["ReadonlyRootfs"],
            }
            say(f"{name}: {', '.join(f'{key} {value}' for key, value in seen.items())}")
            if seen.pop("user") == "0" or [*seen.values()] != ["0", "1", "2", True]:
                raise SystemExit(f"{name} does not run as its manifest says.")

    def stop(self) -> None:
        """Stop the pods as a cluster does: by SIGTERM, with the manifests' time to end, the database last.

        Raises:
            SystemExit: a container was killed, or ended otherwise than well.
        """
        # Not `pod stop`: that takes a pod's network away while its containers still end.
        running = [name for kind, _, name, _ in self.containers() if kind != "Job"]
        for name in sorted(running, key=lambda name: "postgres" in name):
            started = time.monotonic()
            self.podman("stop", name)
            code = self.podman.inspect(name)["State"]["ExitCode"]
            say(f"{name}: ended by SIGTERM in {time.monotonic() - started:.1f} s, exit code {code}")
            # Uvicorn ends by the signal itself once all is closed: 128 + 15. A container that was killed has 137.
            if code not in (0, 143):
                raise SystemExit(f"{name} did not end well.")

    def logs(self) -> None:
        """Print the last lines of each container."""
        for _, _, name, _ in self.containers():
            print(f"== {name}", self.podman("logs", "--tail", "20", name, both=True), sep="\n")


def main(project: Path, root: Path, pid: str) -> None:
    """Play everything, and the demo.

    Raises:
        SystemExit: something did not come up, the demo failed, or something did not end well.
    """
    podman = Podman(pid)
    (root / "k8s").mkdir()
    podman("network", "create", NETWORK)
    cluster = Cluster(podman, project, root / "k8s")
    python = project / ".venv/bin/python"
    secrets = subprocess.run(
        [python, "-m", "charts", "secrets"], cwd=project, capture_output=True, text=True, check=True
    ).stdout
    secrets = secrets.replace('SMTP_URL: ""', "SMTP_URL: smtp://mail:1025")
    lines = subprocess.run(
        [python, "-m", "workflows.temporal.dev.clock"], cwd=project, capture_output=True, text=True, check=True
    ).stdout.split()
    clock = dict(line.split("=", 1) for line in lines)
    say(f"Secrets by `python -m charts secrets`, with SMTP_URL; settings: those of config.yml, and {', '.join(clock)}")
    cluster.configure(secrets, clock)

    temporal = cluster.services["temporal"]
    played = {
        *FILES,
        "config.yml",
        "cronjob.yml",
        "service.yml",
        "temporal.yml",
        "kustomization.yml",
        "secret.example.yml",
    }
    left = sorted({file.name for file in (project / "k8s").glob("*.yml")} - played)
    say(f"Podman has nothing for {', '.join(left)}; limits of cpu and memory are not set, since cgroups are off")
    say(f"temporal.yml is not played: Temporal's development server stands in, and has the name of Service {temporal}")
    stand_in = ("run", "--detach", "--network", f"{NETWORK}:alias={temporal}", "temporalio/temporal:1.9.1", *STAND_IN)
    podman(*stand_in)
    podman("run", "--detach", "--name", "mail", "--network", f"{NETWORK}:alias=mail", "maildev/maildev:3.0.0")
    try:
        for file in FILES:
            cluster.play(file)
        wait(dict(cluster.conditions()), START_SECONDS)
        cluster.hardened()

        values: dict[str, str] = objects(secrets)[0]["stringData"]
        env = {**os.environ, **clock, **{key: values[key] for key in ("API_KEYS", "WEBHOOK_SECRETS")}}
        [api] = [cluster.url(pod, item, "http") for _, pod, name, item in cluster.containers() if item["name"] == "api"]
        mails = f"http://{podman.address('mail')}:1080"
        words = ("-m", "workflows.temporal", "demo", "--against", api, "--mails", mails)
        say(f"python {' '.join(words)}")
        if subprocess.run([python, *words], cwd=project, env=env, timeout=DEMO_SECONDS, check=False).returncode:
            raise SystemExit("The demo failed.")
        if (project / "k8s/cronjob.yml").exists():
            cluster.play_cronjob("cronjob.yml")
        cluster.stop()
    except (SystemExit, subprocess.TimeoutExpired):
        cluster.logs()
        raise


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
