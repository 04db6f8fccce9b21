"""Whether an integration is set up: its module and its settings, without a question to the other side."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

from raw_runtime.doctor.subjects import Subject
from raw_runtime.show.configs import clean

CONFIGURED, DEFAULT, BROKEN = "configured", "default", "broken"
_KINDS = (CONFIGURED, DEFAULT, BROKEN)
_PARTS = ("SETTINGS", "state", "check")
_SETTINGS_REMEDY = "Correct it in .env or in the environment; .env.example says what it takes."


@dataclass(frozen=True, slots=True)
class Found:
    """What one check found."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(slots=True)
class Patient:
    """An integration as it is found: `state` is configured, default or broken, and `detail` says why."""

    name: str
    state: str
    detail: str
    module: Any = None
    settings: Any = None
    findings: list[Found] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.state != BROKEN and all(found.ok for found in self.findings)


def examine(subject: Subject) -> Patient:
    """Import the integration's module and read its settings; whatever is wrong with them, the patient says it."""
    where = f"{subject.module.replace('.', '/')}.py"
    try:
        module = importlib.import_module(subject.module)
        base = importlib.import_module("configuration.base")
    except Exception as error:  # the project's own code
        remedy = f"Make it load: python -c 'import {subject.module}'"
        return _broken(
            subject, "module", f"{where} does not load: {type(error).__name__}: {clean(str(error))}.", remedy
        )
    if missing := [part for part in _PARTS if not hasattr(module, part)]:
        remedy = "Give it SETTINGS, state and check, as tools/checking.py says."
        return _broken(subject, "module", f"{where} has no {' and no '.join(missing)}.", remedy)
    try:
        settings = base.load_settings(module.SETTINGS)
        state = module.state(settings)
        kind, detail = str(state.kind), clean(str(state.detail))
    except base.SettingsError as error:
        return _broken(subject, "settings", str(error), _SETTINGS_REMEDY)
    except Exception as error:  # its text may hold what is in the settings
        return _broken(subject, "module", f"state() of {where} failed with {type(error).__name__}.", f"Mend {where}.")
    if kind not in _KINDS:
        return _broken(
            subject, "module", f"state() of {where} gave {kind[:20]!r}.", f"It must give one of {', '.join(_KINDS)}."
        )
    if kind == BROKEN:
        return _broken(subject, "settings", detail, _SETTINGS_REMEDY)
    return Patient(subject.name, kind, detail, module, settings)


def _broken(subject: Subject, name: str, detail: str, remedy: str) -> Patient:
    """Return a patient with one finding for each line of the detail."""
    lines = [clean(line) for line in detail.splitlines() if line.strip()]
    findings = [Found(name, False, line, remedy) for line in lines]
    return Patient(subject.name, BROKEN, " ".join(lines), findings=findings)
