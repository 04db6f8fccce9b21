"""Hidden inputs: the clock, chance and the environment make the same params give another result."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from raw_runtime.validation.portable import warn
from raw_runtime.validation.result import Finding
from raw_runtime.validation.source import Source, Unit

_CLOCK = {
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
    *(f"time.{name}" for name in ("time", "time_ns")),
    *(f"pendulum.{name}" for name in ("now", "today")),
    *(f"arrow.{name}" for name in ("now", "utcnow")),
    *(f"pandas.Timestamp.{name}" for name in ("now", "utcnow", "today")),
}
_CLOCK_WITHOUT_ARGUMENTS = {"time.localtime", "time.gmtime", "time.ctime", "time.asctime"}
_CHANCE = {"uuid.uuid1", "uuid.uuid4", "os.urandom", "os.getrandom", "random.SystemRandom"}
_NEED_SEED = {"random.Random", "numpy.random.default_rng", "numpy.random.RandomState"}
_RANDOM_PURE = {"random.seed", "random.getstate", "random.setstate", "numpy.random.seed"}
_NUMPY_TYPES = {"Generator", "SeedSequence", "PCG64", "Philox"}
_ENVIRONMENT = {"os.getenv", "os.environ.get", "os.environ.copy", "os.environ.items"}


def check_inputs(source: Source) -> Iterator[Finding]:
    """Yield a warning for each hidden input in code that a run reaches, or that runs at import."""
    seeded = {id(unit) for unit in source.units if _seeds(source, unit)}
    seeded_at_import = any(unit.at_import and id(unit) in seeded for unit in source.units)
    for unit, call, full in source.calls(live=True):
        if full in _CLOCK or (full in _CLOCK_WITHOUT_ARGUMENTS and not call.args):
            yield _say(source, unit, call, "clock", f"{full}() reads the clock")
        elif full in _CHANCE or full.startswith("secrets."):
            yield _say(source, unit, call, "random", f"{full}() differs at each run")
        elif full in _NEED_SEED:
            if not (call.args or call.keywords) or (call.args and _is_none(call.args[0])):
                yield _say(source, unit, call, "random", f"{full}() has no seed", "Take a seed as a param and pass it")
        elif _draws(full) and not (id(unit) in seeded or seeded_at_import):
            yield _say(
                source,
                unit,
                call,
                "random",
                f"{full}() differs at each run",
                "Take a seed as a param and draw from random.Random(seed)",
            )
        elif full in _ENVIRONMENT:
            yield _say(source, unit, call, "environment", f"{full}() reads the environment")
    for unit in source.units:
        if unit.live:
            for node in unit.nodes:
                if (
                    isinstance(node, ast.Subscript)
                    and isinstance(node.ctx, ast.Load)
                    and source.dotted(node.value, unit.shadowed) == "os.environ"
                ):
                    yield _say(source, unit, node, "environment", "os.environ[...] reads the environment")


def _draws(full: str) -> bool:
    owner, _, name = full.rpartition(".")
    if full in _RANDOM_PURE or name in _NUMPY_TYPES:
        return False
    return owner in ("random", "numpy.random")


def _seeds(source: Source, unit: Unit) -> bool:
    return any(
        isinstance(node, ast.Call)
        and node.args
        and source.dotted(node.func, unit.shadowed) in ("random.seed", "numpy.random.seed")
        for node in unit.nodes
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _say(
    source: Source, unit: Unit, node: ast.AST, rule: str, what: str, remedy: str = "Take it as a param"
) -> Finding:
    if unit.at_import:
        message = f"{what}, once, at import: a worker that lives on keeps the old value."
    else:
        message = f"{what}, in {unit.where}."
    return warn(source, node, rule, message, f"{remedy}, so that the same params give the same result.")
