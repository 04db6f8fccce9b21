from __future__ import annotations

from pathlib import Path

import pytest
from gate_support import add_workflow, make_project, workflow_code

from raw_runtime.validation import Finding, WorkflowValidator


def find(tmp_path: Path, code: str, **beside: str) -> list[Finding]:
    project = make_project(tmp_path)
    folder = add_workflow(project, code=code)
    for name, text in beside.items():
        (folder / f"{name}.py").write_text(text)
    result = WorkflowValidator(project.root).validate(folder)
    assert result.success, result.errors
    return result.findings


def line_of(code: str, text: str) -> int:
    return next(number for number, line in enumerate(code.splitlines(), 1) if text in line)


IMPURE = {
    # module-level state
    "global": (workflow_code(top="COUNT = 0", step_body="global COUNT  # here\nCOUNT += 1"), "module-state"),
    "append": (workflow_code(top="SEEN = []", step_body="SEEN.append(1)  # here"), "module-state"),
    "subscript": (workflow_code(top="T = {}", step_body="T['a'] = 1  # here"), "module-state"),
    "nested subscript": (workflow_code(top="T = {}", step_body="T['a']['b'].append(1)  # here"), "module-state"),
    "delete": (workflow_code(top="T = dict()", step_body="del T['a']  # here"), "module-state"),
    "augmented": (workflow_code(top="T: set = set()", step_body="T['a'] |= {1}  # here"), "module-state"),
    "defaultdict": (
        workflow_code(top="import collections\nT = collections.defaultdict(int)", step_body="T['a'] += 1  # here"),
        "module-state",
    ),
    "class attribute": (workflow_code("seen = []", step_body="self.seen.append(1)  # here"), "module-state"),
    "rebound class": (workflow_code("count = 0", step_body="W.count += 1  # here"), "module-state"),
    # libraries
    **{
        f"import {name}": (workflow_code(top=f"import {name}  # here"), "network-import")
        for name in (
            "requests",
            "httpx",
            "urllib.request",
            "socket",
            "sqlalchemy.orm",
            "asyncpg",
            "psycopg",
            "boto3",
            "smtplib",
            "twilio.rest",
            "slack_sdk",
            "openai",
            "anthropic",
            "http.client",
            "google.cloud.storage",
            "sqlite3",
            "redis",
        )
    },
    "from urllib": (workflow_code(top="from urllib import request  # here"), "network-import"),
    "from sqlalchemy": (workflow_code(top="from sqlalchemy.orm import Session  # here"), "network-import"),
    "in a step": (workflow_code(step_body="import requests as r  # here\nreturn r.get('x')"), "network-import"),
    "by name": (
        workflow_code(top="import importlib", step_body="importlib.import_module('httpx')  # here"),
        "network-import",
    ),
    "through the package": (
        workflow_code(top="import urllib", step_body="urllib.request.urlopen('x')  # here"),
        "network-import",
    ),
    "asyncio": (
        workflow_code(top="import asyncio", step_body="asyncio.open_connection('h', 1)  # here"),
        "network-import",
    ),
    # clock
    "now": (workflow_code(top="from datetime import datetime", step_body="datetime.now()  # here"), "clock"),
    "alias": (workflow_code(top="import datetime as dt", step_body="dt.date.today()  # here"), "clock"),
    "utcnow": (workflow_code(top="import datetime", step_body="datetime.datetime.utcnow()  # here"), "clock"),
    "time": (workflow_code(top="from time import time as now", step_body="now()  # here"), "clock"),
    "localtime": (workflow_code(top="import time", step_body="time.localtime()  # here"), "clock"),
    "in run": (workflow_code(top="import time", run="self.work(time.time())  # here\nreturn 0"), "clock"),
    "in a helper": (
        workflow_code(top="import time\ndef stamp():\n    return time.time()  # here", step_body="return stamp()"),
        "clock",
    ),
    "in a method": (
        workflow_code(
            "def _stamp(self):\n    return time.time()  # here", top="import time", step_body="self._stamp()"
        ),
        "clock",
    ),
    "at import": (workflow_code(top="import time\nSTARTED = time.time()  # here"), "clock"),
    "default of a param": (
        workflow_code(top="import datetime", params="d: str = Field(default=datetime.date.today())  # here"),
        "clock",
    ),
    "default of an argument": (workflow_code(top="import time\ndef f(x=time.time()):  # here\n    return x"), "clock"),
    # chance
    "random": (workflow_code(top="import random", step_body="random.choice([1])  # here"), "random"),
    "uuid4": (workflow_code(top="from uuid import uuid4", step_body="uuid4()  # here"), "random"),
    "secrets": (workflow_code(top="import secrets", step_body="secrets.token_hex()  # here"), "random"),
    "Random()": (workflow_code(top="import random", step_body="random.Random()  # here"), "random"),
    "Random(None)": (workflow_code(top="import random", step_body="random.Random(None)  # here"), "random"),
    "numpy": (workflow_code(top="import numpy as np", step_body="np.random.rand(3)  # here"), "random"),
    "default_rng()": (workflow_code(top="import numpy as np", step_body="np.random.default_rng()  # here"), "random"),
    # environment
    "getenv": (workflow_code(top="import os", step_body="os.getenv('X')  # here"), "environment"),
    "environ.get": (workflow_code(top="from os import environ", step_body="environ.get('X')  # here"), "environment"),
    "environ[]": (workflow_code(top="import os", step_body="return os.environ['X']  # here"), "environment"),
    "set environ": (workflow_code(top="import os", step_body="os.environ['X'] = '1'  # here"), "process-state"),
    "chdir": (workflow_code(top="import os", run="os.chdir('/')  # here\nreturn 0"), "process-state"),
    # writes
    "open w": (workflow_code(step_body="open('x', 'w')  # here"), "write"),
    "open mode": (workflow_code(step_body="open('x', mode='ab')  # here"), "write"),
    "open r+": (workflow_code(run="with open('x', 'r+') as f:  # here\n    return 0"), "write"),
    "gzip": (workflow_code(top="import gzip", step_body="gzip.open('x', 'wb')  # here"), "write"),
    "Path.open": (workflow_code(top="from pathlib import Path", step_body="Path('x').open('w')  # here"), "write"),
    "write_text": (workflow_code(run="(self.results_dir / 'x').write_text('y')  # here\nreturn 0"), "write"),
    "write_bytes": (workflow_code(top="def f(p):\n    p.write_bytes(b'')  # here"), "write"),
    "os.remove": (workflow_code(top="import os", step_body="os.remove('x')  # here"), "write"),
    "shutil": (workflow_code(top="from shutil import rmtree", step_body="rmtree('x')  # here"), "write"),
    "Path.rename": (workflow_code(top="from pathlib import Path", step_body="Path('x').rename('y')  # here"), "write"),
    "os.open": (workflow_code(top="import os", step_body="os.open('x', os.O_WRONLY | os.O_CREAT)  # here"), "write"),
    "to_csv": (workflow_code(step_body="self.table.to_csv('x.csv')  # here"), "write"),
    # programs
    "subprocess": (workflow_code(top="import subprocess", step_body="subprocess.run(['ls'])  # here"), "subprocess"),
    "check_output": (
        workflow_code(top="from subprocess import check_output as co", step_body="co(['ls'])  # here"),
        "subprocess",
    ),
    "os.system": (workflow_code(top="import os", step_body="os.system('ls')  # here"), "subprocess"),
    "asyncio subprocess": (
        workflow_code(top="import asyncio", step_body="asyncio.create_subprocess_exec('ls')  # here"),
        "subprocess",
    ),
}


@pytest.mark.parametrize(("code", "rule"), IMPURE.values(), ids=IMPURE)
def test_impure_code_is_found_with_its_line_and_a_remedy(tmp_path: Path, code: str, rule: str) -> None:
    findings = find(tmp_path, code)
    assert [(f.level, f.rule, f.file, f.line) for f in findings] == [
        ("warning", rule, "run.py", line_of(code, "# here"))
    ]
    assert findings[0].remedy.endswith((".", "NAME."))


@pytest.mark.parametrize(("code", "rule"), IMPURE.values(), ids=IMPURE)
def test_a_comment_on_the_line_silences_the_rule(tmp_path: Path, code: str, rule: str) -> None:
    assert find(tmp_path, code.replace("# here", f"# why not  # raw: allow {rule}")) == []


PURE = {
    "constant table": workflow_code(top="T = {'a': 1}", step_body="return T['a']"),
    "table built at import": workflow_code(top="T = {}\nfor n in range(3):\n    T[n] = n", step_body="return T[1]"),
    "local of the same name": workflow_code(top="T = []", step_body="T = []\nT.append(1)\nreturn T"),
    "argument of the same name": workflow_code(top="T = []\ndef f(T):\n    T.append(1)"),
    "own attribute": workflow_code("seen = []", step_body="self.seen = []\nself.seen.append(1)"),
    "seeded Random": workflow_code(top="import random", step_body="random.Random(self.params.x).choice([1])"),
    "seeded module": workflow_code(top="import random", step_body="random.seed(7)\nreturn random.random()"),
    "seeded numpy": workflow_code(top="import numpy as np", step_body="np.random.default_rng(7).random()"),
    "clock arithmetic": workflow_code(
        top="from datetime import datetime, timedelta",
        step_body="return datetime.fromisoformat(self.params.x) + timedelta(days=1)",
    ),
    "measuring": workflow_code(top="import time", step_body="time.perf_counter()\ntime.sleep(0)"),
    "strftime of a param": workflow_code(top="import time", step_body="time.localtime(0)"),
    "argument named time": workflow_code(top="import time\ndef f(time):\n    return time.time()", step_body="f(self)"),
    "unreached": workflow_code(top="import time\ndef unused():\n    return time.time()"),
    "main guard": workflow_code() + "    import time\n    print(time.time())\n    open('x', 'w')\n",
    "open to read": workflow_code(step_body="open('x')\nopen('x', 'rb')\nopen('x', encoding='utf-8')"),
    "Path.open to read": workflow_code(
        top="from pathlib import Path", step_body="Path('x').open()\nPath('x').open('r')"
    ),
    "text replace": workflow_code(step_body="return self.params.x.replace('a', 'w').strip()"),
    "table rename": workflow_code(step_body="return self.table.rename({'a': 'b'})"),
    "to_csv as text": workflow_code(step_body="return self.table.to_csv()"),
    "save": workflow_code(run="self.save('result.json', {})\nreturn 0"),
    "urllib.parse": workflow_code(
        top="from urllib.parse import quote\nimport urllib.parse", step_body="return quote('a')"
    ),
    "type checking only": workflow_code(
        top="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests\n    import httpx as h"
    ),
    "lambda default": workflow_code(
        top="import uuid", params="id: str = Field(default_factory=lambda: str(uuid.uuid4()))"
    ),
    "a method called request": workflow_code(step_body="return self.requests.get('x')"),
    "webbrowser": workflow_code(step_body="return self.book.open('chapter')"),
}


@pytest.mark.parametrize("code", PURE.values(), ids=PURE)
def test_pure_code_is_left_alone(tmp_path: Path, code: str) -> None:
    assert find(tmp_path, code) == []


def test_the_message_names_the_step_that_leads_there(tmp_path: Path) -> None:
    top = "import time\ndef stamp():\n    return deep()\ndef deep():\n    return time.time()"
    (finding,) = find(tmp_path, workflow_code(top=top, step_body="return stamp()"))
    assert finding.message == "time.time() reads the clock, in deep(), called by step 'work'."
    assert finding.remedy == "Take it as a param, so that the same params give the same result."


def test_modules_beside_run_py_are_read_too(tmp_path: Path) -> None:
    findings = find(
        tmp_path,
        workflow_code(),
        helper="import time\n\ndef stamp():\n    return time.time()\n",
        dry_run="import requests\nopen('x', 'w')\n",
        test="import requests\n",
        test_more="import requests\n",
        broken="def (:\n",
    )
    assert [(f.rule, f.file, f.line) for f in findings] == [("syntax", "broken.py", 1), ("clock", "helper.py", 4)]


def test_allow_takes_several_rules_and_any_line_of_the_call(tmp_path: Path) -> None:
    code = workflow_code(
        top="import time, uuid",
        step_body="""\
            return (time.time(), uuid.uuid4())  # raw: allow clock, random
        """,
        run="""\
            open(
                'x',
                'w',
            )  # raw: allow write
            return 0
        """,
    )
    assert find(tmp_path, code) == []


def test_allow_silences_only_what_it_names(tmp_path: Path) -> None:
    code = workflow_code(top="import time", step_body="time.time()  # raw: allow write")
    assert [f.rule for f in find(tmp_path, code)] == ["clock"]


def test_allow_in_a_text_is_no_comment(tmp_path: Path) -> None:
    code = workflow_code(top="import time", step_body="return (time.time(), '# raw: allow clock')")
    assert [f.rule for f in find(tmp_path, code)] == ["clock"]


def test_an_unknown_rule_is_named(tmp_path: Path) -> None:
    findings = find(tmp_path, workflow_code(top="import time", step_body="time.time()  # raw: allow clok"))
    assert [f.rule for f in findings] == ["clock", "unknown-rule"]
    assert "Did you mean clock" in findings[1].remedy


def test_layers_above_are_named_where_they_exist(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    findings = find(tmp_path, workflow_code(top="import api\nfrom db.models import Candidate\nfrom db import session"))
    assert [(f.rule, f.message) for f in findings] == [
        ("layers", "It imports db, which stands above the RAW workflows.")
    ] * 2
