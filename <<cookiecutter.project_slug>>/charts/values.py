"""The values files against their schema, where there is no Helm to do it."""

from __future__ import annotations

import importlib
import json

import yaml

from charts.project import ChartError, chart_folder, profiles


def faults() -> list[str]:
    """Return a sentence for each value of values.yaml and of the profiles that the schema refuses.

    Raises:
        ChartError: the library jsonschema is not here.
    """
    try:
        jsonschema = importlib.import_module("jsonschema")
    except ImportError:
        raise ChartError("The library jsonschema is not here: uv sync") from None
    chart = chart_folder()
    schema = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    return [
        f"{path.name}: /{'/'.join(map(str, error.absolute_path))}: {error.message}"
        for path in (chart / "values.yaml", *profiles())
        for error in validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
    ]
