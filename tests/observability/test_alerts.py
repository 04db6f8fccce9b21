"""Prometheus itself reads the rules and its configuration, and says which alerts fire on invented figures."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import SOURCE

ALERTS = SOURCE / "observability/alerts"
SLOTS = 'temporal_worker_task_slots_available{worker_type="ActivityWorker",pod="%s"}'
WAITS = 'temporal_workflow_task_schedule_to_start_latency_bucket{le="%s"}'
SLOW = 'http_request_duration_seconds_bucket{route="/webhooks/submit",le="%s"}'

# What must be quiet, whatever fires elsewhere.
WELL = {
    'temporal_num_pollers{poller_type="workflow_task"}': "3x60",
    SLOTS % "a": "50x60",
    'temporal_activity_execution_latency_count{activity_type="send_mail"}': "0+10x60",
    'temporal_activity_execution_failed{activity_type="send_mail"}': "0+1x60",
    'processes_ended_total{process="a",status="failed"}': "0x60",
    'processes_ended_total{process="a",status="completed"}': "0+1x60",
    "database_up": "1x60",
    "outbox_oldest_pending_seconds": "2x60",
    'outbox_entries{status="parked"}': "0x60",
    'submission_runs_total{outcome="failed"}': "0x60",
    'http_requests_total{route="/webhooks/submit",status="202"}': "0+100x60",
}
# The alert, what has to be different for it, and whether it is one of the API's.
BAD: list[tuple[str, str, dict[str, str | None]]] = [
    ("worker", "NobodyPolls", {'temporal_num_pollers{poller_type="workflow_task"}': "3x10 _x50"}),
    ("worker", "NobodyPolls", {'temporal_num_pollers{poller_type="workflow_task"}': "3x10 0x50"}),
    ("worker", "NobodyPolls", {'temporal_num_pollers{poller_type="workflow_task"}': None}),
    ("worker", "NoFreeSlots", {SLOTS % "a": "0x60", SLOTS % "b": "0x60"}),
    ("worker", "TasksWait", {WAITS % "5": "0+1x60", WAITS % "10": "0+10x60", WAITS % "+Inf": "0+10x60"}),
    ("worker", "WorkflowTasksFail", {'temporal_workflow_task_execution_failed{workflow_type="X"}': "0+1x60"}),
    ("worker", "ActivitiesFail", {'temporal_activity_execution_failed{activity_type="send_mail"}': "0+8x60"}),
    ("worker", "ProcessesFail", {'processes_ended_total{process="a",status="failed"}': "0x50 1x10"}),
    ("worker", "ProcessesFail", {"temporal_workflow_failed": "0x50 1x10"}),
    ("api", "ApiAway", {"database_up": "1x10 _x50"}),
    ("api", "DatabaseAway", {"database_up": "1x50 0x10"}),
    ("api", "ServerErrors", {'http_requests_total{route="/webhooks/submit",status="503"}': "0+2x60"}),
    ("api", "WebhooksSlow", {SLOW % "2.5": "0+97x60", SLOW % "5": "0+100x60", SLOW % "+Inf": "0+100x60"}),
    ("api", "OutboxOld", {"outbox_oldest_pending_seconds": "0+30x60"}),
    ("api", "OutboxParked", {'outbox_entries{status="parked"}': "0x50 1x10"}),
    ("api", "SubmissionsFail", {'submission_runs_total{outcome="failed"}': "0x50 1x10"}),
]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def firing(promtool: str, folder: Path, part: str, changed: dict[str, str | None], expected: list[str]) -> str:
    """Return what promtool has to say against these alerts, and no others, firing after an hour; nothing if they do."""
    names = re.findall(r"alert: (\w+)", (ALERTS / f"{part}.yml").read_text())
    series = [{"series": name, "values": values} for name, values in {**WELL, **changed}.items() if values is not None]
    checks = [
        {
            "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
            "eval_time": "59m",
            "exp_samples": [{"labels": "{}", "value": int(name in expected)}],
        }
        for name in names
    ]
    test = {"interval": "1m", "input_series": series, "promql_expr_test": checks}
    given = {"rule_files": [str(ALERTS / f"{part}.yml")], "evaluation_interval": "1m", "tests": [test]}
    # JSON is YAML.
    (folder / "test.yml").write_text(json.dumps(given))
    done = run(promtool, "test", "rules", str(folder / "test.yml"))
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("part", ["worker", "api"])
def test_prometheus_reads_the_rules(promtool: str, part: str) -> None:
    done = run(promtool, "check", "rules", str(ALERTS / f"{part}.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("architecture", ["temporal", "full"])
def test_prometheus_reads_its_configuration(promtool: str, tmp_path: Path, architecture: str) -> None:
    text = (SOURCE / "observability/prometheus.yml").read_text()
    if architecture == "temporal":
        text = re.sub(r"<% if .*?<% endif %>\n", "", text, flags=re.DOTALL)
    text = re.sub(r"<%.*?%>\n", "", text).replace("/etc/prometheus/alerts", str(ALERTS))
    assert ("job_name: api" in text) == (architecture == "full")
    (tmp_path / "prometheus.yml").write_text(text)
    done = run(promtool, "check", "config", str(tmp_path / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", ["worker", "api"])
def test_nothing_fires_while_all_is_well(promtool: str, tmp_path: Path, part: str) -> None:
    assert firing(promtool, tmp_path, part, {}, []) == ""


@pytest.mark.parametrize(("part", "alert", "changed"), BAD)
def test_an_alert_fires_alone(
    promtool: str, tmp_path: Path, part: str, alert: str, changed: dict[str, str | None]
) -> None:
    assert firing(promtool, tmp_path, part, changed, [alert]) == ""


def test_every_alert_is_tried() -> None:
    every: list[Any] = [re.findall(r"alert: (\w+)", path.read_text()) for path in sorted(ALERTS.glob("*.yml"))]
    assert {name for names in every for name in names} == {alert for _, alert, _ in BAD}
