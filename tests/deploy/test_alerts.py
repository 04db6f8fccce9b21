"""The alert rules, by Prometheus' own tool: they load, they speak when they should, and are silent when all is well."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml
from conftest import SLUG, Rendered

NAMESPACE = f'namespace="{SLUG}"'

#: A series over half an hour, and the alert it must bring after twenty minutes; None: none.
GOOD = {"temporal_num_pollers": "5x30", "database_up": "1x30"}
CASES: list[tuple[dict[str, str], str | None]] = [
    ({**GOOD, "temporal_num_pollers": "0x30"}, "NobodyPolls"),
    ({"database_up": "1x30"}, "NobodyPolls"),
    ({**GOOD, "temporal_workflow_failed": "0+0x10 1x20"}, "ProcessesFail"),
    ({**GOOD, 'processes_ended_total{process="a",status="failed"}': "0+0x10 1x20"}, "ProcessesFail"),
    ({**GOOD, 'temporal_workflow_task_execution_failed{workflow_type="A"}': "0+1x30"}, "WorkflowTasksFail"),
    ({**GOOD, "outbox_oldest_pending_seconds": "0+60x30"}, "OutboxOld"),
    ({**GOOD, 'outbox_entries{status="parked"}': "1x30"}, "OutboxParked"),
    ({"temporal_num_pollers": "5x30"}, "ApiAway"),
    ({**GOOD, "database_up": "0x30"}, "DatabaseAway"),
    ({**GOOD, 'http_requests_total{status="500"}': "0+5x30"}, "ServerErrors"),
    (
        {
            **GOOD,
            "temporal_workflow_failed": "7x30",
            'temporal_workflow_task_execution_failed{workflow_type="A"}': "2x30",
            'processes_ended_total{process="a",status="failed"}': "2x30",
            'processes_ended_total{process="a",status="completed"}': "0+2x30",
            "outbox_oldest_pending_seconds": "3x30",
            'outbox_entries{status="pending"}': "40x30",
            'http_requests_total{status="202"}': "0+1000x30",
            'http_requests_total{status="503"}': "0+1x30",
        },
        None,
    ),
]


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    assert found, "promtool is not here; on Debian: apt-get install prometheus"
    return found


def rules(rendered: Rendered) -> dict[str, Any]:
    """Return what the Prometheus operator makes of the chart's PrometheusRule."""
    text = helm.Chart.load(str(rendered.chart)).render(
        {"monitoring": {"rules": {"enabled": True}}}, name=SLUG, namespace=SLUG
    )[f"{SLUG}/templates/monitoring.yaml"]
    [rule] = [each for each in yaml.safe_load_all(text) if each]
    spec: dict[str, Any] = rule["spec"]
    return spec


def test_the_rules_load(shapes: dict[str, Rendered], promtool: str, tmp_path: Path) -> None:
    for shape in ("full", "temporal"):
        path = tmp_path / f"{shape}.yml"
        path.write_text(yaml.safe_dump(rules(shapes[shape])))
        done = subprocess.run([promtool, "check", "rules", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "http_requests_total" not in (tmp_path / "temporal.yml").read_text()


@pytest.mark.parametrize(("series", "alert"), CASES, ids=[f"{i}-{alert}" for i, (_, alert) in enumerate(CASES)])
def test_who_is_woken(full: Rendered, promtool: str, tmp_path: Path, series: dict[str, str], alert: str | None) -> None:
    spec = rules(full)
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(spec))
    named = {each["alert"]: each for group in spec["groups"] for each in group["rules"]}
    assert alert is None or alert in named

    def expected(name: str) -> list[dict[str, Any]]:
        if name != alert:
            return []
        rule, labels = named[name], {"workflow_type": "A"} if name == "WorkflowTasksFail" else {}
        labels |= {"namespace": SLUG} if name == "ApiAway" else {}
        labels |= {"process": "a"} if name == "ProcessesFail" and any("ended_total" in each for each in series) else {}
        said = {key: text.replace("{{ $labels.workflow_type }}", "A") for key, text in rule["annotations"].items()}
        return [{"exp_labels": rule["labels"] | labels, "exp_annotations": said}]

    test = {
        "rule_files": ["rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": labelled(name), "values": values} for name, values in series.items()],
                "alert_rule_test": [
                    {"eval_time": "20m", "alertname": name, "exp_alerts": expected(name)} for name in named
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test))
    done = subprocess.run(
        [promtool, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def labelled(name: str) -> str:
    """Add the namespace that the operator's scrape adds."""
    base, brace, rest = name.partition("{")
    return f"{base}{{{NAMESPACE},{rest}" if brace else f"{base}{{{NAMESPACE}}}"
