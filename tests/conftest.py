"""Options of the template's tests."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# What --fast leaves out: whole renders with an environment, real processes by the dozen, containers. CI runs all of it.
THOROUGH = {
    "integration/test_openapi_fuzz.py",
    "runtime/test_cli_resume.py",
    "runtime/test_cli_run.py",
    "runtime/test_doctor.py",
    "runtime/test_dryrun.py",
    "runtime/test_executors_default.py",
    "runtime/test_executors_ends.py",
    "runtime/test_executors_pool.py",
    "runtime/test_executors_same.py",
    "runtime/test_gates_cli.py",
    "runtime/test_scaffold.py",
    "runtime/test_show.py",
    "runtime/test_supervisor.py",
    "runtime/test_tracecontext.py",
    "runtime/test_upstream_scripts.py",
    "template/test_answers.py",
    "template/test_bakes.py",
    "template/test_ci_files.py",
    "template/test_containers.py",
    "template/test_nightly.py",
    "template/test_provenance.py",
    "template/test_starter.py",
    "template/test_tutorial.py",
}

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: every command that a test interrupts would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected file lists and texts anew")
    parser.addoption("--fast", action="store_true", help="only what is done in a minute, for the edit loop")


def pytest_configure() -> None:
    if gone := [name for name in sorted(THOROUGH) if not (HERE / name).exists()]:
        raise pytest.UsageError(f"THOROUGH in tests/conftest.py names {', '.join(gone)}: take it from the list.")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if config.getoption("--fast") and HERE in collection_path.parents:
        return str(collection_path.relative_to(HERE)) in THOROUGH or None
    return None
