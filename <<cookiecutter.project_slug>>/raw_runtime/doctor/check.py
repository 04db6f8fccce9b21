"""The checks, side by side, each with a limit: nothing that the other side or a check does lasts for ever."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from raw_runtime.doctor.examine import CONFIGURED, Found, Patient
from raw_runtime.outcome import locate
from raw_runtime.show.configs import clean

LIMIT_SECONDS = 10.0
# A check that blocks the others' event loop is not waited for either.
OVERALL_SECONDS = 15.0
# A blocking call that was given up goes on in a thread.
_LEAVING_SECONDS = 0.5


def check_all(patients: Sequence[Patient], *, debug: bool = False) -> bool:
    """Check every patient that is configured and write down what was found.

    Args:
        patients: all of them; those on their default are well, and those that are broken need no check.
        debug: print the traceback of a check that fails itself.

    Returns:
        Whether all has ended; if not, something still runs in a thread of its own.
    """
    waiting = [patient for patient in patients if patient.state == CONFIGURED]
    done = threading.Event()

    async def run() -> None:
        await asyncio.gather(*(_check(patient, debug) for patient in waiting))
        done.set()

    # Not the main thread, which has to hear Ctrl-C whatever a check does.
    thread = threading.Thread(target=lambda: asyncio.run(run()), name="doctor", daemon=True)
    thread.start()
    if done.wait(OVERALL_SECONDS):
        thread.join(_LEAVING_SECONDS)
    for patient in waiting:
        if not patient.findings:
            patient.findings = [_overdue(OVERALL_SECONDS)]
    return not thread.is_alive()


async def _check(patient: Patient, debug: bool) -> None:
    began = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT_SECONDS) as limit:
            given = await patient.module.check(patient.settings)
        found = [Found(str(f.name), bool(f.ok), clean(str(f.detail)), clean(str(f.remedy))) for f in given]
    except Exception as error:
        if isinstance(error, TimeoutError) and limit.expired():
            found = [_overdue(LIMIT_SECONDS)]
        else:
            if debug:
                traceback.print_exception(error, file=sys.stderr)
            found = [_failed(patient, error)]
    patient.seconds = time.monotonic() - began
    patient.findings = found or [Found("check", True, patient.detail)]


def _overdue(seconds: float) -> Found:
    return Found("check", False, f"It did not end within {seconds:g} s.", "See whether the service answers at all.")


def _failed(patient: Patient, error: Exception) -> Found:
    """Say that a check is at fault itself; the error's own words may hold secrets, so they are left out."""
    place = locate(error.__traceback__, Path(patient.module.__file__).parent)
    at = f" at {place}" if place else ""
    return Found(
        "check",
        False,
        f"The check of {patient.name} itself failed: {type(error).__name__}{at}.",
        f"Look at its traceback: raw doctor {patient.name} --debug",
    )
