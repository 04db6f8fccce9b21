"""Results as JUnit XML, the form that CI services show."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from pathlib import Path

from raw_runtime.errors import UsageError
from raw_runtime.gates.model import FAIL, SKIP, Build
from raw_runtime.gates.report import detail, tail
from raw_runtime.plain import clean

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def prepare(path: Path) -> None:
    """Make sure, before anything runs, that the report can be written.

    Raises:
        UsageError: it cannot.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a"):
            pass
    except OSError as error:
        raise UsageError(f"--junit: {path} cannot be written: {error.strerror}.") from None


def write_junit(build: Build, root: Path, path: Path) -> None:
    """Write one suite, `raw gates`, with a test case a gate; times are in seconds."""
    suite = ET.Element(
        "testsuite",
        name="raw gates",
        tests=str(len(build.results)),
        failures=str(build.count(FAIL)),
        errors="0",
        skipped=str(build.count(SKIP)),
        time=f"{build.duration_seconds:.3f}",
        timestamp=time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - build.duration_seconds)),
        id=build.id,
    )
    for result in build.results:
        case = ET.SubElement(
            suite, "testcase", classname="gates", name=result.gate, time=f"{result.duration_seconds:.3f}"
        )
        if result.status == SKIP:
            ET.SubElement(case, "skipped", message=_xml(detail(result)))
        elif result.status == FAIL:
            failed = ET.SubElement(case, "failure", type="gate", message=_xml(detail(result)))
            rows = tail(root / result.log, 100) if result.log else []
            failed.text = _xml("\n".join(rows))
        if result.log:
            ET.SubElement(case, "system-out").text = _xml(f"log: {result.log}")
    ET.indent(suite)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def _xml(text: str) -> str:
    return _NOT_XML.sub("?", clean(text))
