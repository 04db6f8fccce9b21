"""Keeps a repository that holds the default render, one commit for each release, so that `Use this template` works.

    python .ci/starter.py --to REMOTE [--branch main] [--releases TAG ...]

Renders every release (tag vX.Y.Z of this checkout) after the last that REMOTE has, oldest first, and pushes the commits
and their tags: nothing is rewritten, and a release that changes no rendered file adds nothing. The commit is the
same wherever it is made: its date is the release's own. There is no .env in it (it holds secrets), and no uv.lock (it
would be old on the day somebody starts from it): `make setup` makes both. Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD = ".cookiecutter.json"
NEVER = {".env", ".venv", "uv.lock"}


def git(folder: Path, *words: str, **env: str) -> str:
    """Run git in a folder, with no configuration but the system's own; return what it printed."""
    outer = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith("GIT_SSH")}
    command = ["git", "-C", str(folder), "-c", "core.excludesFile=", "-c", "core.autocrlf=false", *words]
    done = subprocess.run(command, env=outer | env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git {words[0]} failed: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return done.stdout.strip()


def number(tag: str) -> tuple[int, ...]:
    """Return the version that a tag names, to compare."""
    return tuple(map(int, tag[1:].split(".")))


def releases(repository: Path) -> list[str]:
    """Return the tags of the releases, oldest first."""
    found = [tag for tag in git(repository, "tag").splitlines() if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
    return sorted(found, key=number)


def render(tag: str, work: Path) -> Path:
    """Render the default answers from the template as it was released."""
    template, output = work / f"template-{tag}", work / f"render-{tag}"
    git(ROOT, "clone", "-q", "--branch", tag, str(ROOT), str(template))
    try:
        git(template, "remote", "set-url", "origin", git(ROOT, "remote", "get-url", "origin"))
    except RuntimeError:
        git(template, "remote", "remove", "origin")  # a checkout without one: no address to record
    cookiecutter = shutil.which("cookiecutter", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if cookiecutter is None:
        raise RuntimeError("cookiecutter is not here: pip install 'cookiecutter>=2.7.1,<3'")
    words = [cookiecutter, str(template), "--no-input", "--default-config", "--output-dir", str(output), "gates=none"]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{tag} does not render: {done.stdout.strip()[-500:]}")
    (project,) = output.iterdir()
    return project


def replace_tree(project: Path, repository: Path) -> bool:
    """Put the render in the place of what the repository holds; True where more than the record has changed."""
    for path in repository.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in project.iterdir():
        if path.name not in NEVER:
            (shutil.copytree if path.is_dir() else shutil.copy2)(path, repository / path.name)
    git(repository, "add", "-A")
    changed = git(repository, "diff", "--cached", "--name-only").splitlines()
    hidden = set(git(repository, "ls-files").splitlines()) & NEVER
    if hidden:
        raise RuntimeError(f"{', '.join(hidden)} would be published; the .gitignore of the render must name it")
    return bool(set(changed) - {RECORD})


def publish(to: str, branch: str, wanted: list[str], work: Path) -> list[str]:
    """Commit and push the releases that the remote does not have; return one line for each."""
    repository = work / "starter"
    git(work, "init", "-q", "--initial-branch", branch, str(repository))
    git(repository, "remote", "add", "origin", to)
    git(repository, "fetch", "-q", "--tags", "origin")
    if git(repository, "branch", "--remotes", "--list", f"origin/{branch}"):
        git(repository, "checkout", "-q", branch)
    had = releases(repository)
    lines = []
    for tag in [tag for tag in wanted if not had or number(tag) > number(had[-1])]:
        if not replace_tree(render(tag, work), repository):
            lines.append(f"{tag}: nothing has changed")
            continue
        at = git(ROOT, "log", "-1", "--format=%cI", tag)
        who = {"AUTHOR_NAME": "raw-system", "AUTHOR_EMAIL": "raw-system@users.noreply.github.com"}
        who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
        who |= {"AUTHOR_DATE": at, "COMMITTER_DATE": at}
        git(repository, "commit", "-q", "-m", f"raw-system {tag[1:]}", **{f"GIT_{k}": v for k, v in who.items()})
        git(repository, "tag", tag)
        lines.append(f"{tag}: {git(repository, 'rev-parse', '--short', 'HEAD')}")
    if any("nothing" not in line for line in lines):
        git(repository, "push", "-q", "--atomic", "origin", branch, "--tags")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Publish what is missing, and say what was done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--to", required=True, metavar="REMOTE", help="address of the repository, as git takes it")
    parser.add_argument("--branch", default="main")
    parser.add_argument("--releases", nargs="+", metavar="TAG", help="only these (default: every tag vX.Y.Z)")
    options = parser.parse_args(arguments)
    wanted = [tag for tag in releases(ROOT) if options.releases is None or tag in options.releases]
    if not wanted:
        print("There is no release to publish: tag one as vX.Y.Z.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        try:
            lines = publish(options.to, options.branch, wanted, Path(folder))
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 1
    print(*lines or ["Every release is there."], sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
