from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from configuration.storage import StorageSettings
from tools.storage.tests.servers import RealS3, real_s3

Make = Callable[..., StorageSettings]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Settings that take nothing of the user's own, and write into a folder of the test."""
    for name in StorageSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)

    def settings(**given: Any) -> StorageSettings:
        return StorageSettings(**{"_env_file": None, "dev_folder": tmp_path / "dev", **given})

    return settings


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealS3]:
    """rclone's S3 server, with the bucket "reports"."""
    with real_s3(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def bucket(make: Make, s3: RealS3) -> StorageSettings:
    """Settings of a bucket of the real server, with a prefix of the test's own."""
    return make(**s3.settings(), s3_prefix=f"test/{os.urandom(4).hex()}")
