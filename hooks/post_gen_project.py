"""Makes a render whole: drops what is off, fills .env, notes where it came from, makes the environment, runs the gates.

Thin and idempotent: it may run again over the same folder. What it needs to know about files stands in
template-parts.toml, and what is checked, and how, in the project's own .raw/config.yaml.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

CONTEXT = json.loads(
    r"""
<< cookiecutter | tojson >>
""".strip()
)

PARTS_FILE = Path("template-parts.toml")
RECORD = Path(".cookiecutter.json")
FRESH = Path(".fresh-render")
# What working on the template in place leaves in it, and a render from there carries along: caches are dropped always,
# the rest only from a fresh render, since in an older one it is the user's own.
LEFTOVERS: tuple[str, ...] = (".benchmarks", ".env", ".venv")
LEFTOVERS += tuple(f".raw/{name}" for name in ("builds", "cache", "dev", "logs", "workflows/*/runs"))
CACHES = ("__pycache__", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache")
# The first run finds every cache cold, maybe on a busy machine: a project that works must not be thrown away for that.
PATIENT = ("--timeout-scale", "4")


def prune(root: Path, architecture: str, reports: bool, example: bool) -> int:
    """Remove what belongs to parts that are off, and the list of parts itself; return the number of paths removed.

    Raises:
        RuntimeError: the list names a path that is not there, so that it does not rot.
    """
    parts_file = root / PARTS_FILE
    if not parts_file.exists():
        return 0
    parts = tomllib.loads(parts_file.read_text(encoding="utf-8"))["parts"]
    removed = 0
    for part in parts:
        is_on = architecture in part["architectures"] and (reports or not part.get("reports", False))
        is_on = is_on or (reports and part.get("also_with_reports", False))
        is_on = is_on and (example or not part.get("example", False))
        for name in part["paths"]:
            path = root / name
            if not path.exists():
                raise RuntimeError(f"{PARTS_FILE}: part {part['name']} names {name}, which the template does not have")
            if is_on:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            removed += 1
    parts_file.unlink()
    return removed


def drop_leftovers(root: Path) -> None:
    """Remove what a render from a developer's working tree carries along; never what a user of the project made."""
    if (root / FRESH).exists():
        (root / FRESH).unlink()
        for path in [path for pattern in LEFTOVERS for path in root.glob(pattern)]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    for folder, names, _ in os.walk(root):
        for name in set(names) & set(CACHES):
            shutil.rmtree(Path(folder) / name)
        names[:] = [name for name in names if name not in (*CACHES, ".venv", ".git")]


def write_env(root: Path) -> None:
    """Make .env by the project's own means, as a fresh clone does; a line the user already has is never touched."""
    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        [sys.executable, "-m", "configuration.env_file"], cwd=root, env=env, stdout=subprocess.DEVNULL, check=True
    )


def template_folder() -> Path | None:
    """Return the folder that the template was rendered from; None where that cannot be known."""
    named = Path(CONTEXT.get("_repo_dir") or "")
    # A relative name counts from where cookiecutter was started; while a hook runs, it stands in the folder itself.
    candidates = [named, Path(f"/proc/{os.getppid()}/cwd"), Path(os.environ.get("PWD", "")) / named]
    for folder in candidates:
        if folder.is_absolute() and all((folder / name).exists() for name in ("cookiecutter.json", "hooks")):
            return folder.resolve()
    return None


def ask_git(folder: Path, *words: str) -> str | None:
    """Return what git says of the checkout in `folder`; None without git, or where folder is no checkout of its own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ["git", "-C", str(folder), *words]
    if not (folder / ".git").exists():
        return None
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace", check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def address_of(template: str, folder: Path | None) -> str | None:
    """Return where the template is to be had, without credentials; a folder of this machine is told by its origin."""
    if not re.match(r"[\w+-]+:|[\w.-]+@", template):
        template = (folder and ask_git(folder, "remote", "get-url", "origin")) or ""
    if "://" in template:
        scheme, _, rest = re.split(r"[?#]", template)[0].partition("://")
        host, slash, path = rest.partition("/")
        user, at, host = host.rpartition("@")
        login = user.partition(":")[0] + at if scheme.endswith("ssh") else ""  # ssh://git@...: whom to ask for
        return f"{scheme}://{login}{host}{slash}{path}"
    return template if re.match(r"[\w+-]{2,}:|[\w.-]+@", template) else None


def record(root: Path) -> None:
    """Write down template, version, commit and answers, as a file that `cookiecutter --replay-file` takes."""
    folder = template_folder()
    commit = folder and ask_git(folder, "rev-parse", "HEAD")
    if folder and commit and ask_git(folder, "status", "--porcelain", "--", "cookiecutter.json", "hooks", "*slug>>/*"):
        commit += "-dirty"
    pyproject = folder / "pyproject.toml" if folder else None
    about = tomllib.loads(pyproject.read_text(encoding="utf-8")) if pyproject and pyproject.exists() else {}
    # What is derived has to be there too: on replay cookiecutter derives nothing anew. Of its own notes (_x) none is.
    answers = {k: v for k, v in CONTEXT.items() if re.match(r"[a-z]|__", k) and k != "__prompts__"}
    noted = {
        "template": address_of(str(CONTEXT.get("_template") or ""), folder),
        "version": about.get("project", {}).get("version"),
        "commit": commit or None,
        "cookiecutter": answers,
    }
    (root / RECORD).write_text(json.dumps(noted, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def find_uv() -> str | None:
    """Return uv, on PATH or beside the Python that cookiecutter runs under."""
    beside = Path(sys.executable).with_name("uv")
    return shutil.which("uv") or (str(beside) if os.access(beside, os.X_OK) else None)


def find_python(lowest: str) -> str | None:
    """Return a Python that is new enough for a plain venv."""
    if sys.version_info[:2] >= tuple(map(int, lowest.split("."))):
        return sys.executable
    return next(
        (
            found
            for minor in range(20, 10, -1)
            if f"3.{minor}" >= lowest and (found := shutil.which(f"python3.{minor}"))
        ),
        None,
    )


def make_environment(root: Path, lowest_python: str) -> str | None:
    """Make .venv with everything the gates need; return why not, in one line, when that cannot be done here."""
    env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    if uv := find_uv():
        # Offline, a cache that already holds every package will do.
        attempts = [[[uv, "sync", "--quiet"]], [[uv, "sync", "--quiet", "--offline"]]]
        remedy = "uv sync"
    elif python := find_python(lowest_python):
        pip = [str(root / ".venv/bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        # pip learned of dependency groups in 25.1.
        attempts = [
            [
                [python, "-m", "venv", ".venv"],
                [*pip, "--upgrade", "pip>=25.1"],
                [*pip, "--editable", ".", "--group", "dev"],
            ]
        ]
        remedy = "python3 -m venv .venv && .venv/bin/pip install -U pip && .venv/bin/pip install -e . --group dev"
    else:
        return f"neither uv nor a Python {lowest_python} is here; install one, then: uv sync"
    reasons = []
    for commands in attempts:
        reason = first_failure(root, commands, env)
        if reason is None:
            return None
        reasons.append(reason)
    return f"the environment could not be made ({reasons[0]}); with a network: {remedy}"


def first_failure(root: Path, commands: list[list[str]], env: dict[str, str]) -> str | None:
    """Run commands until one fails; return its own word on why, in one line, or None when all went well."""
    for command in commands:
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
            errors = (
                [line for line in lines if "error" in line.lower()]
                or lines
                or [f"{command[0]} ended with {done.returncode}"]
            )
            return errors[0][:200]
    return None


def run_gates(root: Path, static: bool) -> tuple[int, dict[str, Any]]:
    """Run the project's gates, their table on this terminal; return their exit code and what they wrote down."""
    env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONHOME")}
    if static:
        command = [sys.executable, "-m", "raw_runtime", "gates", "--all", "--static", *PATIENT]
        env |= {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    else:
        env.pop("PYTHONPATH", None)
        command = [str(root / ".venv/bin/python"), "-m", "raw_runtime", "gates", "--all", *PATIENT]
    sys.stdout.flush()
    code = subprocess.run(command, cwd=root, env=env, check=False).returncode
    results = sorted(root.glob(".raw/builds/*/result.json"), key=lambda path: path.stat().st_mtime)
    return code, json.loads(results[-1].read_text(encoding="utf-8")) if results else {}


def keep_logs(root: Path) -> Path | None:
    """Copy the gates' logs to a place that outlives the project, which cookiecutter removes after a failure."""
    builds = root / ".raw/builds"
    if not builds.is_dir():
        return None
    kept = Path(tempfile.mkdtemp(prefix=f"{root.name}-gates-"))
    shutil.copytree(builds, kept, dirs_exist_ok=True)
    return kept


def next_commands(architecture: str, raw: str, example: bool) -> tuple[str, ...]:
    """Return what to try first: one run of a workflow, a process of one's own, or the whole system; then the gates."""
    first = f"{raw} run {'analyze-cv' if example else 'analyze'} --json"
    if architecture != "single" and not example:
        webhooks = " --webhooks payment,shipment" if architecture == "full" else ""
        first = f"{raw} new process order-fulfilment --entity order --signals payment-received,shipped{webhooks}"
    elif architecture != "single":
        python = "uv run --group server python" if shutil.which("uv") else ".venv/bin/python"
        first = "make demo" if shutil.which("make") else f"{python} -m workflows.temporal demo"
    return first, f"{raw} gates --all"


def say(*lines: str) -> None:
    """Print lines at once: a pipe would hold them back until the end."""
    print(*lines, sep="\n", flush=True)


def main() -> int:
    """Finish the render; 0 when it stands, 1 when a gate failed."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    root, gates = Path.cwd(), CONTEXT["gates"]
    architecture, example = CONTEXT["__architecture"], CONTEXT["__example"] == "hiring"
    prune(root, architecture, CONTEXT["__reports"] == "yes", example)
    drop_leftovers(root)
    write_env(root)
    record(root)

    unmade = None
    if gates == "all":
        say("", "Making the environment (.venv) ...")
        unmade = make_environment(root, CONTEXT["python_version"])
    code, report = (0, {}) if gates == "none" else run_gates(root, static=gates == "static" or unmade is not None)
    if code:
        say(
            "",
            f"NOT GREEN: {root.name} failed its own gates; the lines above say which, and why.",
            f"  logs         {keep_logs(root) or 'none were written'}",
            "  to look      run the same command with --keep-project-on-failure, else cookiecutter removes the project",
            "",
        )
        return 1

    raw = "uv run raw" if shutil.which("uv") else ".venv/bin/raw"
    skipped = [gate for gate in report.get("gates", []) if gate["status"] == "SKIP"]
    passed = sum(gate["status"] == "PASS" for gate in report.get("gates", []))
    say("", f"{CONTEXT['project_name']} stands in {root} (shape: {architecture})")
    say(
        "  gates        none were run, as asked"
        if gates == "none"
        else f"  gates        {passed} passed, {len(skipped)} skipped"
    )
    if unmade:
        say(f"  not checked  {unmade}")
    elif gates != "all":
        say("  not checked  what needs an environment, as asked: uv sync, then: uv run raw gates --all")
    for gate in [] if unmade or gates != "all" else skipped:
        say(f"  not checked  {gate['gate']}: {gate['reason']}")
    say("  next", f"    cd {root.name}", *(f"    {words}" for words in next_commands(architecture, raw, example)), "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
