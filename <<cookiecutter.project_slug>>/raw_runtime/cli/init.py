"""`raw init`: `.raw/` in the current folder."""

from __future__ import annotations

from pathlib import Path

from raw_runtime.cli.options import Option, parse
from raw_runtime.project import Project

HELP = """\
usage: raw init [--hooks]

Makes .raw/ and tools/ in the current folder. Files that exist stay as they are.

  --hooks   let a coding assistant's session in this folder begin with `raw show`
            (an entry in .claude/settings.local.json)
"""


def init_command(argv: list[str]) -> int:
    """Run `raw init` with these arguments and return the exit code."""
    own, _ = parse("init", (Option("--hooks"),), argv, most=0)
    if "--help" in own:
        print(HELP, end="")
        return 0
    from raw_runtime.scaffold.project import init_project, write_hooks

    root = Path.cwd()
    if (root / ".raw" / "config.yaml").exists():
        print(f"RAW is already initialized in {root}")
    else:
        for path in init_project(root):
            print(f"Wrote {path.relative_to(root)}")
        print('Next: raw create NAME --intent "what it does"')
    if "--hooks" in own:
        hooks = write_hooks(Project(root))
        print(f"Wrote {hooks.relative_to(root)}" if hooks else "The hook is there already")
    return 0
