"""`raw doctor` and the state in `raw show tools`: what is found, whatever the modules that are asked do."""

from __future__ import annotations

import json
import signal
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cli_support import Project, wait_for

from raw_runtime.doctor import check
from raw_runtime.doctor.examine import CONFIGURED, DEFAULT, Patient

DOCTOR = """\
from collections import namedtuple

from pydantic import SecretStr

from configuration.base import EnvSettings

State = namedtuple("State", "kind detail")
Finding = namedtuple("Finding", "name ok detail remedy")


class Settings(EnvSettings):
    {name}_url: SecretStr | None = None
    {name}_port: int = 1


SETTINGS = Settings


def state(settings):
    if settings.{name}_url is None:
        return State("default", "{name} is kept in a file.")
    return State("configured", "{name} is set.")


async def check(settings):
    {check}
"""
FINE = 'return [Finding("login", True, "It let us in.", "")]'
ILL = 'return [Finding("login", False, "It refused the password.", "Put the right one into MAIL_URL.")]'
RAISES = 'raise ValueError("s3cret in an error")'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def add(project: Project, name: str, check: str = FINE, text: str = DOCTOR) -> None:
    folder = project.root / "tools" / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "doctor.py").write_text(text.replace("{name}", name).replace("{check}", check))


def diagnosis(project: Project, name: str, *args: str, **env: str) -> tuple[int, dict[str, Any]]:
    done = project.raw("doctor", name, "--json", *args, env=env)
    (found,) = json.loads(done.stdout)["integrations"]
    assert "s3cret" not in done.stdout
    assert "Traceback" in done.stderr if args else done.stderr == ""
    return done.returncode, found


def test_a_default_is_fine_and_is_not_asked(project: Project) -> None:
    add(project, "mail", RAISES)
    done = project.raw("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(maxsplit=4) for line in done.stdout.splitlines()] == [
        ["NAME", "STATE", "CHECK", "RESULT", "DETAIL"],
        ["mail", "default", "-", "ok", "mail is kept in a file."],
        [],
        ["1", "fine."],
    ]


def test_what_is_ill_is_told_with_its_remedy(project: Project) -> None:
    add(project, "mail", ILL)
    add(project, "store")
    done = project.raw("doctor", env={"MAIL_URL": "s3cret", "STORE_URL": "s3cret"})
    assert (done.returncode, done.stderr) == (1, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[1:3] == [
        "mail configured login FAIL It refused the password.",
        "Remedy: Put the right one into MAIL_URL.",
    ]
    assert lines[3] == "store configured login ok It let us in."
    assert lines[-1] == "1 fine, 1 not: mail."
    assert project.raw("doctor", "store", env={"STORE_URL": "s3cret"}).returncode == 0


@pytest.mark.parametrize(
    ("check", "text", "env", "state", "words"),
    [
        (RAISES, DOCTOR, {"MAIL_URL": "s3cret"}, "configured", "The check of mail itself failed: ValueError at doctor"),
        ("return None", DOCTOR, {"MAIL_URL": "s3cret"}, "configured", "itself failed: TypeError."),
        (FINE, DOCTOR, {"MAIL_PORT": "s3cret"}, "broken", "MAIL_PORT is wrong: input should be a valid integer"),
        (FINE, "SETTINGS = int\n", {}, "broken", "tools/mail/doctor.py has no state and no check."),
        (FINE, "import no_such_library\n", {}, "broken", "does not load: ModuleNotFoundError: No module named"),
        (FINE, "def broken(:\n", {}, "broken", "tools/mail/doctor.py does not load: SyntaxError"),
        (
            FINE,
            DOCTOR + "\n\ndef state(settings): raise KeyError('s3cret')\n",
            {},
            "broken",
            "state() of tools/mail/doctor.py",
        ),
        (FINE, DOCTOR.replace('"default"', '"defalt"'), {}, "broken", "state() of tools/mail/doctor.py gave 'defalt'."),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(
    project: Project, check: str, text: str, env: dict[str, str], state: str, words: str
) -> None:
    add(project, "mail", check, text)
    code, found = diagnosis(project, "mail", **env)
    (finding,) = found["findings"]
    assert (code, found["state"], found["ok"], finding["ok"]) == (1, state, False, False)
    assert words in finding["detail"]
    assert finding["detail"].endswith(".")
    assert finding["remedy"]
    if state == "broken":
        listed = project.raw("show", "tools", env=env)
        assert listed.returncode == 0
        assert "  broken " in listed.stdout
        assert words in listed.stdout


def test_a_project_without_settings_of_this_kind(project: Project) -> None:
    (project.root / "configuration").mkdir()
    (project.root / "configuration" / "__init__.py").write_text("")
    add(project, "mail", text="SETTINGS = state = check = None\n")
    code, found = diagnosis(project, "mail")
    assert (code, found["state"]) == (1, "broken")
    assert "No module named 'configuration.base'" in found["detail"]


def test_the_traceback_of_a_check_is_there_for_the_asking(project: Project) -> None:
    add(project, "mail", RAISES)
    code, _ = diagnosis(project, "mail", "--debug", MAIL_URL="x")
    assert code == 1


def test_names_that_are_none_are_refused(project: Project) -> None:
    add(project, "mail")
    (project.root / "tools" / "prose").mkdir()
    done = project.raw("doctor", "maill")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "raw: There is no integration 'maill'. Did you mean mail?\n"
    done = project.raw("doctor", "prose")
    assert (done.returncode, done.stderr) == (
        2,
        "raw: The tool prose reaches nothing outside: there is nothing to check.\n",
    )


def test_modules_beside_the_tools_are_listed_in_the_configuration(project: Project) -> None:
    (project.root / "records").mkdir()
    (project.root / "records" / "doctor.py").write_text(DOCTOR.replace("{name}", "rec").replace("{check}", FINE))
    config = project.root / ".raw" / "config.yaml"
    config.write_text('version: "0.2.0"\ndoctor: [records.doctor]\n')
    done = project.raw("doctor", "records", env={"REC_URL": "x"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "It let us in." in done.stdout
    add(project, "records")
    assert "doctor lists records again" in project.raw("doctor").stderr
    for wrong in ("doctor: records", "doctor: [../x]", "doctor: [1]"):
        config.write_text(wrong)
        done = project.raw("doctor")
        assert done.returncode == 2
        assert done.stderr == "raw: .raw/config.yaml: doctor must be a list of modules, such as [db.doctor].\n"
    config.write_text("doctor: [")
    assert ".raw/config.yaml:1: this is not valid YAML." in project.raw("doctor").stderr


def test_a_project_without_integrations(project: Project) -> None:
    done = project.raw("doctor")
    assert (done.returncode, done.stdout.partition(":")[0]) == (0, "Nothing to check")


def test_tools_are_shown_with_their_state(project: Project) -> None:
    add(project, "mail")
    (project.root / "tools" / "prose").mkdir()
    rows = [line.split() for line in project.raw("show", "tools", env={"MAIL_URL": "s3cret"}).stdout.splitlines()]
    assert rows[0] == ["TOOL", "VERSION", "STATUS", "STATE", "DESCRIPTION"]
    assert rows[1:] == [["mail", "-", "-", "configured", "-"], ["mail", "is", "set."], ["prose", "-", "-", "-", "-"]]
    assert "  State:    default: mail is kept in a file.\n" in project.raw("show", "mail").stdout


@pytest.mark.parametrize("hangs", ["await asyncio.sleep(600)", "time.sleep(600)", "await asyncio.to_thread(wait)"])
def test_ctrl_c_ends_it_at_once_whatever_a_check_does(project: Project, hangs: str) -> None:
    began = project.root / "began"
    start = f"import asyncio, time; wait = lambda: time.sleep(600); open({str(began)!r}, 'w').close(); "
    add(project, "mail", start + hangs)
    process = project.start("doctor", env=project.env(MAIL_URL="x"))
    wait_for(began.exists, "the check")
    process.send_signal(signal.SIGINT)
    interrupted = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert time.monotonic() - interrupted < 5


def patient(name: str, body: str, state: str = CONFIGURED) -> Patient:
    code = f"import asyncio, time\nasync def check(settings):\n{textwrap.indent(body, '    ')}"
    module: dict[str, Any] = {"Finding": lambda **given: SimpleNamespace(**given)}
    exec(code, module)
    return Patient(name, state, "detail", SimpleNamespace(check=module["check"], __file__=__file__))


ONE = "return [Finding(name='a', ok=True, detail='b', remedy='')]"


def test_checks_run_side_by_side_each_with_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "LIMIT_SECONDS", 0.6)
    slow = [patient(f"slow-{n}", f"await asyncio.sleep(0.3)\n{ONE}") for n in range(10)]
    stuck = [patient("stuck", "await asyncio.sleep(60)"), patient("default", "raise ValueError", DEFAULT)]
    began = time.monotonic()
    assert check.check_all([*slow, *stuck])
    assert time.monotonic() - began < 1.5
    assert all(one.ok and len(one.findings) == 1 for one in slow)
    assert [(found.ok, found.detail) for found in stuck[0].findings] == [(False, "It did not end within 0.6 s.")]
    assert stuck[1].ok
    assert stuck[1].findings == []


def test_a_check_that_blocks_the_others_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "OVERALL_SECONDS", 0.5)
    monkeypatch.setattr(check, "_LEAVING_SECONDS", 0.1)
    patients = [patient("quick", ONE), patient("blocks", f"time.sleep(2)\n{ONE}")]
    assert not check.check_all(patients)
    assert [one.ok for one in patients] == [True, False]


def test_a_thread_that_goes_on_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "LIMIT_SECONDS", 0.2)
    monkeypatch.setattr(check, "_LEAVING_SECONDS", 0.1)
    assert not check.check_all([patient("thread", "await asyncio.to_thread(time.sleep, 1.5)")])
