"""Off, tracing is nothing: no import, no span, no field in the log."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from typing import Any

import pytest

import logs
import tracing
from configuration.tracing import TracingSettings
from raw_runtime.executors import make_executor
from settings import ROOT
from tracing.runs import traced

_MODULES = """
import sys
from workflows.temporal import process, registry, resources, target, by_hand
from workflows.temporal.activities import Activities
import tracing
from settings import get_settings
assert not tracing.configure(get_settings(), "worker")
assert tracing.temporal_plugins() == []
print(sorted(name for name in sys.modules if name.split(".")[0] == "opentelemetry"))
"""


def test_nothing_is_done() -> None:
    nothing_set: dict[str, Any] = {"_env_file": None, "otel_exporter_otlp_endpoint": None}
    assert not tracing.configure(TracingSettings(**nothing_set), "test")
    with tracing.span("x", kind="server", parent="y", attributes={"z": 1}) as span:
        span.rename("a")
        span.put({"b": 1})
        span.fail()
        assert tracing.traceparent() is None
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "said", None, None)
    assert "trace_id" not in json.loads(logs.JsonFormatter().format(record))
    executor = make_executor()
    assert traced(executor) is executor


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}]
)
def test_nothing_of_opentelemetry_is_imported(variables: dict[str, str]) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "ENV_FILE": "/nonexistent", **variables}
    done = subprocess.run(
        [sys.executable, "-c", _MODULES], env=env, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
