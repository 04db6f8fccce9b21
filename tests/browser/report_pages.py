"""Makes the pages that the browser opens: the real `raw run generate-report`, with three kinds of rows."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2] / "<<cookiecutter.project_slug>>"
# Tuesday after the clocks went forward in Berlin; the eight weeks before reach over two ends of a month.
NOW = dt.datetime(2024, 4, 2, 12, tzinfo=dt.UTC)
SCRIPT = "</td></svg><script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)>\"'&[/b]{{x}}"
HOSTILE = (
    SCRIPT,
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 4,
    "x" * 500,
    "Senior Principal Backend Engineer for Payments, Ledgers and Reconciliation (all genders) in Berlin or remote " * 3,
    "\u202eمهندس برمجيات أول\u202d " * 10,  # noqa: RUF001 - right to left, and turned around
    "首席后端工程师" * 30,
    "https://example.com/" + "a/" * 150,
    "👩\u200d💻" * 60,
    "<style>*{display:none}</style>",
    "",
)
STATUSES = ("received", "analysed", "awaiting_call", "awaiting_decision", "completed", "rejected", "no_show", "expired")


def hostile_rows(count: int = 500) -> list[dict[str, Any]]:
    """Return rows whose every text is long, strange, or wants to be markup; always the same ones."""
    chance = random.Random(500)
    rows = []
    for number in range(count):
        text = HOSTILE[number % len(HOSTILE)]
        created = NOW - dt.timedelta(hours=chance.uniform(0, 56 * 24))
        names = ("received", "analysed", "scheduled", "called", chance.choice(STATUSES), SCRIPT)
        times = sorted(created + (NOW - created) * chance.random() for _ in names)
        rows.append(
            {
                "id": f"{number}-{text}"[:400],
                "name": f"{text} {number}",
                "status": SCRIPT if number % 50 == 7 else chance.choice(STATUSES),
                "group": text,
                "created_at": created.isoformat(),
                "updated_at": times[-1].isoformat(),
                "events": [
                    {"at": at.isoformat(), "event": name}
                    for at, name in zip(times, names[: 1 + number % 6], strict=False)
                ],
            }
        )
    return rows


PARAMS: dict[str, dict[str, Any]] = {
    "sample": {"now": NOW.isoformat(), "date": "last-month"},
    "empty": {"now": NOW.isoformat(), "rows": []},
    "hostile": {
        "now": NOW.isoformat(),
        "start": "2024-03-01",
        "end": "2024-04-02",
        "timezone": "Europe/Berlin",
        "rows": hostile_rows(),
        "title": HOSTILE[1] + SCRIPT,
        "show_names": True,
    },
}


def make_page(folder: Path, kind: str) -> Path:
    """Run the workflow in a copy of the project without a database, and return the page that it saved."""
    root = folder / "project"
    if not root.exists():
        left_out = shutil.ignore_patterns("runs", "results", "_tools", "builds", "cache", "logs", "dev", "__pycache__")
        for part in (".raw", "tools"):
            shutil.copytree(PROJECT / part, root / part, ignore=left_out)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("RAW_", "DATABASE_", "REPORT_", "LLM_"))}
    done = subprocess.run(
        [sys.executable, "-m", "raw_runtime", "run", "generate-report", "--json", "--params", "-"],
        cwd=root,
        env=env | {"PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8"},
        input=json.dumps(PARAMS[kind]).encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    page = Path(json.loads(done.stdout)["run_dir"]) / "results" / "report.html"
    return page.rename(folder / f"{kind}.html")
