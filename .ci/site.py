"""Builds the static site of docs/, strictly: a warning is an error.

python .ci/site.py [--to FOLDER] writes it to site/, or to FOLDER. Needs the group `docs` and no network. On GitHub the
pages are read as they lie; in the site a link that leads out of docs/ goes to the file's page on GitHub. Exit code 1:
a warning or an error of the generator, which is shown, or FOLDER holds something else.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from urllib.parse import quote, unquote

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / ".ci/zensical.toml"
LINK = re.compile(r"(?<=\]\()\.\./([^()\s]+)(?=\))")


def with_outer_links(text: str, repository: str) -> str:
    """Return a page whose links out of docs/ lead to the repository; all others stay as they are."""

    def address(link: re.Match[str]) -> str:
        name, hash_sign, anchor = link[1].partition("#")
        kind = "tree" if (ROOT / unquote(name)).is_dir() else "blob"
        return f"{repository}/{kind}/main/{quote(unquote(name))}{hash_sign}{anchor}"

    return LINK.sub(address, text)


def build(to: Path) -> int:
    """Build the site into a folder, which is made anew; return the generator's exit code, its words on stderr."""
    repository = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["project"]["repo_url"]
    with tempfile.TemporaryDirectory(prefix="site-") as name:
        work = Path(name)
        shutil.copy(CONFIG, work)
        shutil.copytree(ROOT / "docs", work / "docs")
        for page in (work / "docs").rglob("*.md"):
            page.write_text(with_outer_links(page.read_text(encoding="utf-8"), repository), encoding="utf-8")
        command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
        done = subprocess.run(
            command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            print(done.stdout, file=sys.stderr)
            return 1
        if to.exists():
            shutil.rmtree(to)
        shutil.copytree(work / "site", to)
    return 0


def main() -> int:
    """Build; 0 when the site stands."""
    parser = argparse.ArgumentParser(description="Build the static site of docs/.")
    parser.add_argument("--to", type=Path, default=ROOT / "site", help="where to (default: site/ of the checkout)")
    to = parser.parse_args().to.resolve()
    if to.exists() and not (to / "sitemap.xml").exists() and any(to.iterdir()):
        print(f"--to: {to} holds something else than a site; name another folder.", file=sys.stderr)
        return 1
    code = build(to)
    if code == 0:
        print(f"{to}: {len(list(to.rglob('*.html')))} pages")
    return code


if __name__ == "__main__":
    sys.exit(main())
