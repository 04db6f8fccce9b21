"""Makes `.env` out of `.env.example`, with fresh secrets; what a `.env` holds already stays as it is.

A fresh clone has none, since it is never committed. Needs nothing installed: python -m configuration.env_file
"""

from __future__ import annotations

import os
import re
import secrets
from base64 import b64encode
from pathlib import Path

GENERATED = re.compile(r"generate:(?P<kind>[a-z]+)")
GENERATORS = {
    "token": lambda: secrets.token_urlsafe(32),
    "whsec": lambda: "whsec_" + b64encode(secrets.token_bytes(32)).decode(),
}


def make_env(root: Path) -> int:
    """Write what `root`/.env lacks of `root`/.env.example (mode 0600); return how many settings that were."""
    env = root / ".env"
    had = env.read_text(encoding="utf-8") if env.exists() else ""
    names = set(re.findall(r"^(\w+)=", had, flags=re.MULTILINE))
    lines = (root / ".env.example").read_text(encoding="utf-8").splitlines()
    wanted = {line.partition("=")[0] for line in lines if re.match(r"\w+=", line)}
    if wanted <= names:
        return 0
    kept = [line for line in lines if line.partition("=")[0] not in names & wanted]
    added = [GENERATED.sub(lambda match: GENERATORS[match["kind"]](), line) for line in kept]
    with os.fdopen(os.open(env, os.O_WRONLY | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
        if had and not had.endswith("\n"):
            file.write("\n")
        file.write("\n".join(added) + "\n")
    return len(wanted - names)


if __name__ == "__main__":
    if count := make_env(Path(__file__).resolve().parents[1]):
        print(f"Made .env: {count} settings, each explained in it; its secrets are this machine's own.")
