"""The docs are whole: the site builds, prompts and messages in them are the real ones, the example runs."""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import gate0
import pytest
from support import load_script

DOCS = gate0.ROOT / "docs"
PROJECT = gate0.ROOT / gate0.SLUG_DIR
PICTURE = DOCS / "first-run.svg"
LT = "<"  # so that this file holds no delimiter itself


def nav_pages() -> list[str]:
    sections = tomllib.loads((gate0.ROOT / ".ci/zensical.toml").read_text())["project"]["nav"]
    return [page for section in sections for pages in section.values() for entry in pages for page in entry.values()]


def without_network() -> list[str]:
    """Return how to start a command that can reach no network, where this user may do so; else nothing."""
    words = ["unshare", "--net", "--map-root-user"]
    done = subprocess.run([*words, "true"], capture_output=True, check=False) if shutil.which("unshare") else None
    return words if done is not None and done.returncode == 0 else []


class Addresses(HTMLParser):
    """What a page of the site leads to or loads, and the ids in it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self.ids |= {values.get("id", "")}
        self.found += [values[key] for key in ("href", "src") if key in values]
        if tag in ("img", "script") or (tag == "link" and values.get("rel") == "stylesheet"):
            self.loaded += [values[key] for key in ("href", "src") if key in values]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("site") / "out"
    command = [*without_network(), sys.executable, str(gate0.ROOT / ".ci/site.py"), "--to", str(to)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return to


def test_the_site_has_every_page(site: Path) -> None:
    assert sorted(nav_pages()) == sorted(page.name for page in DOCS.glob("*.md"))
    assert {page.name for page in site.glob("*.html")} == {f"{name[:-3]}.html" for name in nav_pages()} | {"404.html"}
    assert 'class="mermaid"' in (site / "patterns.html").read_text()


def test_every_link_of_the_site_works(site: Path) -> None:
    """Out of docs/ they lead to the repository, where the file must be; the rest is in the site."""
    pages = {page.name: Addresses(page) for page in site.glob("*.html") if page.name != "404.html"}
    repository = "https://github.com/org/raw-system"
    broken, seen = [], 0
    for name, page in pages.items():
        for address in page.found:
            target, _, anchor = address.partition("#")
            if target.startswith(repository):
                path = re.sub(r"^/(blob|tree)/main/", "", target.removeprefix(repository))
                seen += 1
                if not (gate0.ROOT / unquote(path).lstrip("/")).exists():
                    broken.append(f"{name}: {address}")
            elif not re.match(r"[a-z]+:", address):
                to = target or name
                if not (site / to).exists() or (anchor and to in pages and anchor not in pages[to].ids):
                    broken.append(f"{name}: {address}")
    assert broken == []
    assert seen > 20


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.glob("*.html"):
        assert [address for address in Addresses(page).loaded if re.match(r"(https?:)?//", address)] == []


def test_a_broken_link_fails_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = load_script("site")
    shutil.copytree(DOCS, tmp_path / "docs")
    (tmp_path / "docs/gates.md").write_text("# Gates\n\n[away](gone.md)\n")
    monkeypatch.setattr(site, "ROOT", tmp_path)
    assert site.build(tmp_path / "out") == 1
    assert not (tmp_path / "out").exists()


def test_another_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    command = [sys.executable, str(gate0.ROOT / ".ci/site.py"), "--to", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "name another folder" in done.stderr) == (1, True)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_every_prompt_is_on_its_page() -> None:
    answers = json.loads((gate0.ROOT / "cookiecutter.json").read_text())
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|", (DOCS / "prompts.md").read_text(), re.MULTILINE)
    asked = {name: default for name, default in answers.items() if not name.startswith("_")}
    assert [row[0] for row in rows] == list(asked)
    env = gate0.environment()
    defaults = {name: env.from_string(default).render(cookiecutter=answers) for name, default in asked.items()}
    defaults["project_slug"] = "made of the name"
    assert {name: default for name, default, _ in rows} == defaults


def test_allowed_answers_are_those_of_the_hook() -> None:
    allowed = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|", (DOCS / "prompts.md").read_text(), re.MULTILINE))
    tree = ast.parse((gate0.ROOT / "hooks/pre_gen_project.py").read_text())
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("TEXT_LIMITS", "CHOICES", "SLUG_LIMIT")
    }
    for name, choices in constants["CHOICES"].items():
        assert allowed[name] == ", ".join(choices)
    for name, limit in (constants["TEXT_LIMITS"] | {"project_slug": constants["SLUG_LIMIT"]}).items():
        assert f"up to {limit} characters" in allowed[name]


@functools.cache
def sentences() -> frozenset[str]:
    """Return every text in the sources; a value that is put into it is shown as three dots."""
    found = set()
    files = [*PROJECT.rglob("*.py"), *(gate0.ROOT / "hooks").glob("*.py")]
    for file in files:
        if {"tests", ".venv", "runs"} & set(file.relative_to(gate0.ROOT).parts):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.add("".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values))
    return frozenset(found)


def is_said(message: str) -> bool:
    return any(message in sentence for sentence in sentences())


def messages() -> list[str]:
    return re.findall(r"^\| `([^`]+)`", (DOCS / "troubleshooting.md").read_text(), re.MULTILINE)


def test_there_are_messages_and_wrong_ones_are_told() -> None:
    assert len(messages()) > 35
    assert not is_said("No webhook is taken here yet: WEBHOOK_SECRET is not set.")
    assert not is_said("Port 8000 is taken by another program")


@pytest.mark.parametrize("message", messages())
def test_a_message_is_the_real_one(message: str) -> None:
    assert is_said(message)
    assert len(message.replace("…", "").strip()) > 12


def test_the_example_of_a_raw_workflow_runs(tmp_path: Path) -> None:
    code = re.search(r"^```python\n(#!.*?)^```$", (DOCS / "writing-a-raw-workflow.md").read_text(), re.DOTALL | re.M)
    assert code is not None
    folder = tmp_path / ".raw/workflows/late-orders"
    folder.mkdir(parents=True)
    (folder / "run.py").write_text(code[1])
    (folder / "config.yaml").write_text(
        "id: late-orders\nname: late-orders\nversion: '1.0.0'\nstatus: draft\ncreated_at: '2030-05-06T00:00:00Z'\n"
        "description:\n  intent: Name the orders that are late\n"
    )
    (tmp_path / ".raw/config.yaml").write_text("version: '0.2.0'\n")
    (tmp_path / "tools").mkdir()
    env = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}

    def raw(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "raw_runtime", *words]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)

    done = raw("run", "late-orders", "--json", "--today", "2030-05-08")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"] == {"late": {"A-1": 7}}
    checked = raw("validate", "late-orders")
    assert checked.returncode == 0, checked.stdout
    assert "not pure" not in checked.stdout


def test_the_picture_is_of_the_readme_and_of_no_machine() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    shown = "".join(re.findall(r"<text [^>]*>([^<]*)</text>", text)).replace("&#160;", " ")
    plain = " ".join(
        shown.replace("&amp;", "&").replace("&gt;", ">").replace("&lt;", LT).replace("&#x27;", "'").split()
    )
    command = load_script("record").first_command((gate0.ROOT / "README.md").read_text())
    assert "".join(command.split()) in "".join(plain.replace("$ ", "").split())
    assert "0 failed" in plain
    assert "(exit code 0)" in plain
    assert len(text.encode()) < 60_000
    assert load_script("record").MACHINE.search(plain) is None
    assert re.findall(r"url\((?!#)|@font-face|@import|<script", text) == []
