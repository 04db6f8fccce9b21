"""The exact files of each render, and nothing in them that only the template knows."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import gate0
import pytest
from pytest_cookies.plugin import Cookies
from support import GOLDEN, STRUCTURES, contents, copy_template, files, golden_files, load_project_test, slug_of


@pytest.mark.parametrize("structure", STRUCTURES)
def test_exact_files(baked: Callable[[str], Path], structure: str, request: pytest.FixtureRequest) -> None:
    """Compare with golden/<shape>.txt; `pytest tests/template --update-golden -k golden_or_exact` writes it anew."""
    found = files(baked(structure))
    if request.config.getoption("--update-golden"):
        (GOLDEN / f"{structure.replace('-no-webhooks', '')}.txt").write_text("\n".join(found) + "\n")
    assert found == golden_files(structure)


@pytest.mark.parametrize("rest", ["", "-no-reports"])
@pytest.mark.parametrize("shape", ["single", "single-empty"])
def test_without_state_webhooks_make_no_difference(baked: Callable[[str], Path], shape: str, rest: str) -> None:
    assert contents(baked(f"{shape}-no-webhooks{rest}")) == contents(baked(f"{shape}{rest}"))


def test_every_file_of_the_template_is_rendered(baked: Callable[[str], Path]) -> None:
    """What git has is what users get: nothing is hidden by an ignore rule, nothing is left behind."""
    parts = tomllib.loads((gate0.ROOT / gate0.SLUG_DIR / "template-parts.toml").read_text())["parts"]
    assert parts
    tracked = {
        str(path.relative_to(gate0.ROOT / gate0.SLUG_DIR)).replace(gate0.SLUG_DIR, "hiring-system")
        for path in gate0.template_files()
        if path.relative_to(gate0.ROOT).parts[0] != "hooks"
    }
    assert set(files(baked("full"))) == tracked - {"template-parts.toml"} | {".env", ".cookiecutter.json"}


# What only one part says, as regular expressions. Names of its code, services and variables stand nowhere where it is
# off; its words not in what people read and what is deployed. Python may ask whether a part is there, by its words.
NAMES = {
    "template": ("cookiecutter", "template-parts"),
    "example": (
        "(?i:hiring)",
        "(?i:candidate|applicant)",
        "(?i:recruit)",
        "(?i:interview)",
        r"(?i:\bcvs?\b|\bcv_|_cv\b)",
    ),
    "reports": (
        "pygal",
        r"\bobstore",
        r"tools\.reports",
        r"tools\.storage",
        "tools/(?:reports|storage)",
        r"\bREPORT(?:S|_EMAILS)\b",
        "S3_(?:BUCKET|ENDPOINT_URL|PORT)",
        "report_period",
    ),
    "coordinator": (
        "fastapi",
        "uvicorn",
        "standardwebhooks",
        "python-multipart",
        "WEBHOOK_SECRETS",
        r"\bAPI_PORT\b",
        "api-test",
    ),
    "processes": (
        "sqlalchemy",
        "alembic",
        "asyncpg",
        "aiosqlite",
        "temporalio",
        "twilio",
        "DATABASE_URL",
        "TEMPORAL_[A-Z]",
        "OTEL_[A-Z]",
        "honcho",
        "db/",
        "WORKER_HEALTH",
    ),
}
WORDS: dict[str, tuple[str, ...]] = {
    "template": ("<%", "<< ?cookiecutter"),
    "example": (r"(?i:\bpositions?\b)(?!: ?(?:absolute|relative|fixed|sticky))",),  # of a job, not of CSS
    "reports": (r"\breports?\b", r"reports\.md"),
    "coordinator": (
        r"\bAPI_KEYS\b",
        r"\b(?:the|and) API\b",
        r"\bAPI and\b",
        "`api`",
        r"\b8000\b",
        r"\bwebhooks\b",
        r"\ba webhook\b",
        "coordinator",
        "http_requests",
        "submissions_in_flight",
    ),
    "processes": (
        "[Tt]emporal",
        "[Tt]elephony",
        "[Pp]rometheus",
        "[Gg]rafana",
        "Procfile",
        r"make (?:dev|demo|up)\b",
        r"\bcompose (?!\()",
        r"[Mm]igrat(?:e|ions)\b",
        "EntityProcess",
        "[Oo]utbox (?:sweep|entr)",
    ),
}
OFF = {
    "single": {"coordinator", "processes"},
    "single-no-reports": {"reports", "coordinator", "processes"},
    "temporal": {"coordinator"},
    "temporal-no-reports": {"reports", "coordinator"},
    "full": set[str](),
    "full-no-reports": {"reports"},
}
OFF |= {re.sub("^[a-z]+", r"\g<0>-empty", shape): off | {"example"} for shape, off in OFF.items()}
# Where such a word means something else, or a seam is that the part would be put into. The example's are nowhere.
ELSEWHERE = (
    ".cookiecutter.json",  # where the template is named
    "raw_runtime/validation/",  # lists the libraries that a step must not use
    "ruff.toml",  # names the packages that there may be
    "scaffold/templates/process/docs/",  # a page that says what there is
    "tools/email/",  # has a mail for reports, and one is the sample of its tests
)


@pytest.mark.parametrize("shape", OFF)
def test_what_is_off_leaves_no_trace(baked: Callable[[str], Path], shape: str) -> None:
    project = baked(shape)
    found = set()
    for name in files(project):
        elsewhere = name.startswith((*ELSEWHERE, f"charts/{slug_of(shape)}/templates/_helpers.tpl"))
        text = f"{name}\n{(project / name).read_text(errors='replace')}"
        if name == "README.md":
            # The picture that shows which shape this is has to name the others.
            text = re.sub(r"## What this system is made of\n.*?\n(?=## )", "", text, flags=re.DOTALL)
        is_read = not name.endswith(".py") and "/mocks/" not in name and "/histories/" not in name
        for part in {"template", *OFF[shape]} & {"example"} if elsewhere else {"template", *OFF[shape]}:
            found |= {(part, name, word) for word in re.findall("|".join(NAMES[part]), text)}
            found |= {(part, name, word) for word in re.findall("|".join(WORDS[part]), text) if is_read}
    assert found == set()
    assert load_project_test("test_links").broken_links(project) == []
    assert named_and_not_there(project) == set()


@pytest.mark.parametrize("part", ["example", "reports", "coordinator", "processes"])
def test_what_is_on_is_found_by_its_words(baked: Callable[[str], Path], part: str) -> None:
    """Each of the words above is one that a render with the part holds: a grep for what nobody says proves nothing."""
    project = baked("full")
    texts = [(project / name).read_text(errors="replace") for name in files(project)]
    for word in (*NAMES[part], *WORDS[part]):
        assert any(re.search(word, text) for text in texts), word


def named_and_not_there(project: Path) -> set[str]:
    """Return `make` targets named in documentation and CI, and paths named in AGENTS.md, that are not there."""
    texts = [path.read_text() for path in project.rglob("*.md")]
    texts += [path.read_text() for path in (project / ".github").rglob("*.yml")]
    targets = set(re.findall(r"(?:`|run: |&& |^)make ([a-z-]+)", "\n".join(texts), flags=re.MULTILINE))
    assert {"setup", "test"} <= targets
    made = set(re.findall(r"^([a-z-]+):", (project / "Makefile").read_text(), flags=re.MULTILINE))
    paths = set(re.findall(r"`([a-z_.]+/[a-z_./-]*)`", (project / "AGENTS.md").read_text()))
    assert len(paths) > 3
    inside = (project / ".raw/workflows/analyze", project / "workflows/temporal", project)
    made |= {path for path in paths if any((folder / path).exists() for folder in inside)}
    return (targets | paths) - made - {"results/result.json", ".venv/bin/"}


def test_rendering_over_an_older_render_is_idempotent(cookies: Cookies, tmp_path: Path) -> None:
    """With -f: .env stays, what is switched off now goes, the rest is the same."""
    from cookiecutter.main import cookiecutter

    template = str(copy_template(tmp_path / "template"))
    result = cookies.bake(template=template, extra_context={"gates": "none", "needs_state_across_days": "no"})
    env = result.project_path / ".env"
    env.write_text(env.read_text() + "MINE=1\n")
    before = files(result.project_path)
    again = {"gates": "none", "needs_state_across_days": "no"}
    folder = str(result.project_path.parent)
    cookiecutter(template, no_input=True, output_dir=folder, overwrite_if_exists=True, extra_context=again)
    assert files(result.project_path) == before
    assert env.read_text().endswith("MINE=1\n")
    again["scheduled_reports"] = "no"
    cookiecutter(template, no_input=True, output_dir=folder, overwrite_if_exists=True, extra_context=again)
    assert files(result.project_path) == golden_files("single-no-reports")
