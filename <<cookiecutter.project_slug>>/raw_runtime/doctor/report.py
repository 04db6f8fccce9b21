"""What was found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from raw_runtime.doctor.examine import Patient
from raw_runtime.show.table import aligned


def table(patients: Sequence[Patient]) -> Iterator[str]:
    """Yield one line for each finding, with its remedy beneath, and the verdict."""
    rows = [("NAME", "STATE", "CHECK", "RESULT", "DETAIL")]
    for patient in patients:
        # What needs no service has nothing to be checked.
        found = [(f.name, "ok" if f.ok else "FAIL", f.detail, f.remedy) for f in patient.findings]
        for name, result, detail, remedy in found or [("-", "ok", patient.detail, "")]:
            rows.append((patient.name, patient.state, name, result, detail))
            if remedy:
                rows.append(("", "", "", "", f"Remedy: {remedy}"))
    yield from aligned(rows)
    yield ""
    yield _verdict(patients)


def _verdict(patients: Sequence[Patient]) -> str:
    ill = [patient.name for patient in patients if not patient.ok]
    fine = len(patients) - len(ill)
    return f"{fine} fine, {len(ill)} not: {', '.join(ill)}." if ill else f"{fine} fine."


def document(patients: Sequence[Patient]) -> dict[str, Any]:
    """Return what was found as plain JSON values."""
    return {
        "ok": all(patient.ok for patient in patients),
        "integrations": [
            {
                "name": patient.name,
                "state": patient.state,
                "detail": patient.detail,
                "ok": patient.ok,
                "seconds": round(patient.seconds, 3),
                "findings": [
                    {"name": f.name, "ok": f.ok, "detail": f.detail, "remedy": f.remedy} for f in patient.findings
                ],
            }
            for patient in patients
        ],
    }
