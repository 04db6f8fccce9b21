from __future__ import annotations

from pathlib import Path

import pytest
from gate_support import make_project

from raw_runtime.errors import UsageError
from raw_runtime.gates import Gate, load_gates
from raw_runtime.gates.model import Fallback

SEED = """\
    version: "0.2.0"
    created_at: "2026-01-10"
    builder:
      budgets: {max_iterations: 10}
      gates:
        default: [validate, dry, compile]
        optional:
          api-test: {command: "pytest api/tests/ -v", timeout_seconds: 60}
          docker-validate:
            command: docker compose config --quiet
            timeout_seconds: 10
            requires: [docker, "module:yaml"]
            fallback: {command: check-jsonschema x.yml, requires: check-jsonschema}
          compile: {command: "python -m compileall -q raw_runtime", static: true}
"""


def test_the_seed_s_file(tmp_path: Path) -> None:
    config = load_gates(make_project(tmp_path, SEED))
    assert config.default == ("validate", "dry", "compile")
    assert list(config.gates) == ["validate", "dry", "api-test", "docker-validate", "compile"]
    assert config.gates["api-test"] == Gate("api-test", "pytest api/tests/ -v", 60)
    assert config.gates["docker-validate"] == Gate(
        "docker-validate",
        "docker compose config --quiet",
        10,
        ("docker", "module:yaml"),
        Fallback("check-jsonschema x.yml", ("check-jsonschema",)),
    )
    assert config.gates["compile"].static
    assert config.gates["compile"].timeout_seconds == 300
    assert config.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        None,
        'version: "0.2.0"\n',
        "builder: {budgets: {}}\n",
        "builder: {gates: {}}\n",
        "builder: {gates: {optional: {}}}\n",
    ],
)
def test_without_gates_the_default_is_validate_and_dry(tmp_path: Path, text: str | None) -> None:
    config = load_gates(make_project(tmp_path, text))
    assert config.default == ("validate", "dry")
    assert config.gates["validate"].static
    assert config.gates["dry"].requires == ("module:pydantic",)


def gates(text: str) -> str:
    return f"builder:\n  gates: {text}\n"


def optional(text: str) -> str:
    return gates(f"{{optional: {{x: {text}}}}}")


MALFORMED = {
    "empty file": ("", ".raw/config.yaml: The file is empty."),
    "only comments": ("# nothing\n", "The file is empty."),
    "null": ("null\n", ".raw/config.yaml:1: the file is empty: it must be a mapping"),
    "a list": ("- a\n", ".raw/config.yaml:1: the file is a list: it must be a mapping"),
    "a word": ("gates\n", "the file is 'gates': it must be a mapping"),
    "bad yaml": ("builder:\n  gates: [a\n", ".raw/config.yaml:3: This is not valid YAML: "),
    "tab": ("builder:\n\tgates: 1\n", ".raw/config.yaml:2: This is not valid YAML: "),
    "unknown tag": ("builder: !!python/object:os.system {}\n", "This is not valid YAML: "),
    "two documents": ("a: 1\n---\nb: 2\n", "This is not valid YAML: "),
    "control character": ("a: \x01\n", "This is not valid YAML: "),
    "unknown alias": ("builder: *nowhere\n", ".raw/config.yaml:1: This is not valid YAML: "),
    "impossible date": (optional("{command: 2026-99-99}"), "This is not valid YAML: "),
    "empty builder": ("version: 1\nbuilder:\n", ".raw/config.yaml:2: builder is empty: it must be a mapping"),
    "builder is a list": ("builder: []\n", "builder is a list: it must be a mapping"),
    "empty gates": (gates(""), ".raw/config.yaml:2: builder.gates is empty: it must be"),
    "empty default": (gates("{default: }"), "builder.gates.default is empty: it must be a list of names"),
    "default is a word": (gates("{default: validate}"), "builder.gates.default is 'validate': it must be a list"),
    "default holds a number": (gates("{default: [1]}"), "builder.gates.default holds 1: each entry must be a name."),
    "unknown default": (
        gates("{default: [validate, dri]}"),
        "builder.gates.default names 'dri', which is no gate. Did you mean dry?",
    ),
    "empty optional": (gates("{optional: }"), "builder.gates.optional is empty: it must be a mapping"),
    "optional is a list": (gates("{optional: [a]}"), "builder.gates.optional is a list: it must be a mapping"),
    "gate is a text": (optional('"pytest"'), "builder.gates.optional.x is 'pytest': it must be a mapping"),
    "gate is empty": (optional(""), "builder.gates.optional.x is empty: it must be a mapping"),
    "no command": (optional("{timeout_seconds: 1}"), "builder.gates.optional.x.command is missing."),
    "empty command": (
        optional('{command: " "}'),
        "builder.gates.optional.x.command is ' ': it must be a non-empty text.",
    ),
    "command is a list": (optional("{command: [ls]}"), "builder.gates.optional.x.command is a list: it must be"),
    "timeout is a word": (
        optional("{command: a, timeout_seconds: soon}"),
        "x.timeout_seconds is 'soon': it must be a number",
    ),
    "timeout is zero": (optional("{command: a, timeout_seconds: 0}"), "x.timeout_seconds is 0: it must be a number"),
    "timeout is below zero": (optional("{command: a, timeout_seconds: -1}"), "x.timeout_seconds is -1: it must be"),
    "timeout is true": (optional("{command: a, timeout_seconds: true}"), "x.timeout_seconds is True: it must be"),
    "timeout is infinite": (optional("{command: a, timeout_seconds: .inf}"), "x.timeout_seconds is inf: it must be"),
    "requires is a number": (optional("{command: a, requires: 3}"), "x.requires is 3: it must be a list of names"),
    "requires holds a list": (optional("{command: a, requires: [[b]]}"), "x.requires holds a list: each entry must be"),
    "static is a word": (optional("{command: a, static: maybe}"), "x.static is 'maybe': it must be true or false."),
    "fallback is a text": (optional("{command: a, fallback: b}"), "x.fallback is 'b': it must be a mapping"),
    "fallback without command": (optional("{command: a, fallback: {}}"), "x.fallback.command is missing."),
    "same gate twice": (
        "builder:\n  gates:\n    optional:\n      x: {command: a}\n      x: {command: b}\n",
        ".raw/config.yaml:5: This is not valid YAML: the key 'x' is given twice (first in line 4).",
    ),
    "built-in name": (gates("{optional: {dry: {command: a}}}"), "builder.gates.optional.dry: dry is built in."),
    "path as name": (gates("{optional: {../x: {command: a}}}"), "'../x' is no name for a gate."),
    "number as name": (gates("{optional: {? [a] : {command: a}}}"), "a key here is not a word"),
}


@pytest.mark.parametrize(("text", "message"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_file_is_refused_in_one_plain_sentence(tmp_path: Path, text: str, message: str) -> None:
    project = make_project(tmp_path)
    (project.raw_dir / "config.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_gates(project)
    assert message in str(caught.value)
    assert str(caught.value).startswith(".raw/config.yaml")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (project.raw_dir / "config.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(UsageError, match=r"\.raw/config\.yaml cannot be read"):
        load_gates(project)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (project.raw_dir / "config.yaml").mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load_gates(project)


def test_keys_without_effect_are_told(tmp_path: Path) -> None:
    config = load_gates(make_project(tmp_path, optional("{command: a, timeout_second: 3}")))
    assert config.notes == (
        ".raw/config.yaml:2: builder.gates.optional.x.timeout_second has no effect. Did you mean timeout_seconds?",
    )


def test_yaml_merge_keys_and_a_byte_order_mark(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    text = "base: &b {timeout_seconds: 7, command: a}\nbuilder: {gates: {optional: {x: {!!merge k: *b, command: c}}}}\n"
    (project.raw_dir / "config.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("!!merge k", "<" + "<").encode())
    assert load_gates(project).gates["x"] == Gate("x", "c", 7)


def test_a_name_given_twice_runs_once(tmp_path: Path) -> None:
    assert load_gates(make_project(tmp_path, gates("{default: [dry, dry]}"))).default == ("dry",)
