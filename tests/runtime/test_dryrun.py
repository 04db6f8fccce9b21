"""Dry runs: mocks, no network, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import GREET, Project, read_pid, run_out_of_time, wait_gone

from raw_runtime import network
from raw_runtime.dryrun import DryRunContext, load_mock

DRY = """\
import sys
from run import Greet

if __name__ == "__main__":
    Greet.main(["--name=Mock", *sys.argv[1:]])
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    folder = project.add("greet", GREET)
    (folder / "dry_run.py").write_text(DRY)
    return project


def dry(project: Project, body: str, *args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    (project.workflow("greet") / "dry_run.py").write_text(body)
    return project.raw("run", "greet", "--dry", *args, env=env)


def files(project: Project) -> set[str]:
    folder = project.workflow("greet")
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


def test_a_dry_run_leaves_nothing_in_the_folder(project: Project) -> None:
    before = files(project)
    done = project.raw("run", "greet", "--dry", "--times", "2")
    assert done.returncode == 0, done.stderr
    assert "Hello Mock, Hello Mock" in done.stdout
    assert files(project) == before


def test_a_dry_run_gives_its_result_as_json(project: Project) -> None:
    done = project.raw("run", "greet", "--dry", "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert result["result"] == {"text": "Hello Mock"}
    assert (result["run_dir"], result["run_id"], result["artifacts"]) == ("", "", [])


def test_a_dry_run_runs_in_the_workflow_folder(project: Project) -> None:
    assert dry(project, "import os; print(os.getcwd())").stdout == f"{project.workflow('greet')}\n"


def test_a_failing_dry_run_keeps_its_code(project: Project) -> None:
    assert dry(project, "raise SystemExit(4)").returncode == 4


def test_a_dry_run_out_of_time_is_ended(project: Project) -> None:
    body = "import os, time, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(300)\n"
    (project.workflow("greet") / "dry_run.py").write_text(body)
    pid = project.workflow("greet") / "pid"
    run_out_of_time(project, "run", "greet", "--dry", began=pid)
    wait_gone(read_pid(pid))


def test_a_missing_dry_run_names_the_remedy(project: Project) -> None:
    (project.workflow("greet") / "dry_run.py").unlink()
    done = project.raw("run", "greet", "--dry")
    assert done.returncode == 1
    assert done.stderr == "raw: greet has no dry_run.py. Write one to begin with: raw run greet --dry --init\n"


def test_init_writes_a_dry_run_that_runs(project: Project) -> None:
    folder = project.workflow("greet")
    (folder / "dry_run.py").unlink()
    done = project.raw("run", "greet", "--dry", "--init")
    assert done.returncode == 0
    assert json.loads((folder / "mocks" / "example.json").read_text())
    again = project.raw("run", "greet", "--dry")
    assert again.returncode == 0
    assert "2 mocked values: status, message" in again.stdout


def test_init_leaves_a_dry_run_as_it_is_and_runs_it(project: Project) -> None:
    done = project.raw("run", "greet", "--dry", "--init")
    assert done.returncode == 0
    assert "Hello Mock" in done.stdout
    assert (project.workflow("greet") / "dry_run.py").read_text() == DRY


ATTEMPTS = {
    "import socket; socket.create_connection(('203.0.113.7', 8443), 2)": "203.0.113.7:8443",
    "import socket; socket.getaddrinfo('api.example.com', 443)": "api.example.com:443",
    "import socket; socket.gethostbyname('db.example.com')": "db.example.com",
    "import urllib.request; urllib.request.urlopen('http://example.org/x')": "example.org:80",
    "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('203.0.113.7', 53))": "203.0.113.7:53",
    "import socket; socket.socket().connect_ex(('127.0.0.1', 9))": "127.0.0.1:9",
    "import socket; socket.socket().bind(('127.0.0.1', 8000))": "127.0.0.1:8000",
    "import socket; socket.socket(socket.AF_INET6).connect(('::1', 25))": "[::1]:25",
    "import asyncio; asyncio.run(asyncio.open_connection('example.net', 5432))": "example.net:5432",
}


@pytest.mark.parametrize(("code", "target"), ATTEMPTS.items())
def test_the_network_is_shut(project: Project, code: str, target: str) -> None:
    done = dry(project, code)
    assert done.returncode == 1
    assert f"tried to reach {target}" in done.stderr.splitlines()[-1]
    assert "NetworkShutError: The network is shut in a dry run" in done.stderr


def test_a_hidden_attempt_fails_the_dry_run_all_the_same(project: Project) -> None:
    body = (
        "import socket\n"
        "for port in (80, 443, 80):\n"
        "    try:\n        socket.create_connection(('203.0.113.7', port), 1)\n"
        "    except Exception:\n        pass\n"
        "print('all is well')\n"
    )
    done = dry(project, body, "--json")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert (result["status"], result["exit_code"]) == ("error", 1)
    assert "tried to reach 203.0.113.7:80, 203.0.113.7:443:" in result["message"]
    assert "all is well" in done.stderr


def test_a_python_that_the_script_starts_has_no_network_either(project: Project) -> None:
    inner = "import socket\ntry:\n    socket.create_connection((\\'203.0.113.7\\', 25))\nexcept OSError:\n    pass"
    body = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', '''{inner}'''], check=True)\n"
    done = dry(project, body)
    assert done.returncode == 1
    assert "tried to reach 203.0.113.7:25" in done.stderr


def test_sockets_within_the_machine_stay_open(project: Project) -> None:
    body = (
        "import asyncio, multiprocessing, socket\n"
        "left, right = socket.socketpair()\nleft.send(b'x')\nassert right.recv(1) == b'x'\n"
        "asyncio.run(asyncio.sleep(0))\n"
        "queue = multiprocessing.get_context('fork').SimpleQueue()\nqueue.put('through')\nprint(queue.get())\n"
        "print(socket.gethostname() != '')\n"
    )
    done = dry(project, body)
    assert (done.returncode, done.stdout) == (0, "through\nTrue\n"), done.stderr


def test_the_namespace_holds_programs_that_are_no_python(project: Project) -> None:
    probe = "from raw_runtime import network; print(network.isolate())"
    allowed = subprocess.run([sys.executable, "-c", probe], env=project.env(), capture_output=True, text=True)
    # What the system allows is known; then the dry run must have used it: only the loopback is left, and down.
    done = dry(project, "import subprocess\nprint(subprocess.check_output(['cat', '/proc/net/dev'], text=True))")
    names = [line.split(":")[0].strip() for line in done.stdout.splitlines() if ":" in line]
    mine = [line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines() if ":" in line]
    assert names == (["lo"] if allowed.stdout == "True\n" else mine)


def test_the_isolated_process_is_the_same_user_and_can_write(project: Project) -> None:
    body = "import os, pathlib\np = pathlib.Path('mark')\np.write_text('x')\nprint(os.geteuid(), p.stat().st_uid)\n"
    done = dry(project, body)
    assert (done.returncode, done.stdout.split()) == (0, [str(os.geteuid())] * 2)


def test_an_own_sitecustomize_still_runs(project: Project) -> None:
    site = project.root / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import builtins\nbuiltins.customized = True\n")
    (project.workflow("greet") / "dry_run.py").write_text("print(customized)\n")
    env = {"PYTHONPATH": f"{project.env()['PYTHONPATH']}{os.pathsep}{site}"}
    done = project.raw("run", "greet", "--dry", env=env)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_a_run_is_not_guarded(project: Project) -> None:
    project.add("server", "import socket\ns = socket.create_server(('127.0.0.1', 0))\nprint('bound')\n")
    assert project.raw("run", "server").stdout == "bound\n"


def test_attempts_are_told_once_each(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.write_text("a:1\nb:2\na:1\n")
    assert network.attempts(report) == ["a:1", "b:2"]


def test_mocks_are_found_beside_the_script(project: Project) -> None:
    mocks = project.workflow("greet") / "mocks"
    mocks.mkdir()
    (mocks / "cv.json").write_text('{"name": "Ada"}')
    body = (
        "from raw_runtime.dryrun import DryRunContext, load_mock\n"
        "context = DryRunContext()\ncontext.log(load_mock('cv')['name'] + context.load_mock('cv.json')['name'])\n"
    )
    (project.workflow("greet") / "dry_run.py").write_text(body)
    assert project.raw("run", "greet", "--dry").stdout == "  AdaAda\n"
    by_hand = subprocess.run(
        [sys.executable, str(project.workflow("greet") / "dry_run.py")],
        cwd=project.root,
        env=project.env(),
        capture_output=True,
        text=True,
    )
    assert by_hand.stdout == "  AdaAda\n"


def test_a_wrong_mock_is_named(tmp_path: Path) -> None:
    (tmp_path / "mocks").mkdir()
    (tmp_path / "mocks" / "broken.json").write_text("{\n  1}")
    (tmp_path / "secret.json").write_text("{}")
    context = DryRunContext(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"No mock 'other' in .*There are: broken\."):
        context.load_mock("other")
    with pytest.raises(ValueError, match="line 2, column 3"):
        context.load_mock("broken")
    with pytest.raises(ValueError, match="must stay within mocks/"):
        load_mock("../secret", tmp_path)
