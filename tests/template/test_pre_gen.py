"""Answers: what is refused, in which words, and with which command to retry; nothing in an answer is ever executed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import gate0
import pytest
from support import DEFAULTS, load_hook, render

TEXTS = ["project_name", "description", "author"]
LT = "<"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        ("project_slug", "../x", "lower case letters"),
        ("project_slug", "", "is empty"),
        ("project_slug", "x" * 300, "300 characters"),
        ("project_slug", "hiring_system", "lower case letters"),
        ("project_slug", "Hiring", "lower case letters"),
        ("project_slug", "a--b", "lower case letters"),
        ("project_slug", "-a", "lower case letters"),
        ("project_slug", "1a", "lower case letters"),
        ("project_slug", "a\n", "lower case letters"),
        ("project_slug", "größe", "lower case letters"),
        ("project_slug", "$(touch pwned)", "lower case letters"),
        ("project_slug", "con", "Windows"),
        ("project_slug", "lpt1", "Windows"),
        ("project_slug", "pydantic", "package"),
        ("project_name", "", "is empty"),
        ("project_name", "   ", "is empty"),
        ("project_name", "!!!", "letter or a digit"),
        ("project_name", "a\nb", "one line"),
        ("project_name", "x" * 300, "300 characters"),
        ("description", "a\x00b", "one line"),
        ("description", "a\u2028b", "one line"),
        ("author", "x\x1b[31m", "one line"),
        ("author", f"{LT}< 7*7 >>", "template expression"),
        ("needs_webhooks", "maybe", "yes or no"),
        ("needs_state_across_days", "", "yes or no"),
        ("python_version", "3.10", "must be one of 3.11"),
        ("python_version", "3", "must be one of 3.11"),
        ("gates", "everything", "must be one of all"),
        ("example", "no", "must be one of hiring, none"),
        ("example", "Hiring", "must be one of hiring, none"),
        ("example", "", "must be one of hiring, none"),
    ],
)
def test_a_wrong_answer_is_refused_by_name(
    question: str, answer: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    hook = load_hook("pre_gen_project", **{question: answer})
    assert hook.main() == 2
    said = capfd.readouterr().err
    line = next(line for line in said.splitlines() if line.strip().startswith(question))
    assert words in line
    assert "This would do:" in line


@pytest.mark.parametrize("slug", ["", "../x", "con", "rich", "-", "9to5", "Ünï cødé", "x" * 300, "日本", "_", "a--b"])
def test_every_remedy_is_itself_accepted(slug: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The retry command that is printed goes through, whatever the first answers were."""
    broken = {"project_slug": slug, "author": "a\tb" * 60, "project_name": "\u2028", "gates": "al"}
    assert load_hook("pre_gen_project", **broken).main() == 2
    command = next(line for line in capfd.readouterr().err.splitlines() if line.strip().startswith("cookiecutter "))
    words = shlex.split(command)
    assert words[:3] == ["cookiecutter", "gh:org/raw-system", "--no-input"]
    answers = dict(word.split("=", 1) for word in words if re.match(r"\w+=", word))
    assert set(answers) == set(DEFAULTS)
    assert load_hook("pre_gen_project", **answers).main() == 0


@pytest.mark.parametrize("slug", ["class", "import", "a", "x" * 40, "hiring-system-2", "test"])
def test_odd_but_sound_slugs_are_accepted(slug: str) -> None:
    assert load_hook("pre_gen_project", project_slug=slug).main() == 0


@pytest.mark.parametrize("answer", ["yes", "no", "Y", "TRUE", "0", True, False])
def test_yes_and_no_in_many_forms(answer: object) -> None:
    assert load_hook("pre_gen_project", needs_webhooks=answer).main() == 0


@pytest.mark.parametrize(
    "answer",
    [
        '""" + __import__("os").system("touch pwned") + r"""',
        "'); import os; os._exit(3) #",
        "x\\",
        'x\\"""',
        "${IFS}`id`",
    ],
)
@pytest.mark.parametrize("question", TEXTS)
def test_answers_reach_the_hook_as_text(
    question: str, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hook = load_hook("pre_gen_project", **{question: answer})
    assert hook.CONTEXT[question] == answer
    assert hook.main() == 0
    assert [path.name for path in tmp_path.iterdir()] == [".fresh-render"]


def test_a_mistyped_question_is_noted() -> None:
    hook = load_hook("pre_gen_project")
    words = ["python", "cookiecutter", ".", "projct_name=X", "gates=all", "--output-dir=x", "_x=1"]
    assert hook.ignored_answers(words) == [
        "'projct_name=X' was ignored: no question is named projct_name. Did you mean project_name?"
    ]


def test_the_command_says_it_all(tmp_path: Path) -> None:
    """Through the real command: a note on the unknown answer, the refusal, and nothing left behind."""
    done = render(tmp_path / "out", project_slug="../x", projct_name="y")
    assert done.code != 0
    assert "projct_name" in done.out
    assert "project_slug may hold only" in done.out
    assert list((tmp_path / "out").iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]


def test_no_project_has_the_name_of_a_package_it_depends_on() -> None:
    hook = load_hook("pre_gen_project")
    text = (gate0.ROOT / gate0.SLUG_DIR / "pyproject.toml").read_text()
    named = set(re.findall(r'^\s*"([a-z0-9-]+)(?:\[[a-z,]+\])?[<>=]', text, flags=re.MULTILINE))
    assert {"pydantic", "temporalio", "pytest"} <= named
    assert named - hook.DEPENDENCIES == set()
