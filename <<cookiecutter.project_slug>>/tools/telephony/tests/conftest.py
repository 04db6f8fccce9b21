from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configuration.telephony import TelephonySettings

Make = Callable[..., TelephonySettings]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Settings that take nothing of the user's own, and write into a folder of the test."""
    for name in TelephonySettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def settings(**given: Any) -> TelephonySettings:
        return TelephonySettings(**{"_env_file": None, "dev_folder": tmp_path / "dev", **given})

    return settings
