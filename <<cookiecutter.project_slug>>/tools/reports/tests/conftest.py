from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configuration.reports import ReportSettings
from tools import reports

Make = Callable[..., ReportSettings]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Settings that take nothing of the user's own, and write into a folder of the test."""
    for name in ReportSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)

    def settings(**given: Any) -> ReportSettings:
        return ReportSettings(**{"_env_file": None, "dev_folder": tmp_path / "dev", **given})

    return settings


def report(key: str = "2026-11-25", **changed: Any) -> reports.Report:
    """A small report."""
    return reports.Report(
        **{
            "key": key,
            "title": "Orders, 25 November 2026",
            "headline": "12 received, 3 delivered\n2 wait too long",
            "page": b"<!doctype html><title>Orders</title>",
            "data": b'{"received": 12}',
            **changed,
        }
    )
