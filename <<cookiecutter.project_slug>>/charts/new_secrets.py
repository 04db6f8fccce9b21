"""Fresh secrets, in the form of k8s/secret.example.yml."""

from __future__ import annotations

import re
import secrets
from base64 import b64encode

from charts.project import MANIFESTS, chart_folder

_WANTED = re.compile(r"generate:(?P<kind>token|whsec)(?::(?P<name>\w+))?")


def fresh(*, name: str | None = None, namespace: str | None = None) -> str:
    """Return the example with passwords and keys in the place of each `generate:KIND[:NAME]`.

    The same NAME gets the same secret.

    Args:
        name: what the chart's objects are named after; the chart's own name if none is given.
        namespace: the Secrets' namespace; the same.
    """
    system = chart_folder().name
    known: dict[str, str] = {}

    def make(match: re.Match[str]) -> str:
        secret = (
            "whsec_" + b64encode(secrets.token_bytes(32)).decode()
            if match["kind"] == "whsec"
            else secrets.token_urlsafe(32)
        )
        return known.setdefault(match["name"], secret) if match["name"] else secret

    lines = (MANIFESTS / "secret.example.yml").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")) + "\n"
    text = text.replace(f"namespace: {system}\n", f"namespace: {namespace or system}\n")
    text = text.replace(f"{system}-", f"{name or system}-")
    return _WANTED.sub(make, text)
