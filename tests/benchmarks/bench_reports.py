"""`raw run generate-report` over many entities on PostgreSQL: how long, how much memory, and how both grow.

`python tests/benchmarks/bench_reports.py [--entities N ...] [--runs N]`

Each is a submission, with eight events on the timeline and a text of 2 kB. The baseline is the same command without
a row: what Python, imports, the page and the files cost. A run is the whole command, started anew, with what it
publishes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "<<cookiecutter.project_slug>>"
sys.path[:0] = [str(HERE), str(SOURCE)]

import asyncpg  # noqa: E402
from local_postgres import postgres  # noqa: E402

from db import migrate  # noqa: E402
from settings import Settings  # noqa: E402

SECONDS, MEGABYTES, AT = 10.0, 300.0, 100_000

FILL = (
    "INSERT INTO entities (id, type) SELECT gen_random_uuid(), 'submission' FROM generate_series(1, {number})",
    """
    INSERT INTO submissions
        (id, form, email, text, status, result, error, attempts, next_attempt_at, created_at, updated_at)
    SELECT id, 'form ' || n % 12, 'a@example.com', repeat('0123456789', 200), status,
           CASE WHEN status = 'complete' THEN '{{}}'::json END, CASE WHEN status = 'failed' THEN 'No answer.' END, 1,
           CASE WHEN status = 'pending' THEN now() END,
           now() - n % 2000 * interval '1 hour' - interval '9 days', now() - n % 2000 * interval '1 hour'
    FROM (
        SELECT id, n, (ARRAY['complete', 'failed', 'complete', 'pending'])[n % 4 + 1] AS status
        FROM (SELECT id, row_number() OVER () AS n FROM entities) AS numbered
    ) AS rows
    """,
    """
    INSERT INTO timeline (id, entity_type, entity_id, at, event)
    SELECT gen_random_uuid(), 'submission', id, created_at + step * interval '1 day',
           CASE WHEN step < 7 THEN (ARRAY['received', 'started', 'given_back', 'started', 'given_back', 'started',
                                          'mail_sent'])[step + 1] ELSE status END
    FROM submissions, generate_series(0, 7) AS step
    """,
    "ANALYZE",
)


class Run(NamedTuple):
    """One command: seconds, and the most memory in MB that it took."""

    seconds: float
    megabytes: float


def report(url: str, folder: Path, rows: int) -> Run:
    """Run the command, and check that it reported on as many entities as there are."""
    env = {**os.environ, "DATABASE_URL": url, "DEV_FOLDER": str(folder / "dev"), "PYTHONPATH": str(SOURCE)}
    env |= {"ENV_FILE": os.devnull, "RAW_PROJECT_ROOT": str(folder)}
    command = [sys.executable, "-m", "raw_runtime", "run", "generate-report", "--entity=submission"]
    command += ["--date=last-month", "--json"]
    # A process between, whose children this run alone is: the system counts the largest of them.
    between = "import json,resource,subprocess,sys,time; at=time.perf_counter(); "
    between += "done=subprocess.run(sys.argv[1:],capture_output=True,text=True); spent=time.perf_counter()-at; "
    between += "peak=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss; "
    between += "print(json.dumps([done.returncode,done.stdout,done.stderr,spent,peak]))"
    done = subprocess.run(
        [sys.executable, "-c", between, *command], env=env, cwd=folder, capture_output=True, text=True, check=True
    )
    code, out, told, seconds, peak = json.loads(done.stdout)
    if code:
        raise SystemExit(f"the report failed: {told}")
    result = json.loads(out)["result"]
    assert (result["source"], result["totals"]["rows"]) == ("database", rows), result["totals"]
    return Run(seconds, peak / (1024 if sys.platform == "linux" else 1024**2))


async def fill(url: str, number: int) -> None:
    """Leave this many submissions in the database."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute("TRUNCATE entities CASCADE")
        for statement in FILL:
            await connection.execute(statement.format(number=number))
    finally:
        await connection.close()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="Reports over many entities, on PostgreSQL.")
    parser.add_argument("--entities", type=int, nargs="+", default=[10_000, AT])
    parser.add_argument("--runs", type=int, default=3, help="of each size; the median is shown, and the most memory")
    options = parser.parse_args()
    numbers = options.entities
    with tempfile.TemporaryDirectory(prefix="bench-reports-") as name, postgres() as url:
        folder = Path(name)
        (folder / ".raw").mkdir()
        (folder / ".raw/workflows").symlink_to(SOURCE / ".raw/workflows")
        asyncio.run(migrate.upgrade(Settings(_env_file=None, database_url=url)))  # type: ignore[call-arg]
        floor: Run | None = None
        print(f"\n{'entities':>10} {'events':>9} {'seconds':>8} {'MB':>6}   a thousand more, over none")
        for number in (0, *numbers):
            asyncio.run(fill(url, number))
            runs = [report(url, folder, number) for _ in range(options.runs)]
            best = Run(sorted(r.seconds for r in runs)[options.runs // 2], max(r.megabytes for r in runs))
            floor = floor or best
            more = [(b - f) / number * 1000 for b, f in zip(best, floor, strict=True)] if number else []
            grown = f"{more[0] * 1000:.0f} ms, {more[1] * 1000:.0f} kB" if more else "-"
            print(f"{number:>10} {8 * number:>9} {best.seconds:>8.2f} {best.megabytes:>6.0f}   {grown}")
            if number == AT:
                met = best.seconds <= SECONDS and best.megabytes <= MEGABYTES
                print(f"Aimed at: {SECONDS:.0f} s and {MEGABYTES:.0f} MB: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
