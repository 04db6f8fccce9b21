"""Lists the licences of what a rendered project depends on, from the packages' own metadata.

python .ci/licences.py prints docs/licences.md; --write writes it. Exit code 1: a package's licence is not known, or is
one that would bind those who ship the project (GPL, AGPL); each is named on stderr. Needs the template's environment.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/licences.md"
# What stands in classifiers and free text, in the words of SPDX; as it is where nothing fits.
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
}
KNOWN = frozenset(
    [
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC0-1.0",
        "CNRI-Python",
        "ISC",
        "LGPL-3.0-or-later",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "MPL-2.0",
        "PSF-2.0",
        "Python-2.0",
        "Unlicense",
        "Zlib",
    ]
)
HEAD = """# Licences of dependencies

What a rendered project of the shape full needs to run, with all that comes along; the other shapes need less. The
second table is of what is used in development only. Made by `.venv/bin/uv run python .ci/licences.py --write` from the
packages' own metadata; a test refuses a licence that is not known, or that would bind those who ship the project.

"""


def rendered_requirements() -> tuple[list[str], list[str]]:
    """Return what the full shape with reports depends on, to run and in development only."""
    text = (ROOT / ("<" + "<cookiecutter.project_slug>>") / "pyproject.toml").read_text(encoding="utf-8")
    # Every part is on: the conditions go, what they hold stays; the two branches of an else are no dependencies.
    text = re.sub(r"<" + r"%.*?%>", "", text)
    text = re.sub(r"<" + r"< .*? >>", "x", text).partition("[tool.")[0]
    project = tomllib.loads(text)
    groups = project["dependency-groups"]
    return project["project"]["dependencies"], [*groups["dev"], *groups["server"], *groups["integration"]]


def closure(requirements: Iterable[str]) -> set[str]:
    """Return the names of the installed packages that the requirements bring along, themselves included."""
    found: set[tuple[str, str]] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra_of_parent = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra_of_parent}):
            continue
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) not in found:
                found.add((name, extra))
                waiting += [(Requirement(text), extra) for text in metadata.requires(name) or []]
    return {name for name, _ in found}


def licence(name: str) -> str:
    """Return a package's licence in SPDX's words, or what its metadata says, or "unknown"."""
    about = metadata.metadata(name)
    if expression := about["License-Expression"]:
        return str(expression)
    classifiers = [text for text in about.get_all("Classifier") or [] if text.startswith("License :: ")]
    said = [text.rpartition(" :: ")[2] for text in classifiers if not text.endswith("OSI Approved")]
    said = said or [str(about["License"] or "unknown").splitlines()[0]]
    return " OR ".join(SPDX.get(text, text) for text in said)


def faults(names: Iterable[str]) -> list[str]:
    """Return one sentence for each package whose licence does not do."""
    found = []
    for name in sorted(names):
        terms = re.split(r"\s+AND\s+", licence(name).replace("(", "").replace(")", ""))
        if not all(any(choice.partition(" WITH ")[0] in KNOWN for choice in term.split(" OR ")) for term in terms):
            found.append(
                f"{name}: {licence(name)}: look at it; if it will do, add it to KNOWN or SPDX in .ci/licences.py"
            )
    return found


def table(names: Iterable[str]) -> str:
    """Return the names with their licences, as a Markdown table."""
    rows = "\n".join(f"| {name} | {licence(name)} |" for name in sorted(names))
    return f"| Package | Licence |\n|---|---|\n{rows}\n"


def main(arguments: list[str]) -> int:
    """Print or write the page; 1 where a licence does not do."""
    runtime, development = map(closure, rendered_requirements())
    page = HEAD + table(runtime) + "\n## In development only\n\n" + table(development - runtime)
    if "--write" in arguments:
        PAGE.write_text(page, encoding="utf-8")
    else:
        print(page, end="")
    found = faults(runtime | development)
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
