"""`python -m configuration.make_env`: makes .env from .env.example, with fresh secrets; needs nothing but a Python.

A line that .env has already is never touched, so it may run again, such as after .env.example has got new lines.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from base64 import b64encode
from pathlib import Path

_NAMES = re.compile(r"^(\w+)=", re.MULTILINE)
_GENERATED = re.compile(r"generate:(?P<kind>[a-z]+)")
_GENERATORS = {
    "token": lambda: secrets.token_urlsafe(32),
    "whsec": lambda: "whsec_" + b64encode(secrets.token_bytes(32)).decode(),
}


def make_env(root: Path) -> list[str]:
    """Add to .env (0600) what it lacks of .env.example; return the names of the variables that were added.

    Raises:
        OSError: .env.example cannot be read, or .env not written.
    """
    example, env = (root / ".env.example").read_text(encoding="utf-8"), root / ".env"
    had = env.read_text(encoding="utf-8") if env.exists() else ""
    names = set(_NAMES.findall(had))
    lacking = [name for name in _NAMES.findall(example) if name not in names]
    if not lacking:
        return []
    lines = (line for line in example.splitlines() if line.partition("=")[0] not in names)
    added = [_GENERATED.sub(lambda match: _GENERATORS[match["kind"]](), line) for line in lines]
    text = "\n".join(added) + "\n"
    with os.fdopen(os.open(env, os.O_WRONLY | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
        file.write(text if not had or had.endswith("\n") else f"\n{text}")
    return lacking


def main() -> int:
    """Make it in the project that this module belongs to; 0 done, 1 not."""
    try:
        added = make_env(Path(__file__).resolve().parents[1])
    except OSError as error:
        print(f"{error.filename} cannot be used ({error.strerror}).", file=sys.stderr)
        return 1
    print(f".env has {len(added)} new settings." if added else ".env has every setting of .env.example.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
