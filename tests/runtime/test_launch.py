"""What a script is started with: its packages, its paths."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from cli_support import GREET, Project

from raw_runtime import launch
from raw_runtime.errors import WorkflowBroken


def block(dependencies: str) -> str:
    return f"# /// script\n# requires-python = '>=3.10'\n# dependencies = {dependencies}\n# ///\n"


def script(folder: Path, text: str) -> Path:
    path = folder / "run.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("dependencies", "missing"),
    [
        ('["pydantic>=2.0", "rich>=13.0"]', []),
        ("['pydantic>=2.0', 'pyyaml']", []),
        ("[]", []),
        ('["pydantic>=2.0", "no-such-package-anywhere>=1"]', ["no-such-package-anywhere>=1"]),
        (
            "['no-such-package-anywhere[extra]; python_version > \"3\"']",
            ['no-such-package-anywhere[extra]; python_version > "3"'],
        ),
        ('[\n#   "rich>=13.0",\n#   "no.such_package",\n# ]', ["no.such_package"]),
    ],
)
def test_missing_packages_are_found(tmp_path: Path, dependencies: str, missing: list[str]) -> None:
    assert launch.missing_dependencies(script(tmp_path, block(dependencies) + "print()\n")) == missing


def test_a_script_without_a_block_needs_nothing(tmp_path: Path) -> None:
    assert launch.missing_dependencies(script(tmp_path, "print('no-such-package')\n")) == []


@pytest.mark.parametrize("dependencies", ['["httpx', '"httpx"', "[1, 'httpx']"])
def test_a_broken_block_is_refused(tmp_path: Path, dependencies: str) -> None:
    with pytest.raises(WorkflowBroken, match=r"block of .*run\.py"):
        launch.missing_dependencies(script(tmp_path, block(dependencies)))


def test_without_uv_the_package_and_the_remedy_are_named(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.add("needy", "print('ran')\n", block('["no-such-package-anywhere>=1"]'))
    done = project.raw("run", "needy", env={"PATH": "/nonexistent"})
    assert done.returncode == 1
    assert done.stderr == (
        "raw: needy needs no-such-package-anywhere>=1, which is not installed here. "
        "Add it to the project's dependencies, or install uv so that raw can fetch it for this run.\n"
    )
    assert project.runs("needy") == []


def test_with_uv_a_missing_package_is_there_for_the_run(tmp_path: Path) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert uv is not None, "uv is one of this repository's dependencies"
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "raw_test_shouter-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("raw_test_shouter.py", "def shout(text):\n    return text.upper()\n")
        info = "raw_test_shouter-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: raw-test-shouter\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    project = Project(tmp_path)
    body = GREET.replace(
        "        print(text)\n", "        from raw_test_shouter import shout\n        text = shout(text)\n"
    )
    project.add("needy", body, block('["pydantic>=2.0", "raw-test-shouter>=1"]'))
    before = (project.workflow("needy") / "run.py").read_bytes()
    env = {
        "PATH": f"{Path(uv).parent}{os.pathsep}{os.environ['PATH']}",
        "UV_FIND_LINKS": str(wheels),
        "UV_NO_INDEX": "1",
        "UV_CACHE_DIR": str(tmp_path / "cache"),
    }
    done = project.raw("run", "needy", "--name", "Ada", "--json", env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"] == {"text": "HELLO ADA"}
    assert (project.workflow("needy") / "run.py").read_bytes() == before


def test_paths_are_the_project_then_the_runtime_then_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"/one{os.pathsep}/two")
    home = str(Path(launch.__file__).parents[1])
    env = launch.environment(tmp_path)
    assert env["PYTHONPATH"].split(os.pathsep) == [str(tmp_path), home, "/one", "/two"]
    monkeypatch.delenv("PYTHONPATH")
    assert launch.environment(Path(home))["PYTHONPATH"] == home
