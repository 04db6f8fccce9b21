"""What a template becomes, whatever its values hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from configuration.base import ROOT
from tools import email
from tools.email.compose import _models
from tools.email.tests.composing import REPORT, check_both_say, check_hostile_values, check_refused, composed


def test_every_template_has_its_text_its_html_and_its_values() -> None:
    folder = Path(email.__file__).parent / "templates"
    pages = {path.stem for path in folder.glob("*.html") if not path.name.startswith("_")}
    assert set(email.TEMPLATES) == pages == set(_models())


def test_text_and_html_say_the_same() -> None:
    check_both_say(composed(), REPORT)


def test_hostile_values_stay_text() -> None:
    check_hostile_values("report", REPORT)


@pytest.mark.parametrize(
    ("template", "changes", "named"),
    [
        ("report", {"subject": ""}, "subject"),
        ("report", {"summary": None}, "summary"),
        ("report", {"age": 3}, "age"),
        ("report", {"link": "ftp://x"}, "link"),
        ("report", {"link": "javascript:alert(1)"}, "https://"),
        ("welcome", {}, "report"),
    ],
)
def test_wrong_values_are_named(template: str, changes: dict[str, object], named: str) -> None:
    check_refused(template, {**REPORT, **changes}, named)


@pytest.mark.parametrize(
    "to", ["", "ann", "ann@", "@x.y", "a b@c.d", "a@b\nBcc: x@y", "a@b.c, d@e.f", "a@b@c", "ü@x.y", "a" * 600]
)
def test_wrong_addresses_are_refused_and_not_repeated(to: str) -> None:
    with pytest.raises(email.EmailError, match="to is no mail address") as caught:
        email.compose("report", to=to, message_id="m-1", **REPORT)
    assert len(str(caught.value)) < 100


def test_importing_the_tool_imports_no_library() -> None:
    heavy = ["aiosmtplib", "jinja2", "pydantic"]
    code = f"import sys; from tools import email; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
