"""No dependency of a rendered project has a licence that is not known, or that would bind those who ship it."""

from __future__ import annotations

from email.message import Message
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from support import load_script


def test_every_licence_will_do() -> None:
    licences = load_script("licences")
    runtime, development = map(licences.closure, licences.rendered_requirements())
    assert {"pydantic", "pydantic-core", "temporalio", "fastapi", "pygal"} <= runtime
    assert len(runtime) > 60
    assert licences.faults(runtime | development) == []


def test_the_page_names_what_we_depend_on() -> None:
    """What comes along may vary from day to day; `python .ci/licences.py --write` makes the page anew."""
    licences = load_script("licences")
    text = licences.PAGE.read_text()
    runtime, development = licences.rendered_requirements()
    for requirement in runtime + development:
        name = licences.canonicalize_name(Requirement(requirement).name)
        assert f"| {name} | {licences.licence(name)} |\n" in text


@pytest.mark.parametrize(
    ("fields", "expected", "will_do"),
    [
        ({"License-Expression": "GPL-3.0-only"}, "GPL-3.0-only", False),
        ({"License-Expression": "MIT AND AGPL-3.0-only"}, "MIT AND AGPL-3.0-only", False),
        ({"License-Expression": "GPL-3.0-only OR MIT"}, "GPL-3.0-only OR MIT", True),
        ({"License-Expression": "Apache-2.0 WITH LLVM-exception"}, "Apache-2.0 WITH LLVM-exception", True),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT", True),
        ({"Classifier": "License :: OSI Approved", "License": "BSD"}, "BSD-3-Clause", True),
        ({"License": "MIT License"}, "MIT", True),
        ({}, "unknown", False),
    ],
)
def test_what_a_package_says_is_understood(
    fields: dict[str, str], expected: str, will_do: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = Message()
    for key, value in fields.items():
        about[key] = value
    monkeypatch.setattr(metadata, "metadata", lambda _: about)
    licences = load_script("licences")
    assert licences.licence("x") == expected
    assert (licences.faults(["x"]) == []) is will_do
