"""What docker-compose.yml, its clock for the demo, and the image's list of files agree on with the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from gate0 import ROOT, SLUG_DIR
from support import render_file

PROJECT = ROOT / SLUG_DIR
APP = {"full": {"api", "worker", "migrate", "setup"}, "temporal": {"worker", "migrate", "setup"}}


def rendered(name: str, architecture: str = "full", reports: str = "yes") -> str:
    return render_file(PROJECT / name, __architecture=architecture, __reports=reports)


@pytest.fixture(params=[("full", "yes"), ("full", "no"), ("temporal", "yes"), ("temporal", "no")], ids="-".join)
def compose(request: pytest.FixtureRequest) -> dict:
    return {"architecture": request.param[0], **yaml.safe_load(rendered("docker-compose.yml", *request.param))}


def test_the_containers_clock_is_the_demo_s_own() -> None:
    """It is written by the demo's own command, to the file that the containers read."""
    source = (PROJECT / "workflows/temporal/dev/plays/hiring.py").read_text(encoding="utf-8")
    assigned = (node for node in ast.parse(source).body if isinstance(node, ast.Assign))
    clock = next(ast.literal_eval(node.value) for node in assigned if getattr(node.targets[0], "id", "") == "CLOCK")
    command = re.search(r"-m (workflows\S+clock) >(\S+)\n\t.*docker-compose.demo.yml up", rendered("Makefile"))
    assert command is not None
    done = subprocess.run([sys.executable, "-m", command[1]], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert dict(line.split("=", 1) for line in done.stdout.splitlines()) == clock
    overrides = yaml.safe_load(rendered("docker-compose.demo.yml"))["services"]
    assert overrides == {"api": {"env_file": command[2]}, "worker": {"env_file": command[2]}}


def test_every_container_is_hardened(compose: dict) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_ports_are_this_machine_s_only_and_images_have_versions(compose: dict) -> None:
    for name, service in compose["services"].items():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert re.search(r":(v?\d[\w.]*|\$\{IMAGE_TAG:-local\})$", service["image"]), name


def test_all_that_serves_says_when_it_is_ready(compose: dict) -> None:
    services = compose["services"].items()
    silent = {name for name, service in services if "healthcheck" not in service and "profiles" not in service}
    assert silent == APP[compose["architecture"]]  # the image has a check of its own


@pytest.mark.parametrize("architecture", ["single", "temporal", "full"])
def test_the_image_gets_all_code_and_neither_secret_nor_test(architecture: str) -> None:
    rules = [line for line in rendered(".dockerignore", architecture).splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    named = {rule[1:] for rule in rules if rule.startswith("!")}
    assert not [name for name in named if ".env" in name or "test" in name]
    wheel = tomllib.loads(rendered("pyproject.toml", architecture))["tool"]["hatch"]["build"]["targets"]["wheel"]
    others = {".raw/config.yaml", ".raw/workflows", "container.py", "container.toml", "pyproject.toml", "uv.lock"}
    assert named == others | set(wheel["only-include"])
    assert {"**/tests", "**/testing.py"} <= set(rules)
