"""Gates: the checks that `.raw/config.yaml` names, run side by side, each ending PASS, FAIL or SKIP."""

from raw_runtime.gates.config import load_gates
from raw_runtime.gates.engine import run_gates
from raw_runtime.gates.model import Gate, GateConfig, GateResult

__all__ = ["Gate", "GateConfig", "GateResult", "load_gates", "run_gates"]
