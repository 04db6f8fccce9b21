"""Whether the manifests of k8s/ fit together: no schema sees a name that leads nowhere. No cluster, no Helm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from charts.manifests import documents
from charts.project import MANIFESTS

Object = dict[str, Any]
_POD_PATHS = (("spec", "template"), ("spec", "jobTemplate", "spec", "template"))


def faults() -> list[str]:
    """Return a sentence for each thing that does not fit.

    Raises:
        ChartError: a file is not valid YAML.
    """
    files = {path.name: documents(path) for path in sorted(MANIFESTS.glob("*.yml"))}
    kustomization = files.pop("kustomization.yml", [{}])[0]
    files.pop("secret.yml", None)
    return [
        *_kustomization(kustomization, set(files) - {"secret.example.yml"}),
        *_Cluster(files).faults(),
    ]


def plain_files() -> list[str]:
    """Return the files whose kinds are Kubernetes' own: no kustomize, no operators."""
    own = re.compile(r"v\d+|(apps|batch|autoscaling|policy)/v\d+|[a-z.]+\.k8s\.io/v\d+")
    return [
        f"k8s/{path.name}"
        for path in sorted(MANIFESTS.glob("*.yml"))
        if all(own.fullmatch(each["apiVersion"]) for each in documents(path))
    ]


def _kustomization(kustomization: Object, files: set[str]) -> Iterator[str]:
    listed = set(kustomization.get("resources", []))
    for name in sorted(files ^ listed):
        why = "is not there" if name in listed else "is not in its resources, so `kubectl apply -k` leaves it out"
        yield f"kustomization.yml: {name} {why}."


class _Cluster:
    """The objects of all files, as the cluster would have them."""

    def __init__(self, files: dict[str, list[Object]]) -> None:
        self.found: dict[tuple[str, str], Object] = {}
        self.twice: list[str] = []
        for name, objects in files.items():
            for each in objects:
                key = (each["kind"], each["metadata"]["name"])
                if key in self.found:
                    self.twice.append(f"{name}: {' '.join(key)} is there twice.")
                self.found[key] = each
        self.pods = {key: pod for key, each in self.found.items() if (pod := _pod(each))}

    def faults(self) -> Iterator[str]:
        yield from self.twice
        for key, pod in self.pods.items():
            for fault in (*self._selector(key, pod), *self._references(pod), *_images(pod)):
                yield f"{' '.join(key)}: {fault}"
        for key, each in self.found.items():
            check = getattr(self, f"_check_{key[0].lower()}", None)
            for fault in check(each) if check else ():
                yield f"{' '.join(key)}: {fault}"

    def _selector(self, key: tuple[str, str], pod: Object) -> Iterator[str]:
        selector = self.found[key]["spec"].get("selector", {}).get("matchLabels", {})
        if not selector.items() <= pod["metadata"]["labels"].items():
            yield "its selector does not match its own pods."

    def _references(self, pod: Object) -> Iterator[str]:
        for kind, name, key in _wanted(pod["spec"]):
            target = self.found.get((kind, name))
            if target is None:
                yield f"names the {kind} {name}, which is in no file."
            elif key and key not in {**target.get("data", {}), **target.get("stringData", {})}:
                yield f"names {key} of the {kind} {name}, which has no such key."

    def _matching(self, labels: dict[str, str]) -> list[Object]:
        return [pod for pod in self.pods.values() if labels.items() <= pod["metadata"]["labels"].items()]

    def _check_service(self, service: Object) -> Iterator[str]:
        pods = self._matching(service["spec"]["selector"])
        if not pods:
            yield "selects no pod."
        for port in service["spec"]["ports"]:
            if pods and not any(port["targetPort"] in _ports(pod) for pod in pods):
                yield f"the pods have no port {port['targetPort']}."

    def _check_networkpolicy(self, policy: Object) -> Iterator[str]:
        pods = self._matching(policy["spec"]["podSelector"].get("matchLabels", {}))
        if not pods:
            yield "selects no pod."
        for rule in (*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])):
            for peer in (*rule.get("from", []), *rule.get("to", [])):
                if "podSelector" in peer and not self._matching(peer["podSelector"].get("matchLabels", {})):
                    yield f"names pods that are nowhere: {peer['podSelector']}."
            for port in rule.get("ports", []):
                named = isinstance(port["port"], str)
                if named and not any(port["port"] in _ports(pod) for pod in pods):
                    yield f"the pods have no port {port['port']}."

    def _check_poddisruptionbudget(self, budget: Object) -> Iterator[str]:
        if not self._matching(budget["spec"]["selector"]["matchLabels"]):
            yield "selects no pod."

    def _check_horizontalpodautoscaler(self, scaler: Object) -> Iterator[str]:
        target = scaler["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) not in self.found:
            yield f"scales the {target['kind']} {target['name']}, which is in no file."

    def _check_ingress(self, ingress: Object) -> Iterator[str]:
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = self.found.get(("Service", backend["name"]), {"spec": {"ports": []}})
                if backend["port"]["name"] not in {port["name"] for port in service["spec"]["ports"]}:
                    yield f"leads to {backend['name']}:{backend['port']['name']}, which no Service has."


def _pod(each: Object) -> Object | None:
    """Return the template of the pods that an object makes, if it makes any."""
    for path in _POD_PATHS:
        found: Any = each
        for step in path:
            found = found.get(step, {}) if isinstance(found, dict) else {}
        if found:
            return dict(found)
    return None


def _containers(pod: Object) -> list[Object]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def _ports(pod: Object) -> set[int | str]:
    ports = [port for container in _containers(pod["spec"]) for port in container.get("ports", [])]
    return {port["name"] for port in ports} | {port["containerPort"] for port in ports}


def _wanted(pod: Object) -> Iterator[tuple[str, str, str | None]]:
    """Give each object that a pod names: its kind, its name, and the key in it, if one is named."""
    yield "ServiceAccount", pod["serviceAccountName"], None
    for volume in pod.get("volumes", []):
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"], None
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"], None
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], None
    for container in _containers(pod):
        for source in container.get("envFrom", []):
            yield from (
                (kind, source[ref]["name"], None)
                for kind, ref in (("ConfigMap", "configMapRef"), ("Secret", "secretRef"))
                if ref in source
            )
        for variable in container.get("env", []):
            for kind, ref in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                if (source := variable.get("valueFrom", {}).get(ref)) and not source.get("optional"):
                    yield kind, source["name"], source["key"]


def _images(pod: Object) -> Iterator[str]:
    for container in _containers(pod["spec"]):
        tag = container["image"].rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            yield f"the image {container['image']} has no fixed tag."
