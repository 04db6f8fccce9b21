"""The help text of a workflow's flags, laid out by argparse."""

from __future__ import annotations

import argparse
import inspect
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from raw_runtime.flags import add_to_argparse, flags_of

if TYPE_CHECKING:
    from raw_runtime.base import BaseWorkflow


def build_parser(cls: type[BaseWorkflow[Any]], model: type[BaseModel]) -> argparse.ArgumentParser:
    """Return a parser that knows the model's flags with their descriptions and defaults."""
    own = model.__doc__ if model.__doc__ != BaseModel.__doc__ else None
    description = inspect.cleandoc(own) if own else f"Run {cls.__name__} workflow"
    parser = argparse.ArgumentParser(
        description=description.replace("%", "%%"), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_to_argparse(parser.add_argument, flags_of(model), argparse)
    return parser
