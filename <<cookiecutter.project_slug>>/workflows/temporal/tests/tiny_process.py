"""`python tiny_process.py`: the worker process, with the tiny registry."""

from __future__ import annotations

from workflows.temporal.ending import leave
from workflows.temporal.worker_command import main

if __name__ == "__main__":
    leave(main([], registry="workflows.temporal.tests.tiny_registry"))
