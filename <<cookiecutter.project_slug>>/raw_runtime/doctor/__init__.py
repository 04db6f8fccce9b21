"""What `raw doctor` and `raw show tools` say of the project's integrations.

An integration is a module with `SETTINGS`, `state(settings)` and `check(settings)`: `tools/NAME/doctor.py`, and what
`.raw/config.yaml` lists under `doctor:`. Nothing of the project is imported before it is asked for.
"""
