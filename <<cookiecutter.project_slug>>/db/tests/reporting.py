"""The report's command, in a project of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from settings import ROOT


class Reporting:
    """A project of its own: runs the report's command, with flags that are always given."""

    def __init__(self, folder: Path, url: str, *flags: str) -> None:
        ignored = shutil.ignore_patterns("runs", "__pycache__")
        shutil.copytree(ROOT / ".raw/workflows", folder / ".raw/workflows", ignore=ignored)
        self.folder, self.dev, self.flags = folder, folder / "dev", flags
        settings = {"DATABASE_URL": url, "DEV_FOLDER": str(self.dev), "REPORT_EMAILS": "boss@example.com"}
        left = {name: value for name, value in os.environ.items() if name != "RAW_NETWORK_REPORT"}
        paths = {"PYTHONPATH": str(ROOT), "RAW_PROJECT_ROOT": str(folder), "ENV_FILE": str(folder / "none")}
        self.env = {**left, **settings, **paths, "REPORT_TIMEZONE": "Europe/Berlin"}

    async def run(self, *words: str) -> tuple[int, dict[str, Any], str]:
        command = [sys.executable, "-m", "raw_runtime", "run", "generate-report", "--json", *self.flags]
        done = await asyncio.to_thread(
            subprocess.run,
            [*command, *words],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, answer, done.stderr

    def mails(self) -> int:
        return len(list((self.dev / "outbox").glob("*.eml"))) if self.dev.exists() else 0

    def stored(self, key: str) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.dev / "storage/reports" / key / "report.json").read_text())
        return report
