"""The chart refuses wrong values with a message that names the key, and takes right ones where they belong."""

from __future__ import annotations

from functools import cache
from typing import Any

import helm_python as helm
import pytest
import yaml
from conftest import SLUG, Rendered

WRONG: list[tuple[str, str]] = [
    ("api: {replica: 3}", "replica"),
    ("api: {replicas: three}", "/api/replicas"),
    ("api: {replicas: 0}", "/api/replicas"),
    ("api: {autoscaling: {targetCPU: 700}}", "/api/autoscaling/targetCPU"),
    ("api: {publicUrl: 'https://hiring.example.com/api'}", "/api/publicUrl"),
    ("api: {ingress: {host: localhost}}", "/api/ingress/host"),
    ("api: {ingress: {paths: [webhooks]}}", "/api/ingress/paths/0"),
    ("api: {service: {type: Clusterip}}", "/api/service/type"),
    ("worker: {graceSeconds: 30s}", "/worker/graceSeconds"),
    ("worker: {resources: {limits: {memory: 1GB}}}", "/worker/resources/limits/memory"),
    ("worker: {resources: {limit: {memory: 1Gi}}}", "limit"),
    ("worker: {keda: {enabled: 'yes'}}", "/worker/keda/enabled"),
    ("report: {date: tomorrow}", "/report/date"),
    ("report: {schedule: daily}", "/report/schedule"),
    ("postgresql: {image: 'postgres:latest'}", "/postgresql/image"),
    ("postgresql: {image: postgres}", "/postgresql/image"),
    ("postgresql: {storage: {size: 20GB}}", "/postgresql/storage/size"),
    ("postgresql: {backup: {keepDays: 0}}", "/postgresql/backup/keepDays"),
    ("temporal: {address: 'https://example.com:7233'}", "/temporal/address"),
    ("temporal: {historyShards: '512'}", "/temporal/historyShards"),
    ("image: {tag: latest}", "/image/tag"),
    ("settings: {LOG_LEVEL: 3}", "/settings/LOG_LEVEL"),
    ("settings: {log-level: INFO}", "log-level"),
    ("settings: {DATABASE_URL: 'postgresql://app:secret@host/app'}", "DATABASE_URL"),
    ("networkPolicy: {outsidePorts: [https]}", "/networkPolicy/outsidePorts/0"),
    ("imagePullSecrets: [my-registry]", "/imagePullSecrets/0"),
    ("postgres: {enabled: false}", "postgres"),
    ("postgresql: {enabled: false}", "externalDatabase.existingSecret must name the Secret that holds DATABASE_URL"),
    (
        "{postgresql: {enabled: false}, externalDatabase: {existingSecret: database}}",
        "temporal.database.host and temporal.database.existingSecret must name a PostgreSQL",
    ),
    ("temporal: {enabled: false}", "temporal.address must name the Temporal server as HOST:PORT"),
]


load = cache(lambda folder: helm.Chart.load(str(folder)))


def objects(rendered: Rendered, values: str, **release: Any) -> dict[str, dict[str, Any]]:
    """Render the chart; give its objects by `Kind name`."""
    texts = load(rendered.chart).render(yaml.safe_load(values) or {}, **{"name": SLUG, "namespace": SLUG, **release})
    found = [each for path, text in texts.items() if path.endswith("yaml") for each in yaml.safe_load_all(text) if each]
    return {f"{each['kind']} {each['metadata']['name']}": each for each in found}


def container(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the first container of a workload."""
    first: dict[str, Any] = found[name]["spec"]["template"]["spec"]["containers"][0]
    return first


@pytest.mark.parametrize(("values", "named"), WRONG, ids=[values for values, _ in WRONG])
def test_refused_by_name(full: Rendered, values: str, named: str) -> None:
    with pytest.raises(helm.HelmError) as refused:
        objects(full, values)
    assert named in str(refused.value)


def test_what_a_shape_lacks_is_refused(shapes: dict[str, Rendered]) -> None:
    with pytest.raises(helm.HelmError, match="api"):
        objects(shapes["temporal"], "api: {replicas: 2}")
    with pytest.raises(helm.HelmError, match="worker"):
        objects(shapes["single"], "worker: {replicas: 2}")


def test_secrets_come_by_reference_only(full: Rendered) -> None:
    """Under every values profile: no Secret is made, and names of existing ones go where they belong."""
    for profile in (None, *sorted(full.chart.glob("values-*.yaml"))):
        assert not [
            name for name in objects(full, profile.read_text() if profile else "") if name.startswith("Secret ")
        ]
    found = objects(
        full,
        "secrets: {existingSecret: own-secrets}\n"
        "postgresql: {existingSecret: own-postgres, backup: {existingSecret: own-keys}}",
    )
    worker = container(found, f"Deployment {SLUG}-worker")
    assert {"secretRef": {"name": "own-secrets"}} in worker["envFrom"]
    assert worker["env"][0]["valueFrom"]["secretKeyRef"] == {"name": "own-postgres", "key": "DATABASE_URL"}
    assert "own-keys" in str(found[f"CronJob {SLUG}-backup"])


def test_an_upgrade_migrates_before_anything_else(full: Rendered) -> None:
    """At first install the Job is a plain object; an upgrade has it as a hook that must end before pods are changed."""
    name = f"Job {SLUG}-migrate-0-1-0"
    assert "annotations" not in objects(full, "")[name]["metadata"]
    upgrade = objects(full, "", is_upgrade=True, is_install=False, revision=7)
    # A Job cannot be changed, and this one is no hook.
    assert f"Job {SLUG}-namespace-1-32-0-7" in upgrade
    order = {
        job: int(each["metadata"]["annotations"]["helm.sh/hook-weight"])
        for job, each in upgrade.items()
        if each["metadata"].get("annotations", {}).get("helm.sh/hook") == "pre-upgrade"
    }
    assert sorted(order, key=lambda job: order[job]) == [
        f"Job {SLUG}-temporal-schema-1-32-0",
        name,
        f"Job {SLUG}-setup-0-1-0",
    ]


def test_pods_have_time_to_end(full: Rendered) -> None:
    """A worker needs its grace, ten seconds for cancelled activities, and five; a pod that is killed loses work."""
    found = objects(full, "worker: {graceSeconds: 120}\napi: {shutdownSeconds: 25}")
    assert found[f"ConfigMap {SLUG}-config"]["data"]["WORKER_GRACE_SECONDS"] == "120"
    assert found[f"Deployment {SLUG}-worker"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 120 + 15
    api = found[f"Deployment {SLUG}-api"]["spec"]["template"]["spec"]
    assert {"name": "SHUTDOWN_SECONDS", "value": "25"} in api["containers"][0]["env"]
    assert api["terminationGracePeriodSeconds"] > 25 + api["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]


def test_changed_settings_bring_new_pods(full: Rendered) -> None:
    """A pod reads its settings once."""
    worker = f"Deployment {SLUG}-worker"
    pods = [objects(full, text)[worker]["spec"]["template"] for text in ("", "settings: {LOG_LEVEL: DEBUG}")]
    sums = {pod["metadata"]["annotations"]["checksum/settings"] for pod in pods}
    assert len(sums) == 2


def test_managed_services_by_one_switch_each(full: Rendered) -> None:
    found = objects(
        full,
        "postgresql: {enabled: false}\n"
        "externalDatabase: {existingSecret: database, port: 6432, networks: [10.1.0.0/16]}\n"
        "temporal: {enabled: false, address: 'x.example.com:7233', namespace: a.b, "
        "tls: {enabled: true, existingSecret: mtls}}",
    )
    assert not [name for name in found if "postgres" in name and not name.startswith("NetworkPolicy")]
    assert not [name for name in found if "temporal" in name and not name.startswith("NetworkPolicy")]
    worker = container(found, f"Deployment {SLUG}-worker")
    assert worker["env"][0]["valueFrom"]["secretKeyRef"] == {"name": "database", "key": "DATABASE_URL"}
    assert {"name": "temporal-tls", "mountPath": "/etc/temporal-tls", "readOnly": True} in worker["volumeMounts"]
    data = found[f"ConfigMap {SLUG}-config"]["data"]
    assert data["TEMPORAL_ADDRESS"] == "x.example.com:7233"
    assert data["TEMPORAL_TLS_CLIENT_KEY_PATH"] == "/etc/temporal-tls/tls.key"
    [flow] = found[f"NetworkPolicy {SLUG}-reaches-postgres"]["spec"]["egress"]
    assert flow == {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": 6432, "protocol": "TCP"}]}


def test_names_stay_short_enough(full: Rendered) -> None:
    """With the longest slug and version that are allowed, every name is a valid one: 63 characters, a CronJob's 52."""
    long = "a" * 40
    for name in objects(full, f"fullnameOverride: {long}\nimage: {{tag: 10.20.30-rc.100}}"):
        kind, own = name.split()
        assert len(own) <= (52 if kind == "CronJob" else 63), name
        assert not own.endswith("-")


def test_no_pod_reaches_more_than_it_needs(full: Rendered) -> None:
    """Flows are labels: each pod asks for its own, and the default is none."""
    found = objects(full, "")
    flows = {}
    for name, each in found.items():
        spec = each.get("spec", {})
        template = spec.get("template") or spec.get("jobTemplate", {}).get("spec", {}).get("template")
        if template:
            labels = template["metadata"]["labels"]
            flows[name.split(f"{SLUG}-")[1]] = {key.removeprefix("reaches-") for key in labels if "reaches" in key}
    assert flows == {
        "api": {"postgres", "temporal", "outside"},
        "worker": {"postgres", "temporal", "outside"},
        "migrate-0-1-0": {"postgres"},
        "setup-0-1-0": {"postgres", "temporal"},
        "report": {"postgres", "outside"},
        "postgres": set(),
        "backup": {"postgres", "outside"},
        "restore": {"postgres", "outside"},
        "temporal": {"postgres", "temporal"},
        "temporal-ui": {"temporal"},
        "temporal-schema-1-32-0": {"postgres"},
        "namespace-1-32-0": {"temporal"},
    }
    assert found[f"NetworkPolicy {SLUG}-default-deny"]["spec"].keys() == {"podSelector", "policyTypes"}


def test_objects_of_operators_name_what_is_there(full: Rendered) -> None:
    """KEDA, and the Prometheus operator: no schema of theirs is here, so what they point at is looked up."""
    found = objects(full, (full.chart / "values-cloud.yaml").read_text())
    scaled = found[f"ScaledObject {SLUG}-worker"]["spec"]
    worker = found[f"Deployment {scaled['scaleTargetRef']['name']}"]
    assert "replicas" not in worker["spec"]
    assert f"HorizontalPodAutoscaler {SLUG}-worker" not in found
    data = found[f"ConfigMap {SLUG}-config"]["data"]
    trigger = scaled["triggers"][0]["metadata"]
    assert trigger["endpoint"] == data["TEMPORAL_ADDRESS"]
    assert trigger["namespace"] == data["TEMPORAL_NAMESPACE"]
    assert trigger["taskQueue"] == data["TEMPORAL_TASK_QUEUE"]
    login = found[f"TriggerAuthentication {scaled['triggers'][0]['authenticationRef']['name']}"]["spec"]
    assert login["secretTargetRef"] == [{"parameter": "apiKey", "name": "temporal", "key": "TEMPORAL_API_KEY"}]

    found = objects(full, (full.chart / "values-production.yaml").read_text())
    monitor = found[f"ServiceMonitor {SLUG}"]["spec"]
    assert found[f"ServiceMonitor {SLUG}"]["metadata"]["labels"]["release"] == "prometheus"
    [component] = monitor["selector"]["matchExpressions"]
    read = set()
    for each in found.values():
        labels = each["metadata"]["labels"]
        own = labels["app.kubernetes.io/component"]
        if each["kind"] == "Service" and monitor["selector"]["matchLabels"].items() <= labels.items():
            ports = {port["name"] for port in each["spec"]["ports"]} & {end["port"] for end in monitor["endpoints"]}
            read |= {(own, port) for port in ports if own in component["values"]}
    assert read == {("api", "http"), ("worker", "metrics"), ("temporal", "metrics")}


def test_a_replicated_temporal_is_not_emptied_at_once(full: Rendered) -> None:
    assert f"PodDisruptionBudget {SLUG}-temporal" not in objects(full, "")
    assert f"PodDisruptionBudget {SLUG}-temporal" in objects(full, "temporal: {replicas: 2}")


def test_where_pods_run_and_what_they_are_given(full: Rendered) -> None:
    """For all pods, and for one component instead."""
    found = objects(
        full,
        """
        imagePullSecrets: [{name: registry}]
        priorityClassName: high
        podAnnotations: {team: people}
        nodeSelector: {disk: ssd}
        tolerations: [{key: spot, operator: Exists}]
        affinity: {nodeAffinity: {}}
        extraEnv: [{name: LLM_MODEL, value: openai:gpt-5-mini}]
        extraEnvFrom: [{secretRef: {name: more}}]
        worker:
          nodeSelector: {pool: workers}
          topologySpreadConstraints: [{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]
        """,
    )
    api = found[f"Deployment {SLUG}-api"]["spec"]["template"]
    worker = found[f"Deployment {SLUG}-worker"]["spec"]["template"]
    for pod in (api, worker):
        assert pod["metadata"]["annotations"]["team"] == "people"
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
        assert pod["spec"]["priorityClassName"] == "high"
        assert pod["spec"]["tolerations"] == [{"key": "spot", "operator": "Exists"}]
        assert pod["spec"]["affinity"] == {"nodeAffinity": {}}
        assert {"name": "LLM_MODEL", "value": "openai:gpt-5-mini"} in pod["spec"]["containers"][0]["env"]
        assert {"secretRef": {"name": "more"}} in pod["spec"]["containers"][0]["envFrom"]
    assert api["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert worker["spec"]["nodeSelector"] == {"pool": "workers"}
    assert [each["topologyKey"] for each in worker["spec"]["topologySpreadConstraints"]] == ["zone"]
    assert len(api["spec"]["topologySpreadConstraints"]) == 2
