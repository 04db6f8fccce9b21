"""`python -m workflows.temporal worker`: imports little, so that a signal is heeded from the first moment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from workflows.temporal.ending import end_at_once_on_signals

REGISTRY = "workflows.temporal.registry"


def main(argv: Sequence[str], registry: str = REGISTRY) -> int:
    """Run a worker; 0 told to end and ended, 1 failed, 2 wrong usage or settings.

    `registry` is the name of a module with what it runs.
    """
    argparse.ArgumentParser(
        prog="python -m workflows.temporal worker",
        description="Run a Temporal worker until SIGTERM or Ctrl-C. Settings come from the environment and .env.",
    ).parse_args(argv)
    end_at_once_on_signals()

    import asyncio
    import logging

    import tracing
    from settings import SettingsError, get_settings
    from workflows.temporal.process import WorkerFailedError, run_worker
    from workflows.temporal.telemetry import configure_logging

    try:
        settings = get_settings()
        configure_logging(settings.log_level)
        tracing.configure(settings, "worker")
        # Not closed: that would wait for threads, and the process ends anyway.
        asyncio.Runner().run(run_worker(settings, import_module(registry)))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except WorkerFailedError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:
        logging.getLogger("workflows.temporal.worker").exception("worker could not run")
        print(f"The worker could not run ({type(error).__name__}); the log says where.", file=sys.stderr)
        return 1
    return 0
