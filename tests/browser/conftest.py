"""Debian's Chromium, driven by Playwright; without either, these tests fail, and say what is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from report_pages import PARAMS, make_page

SCREENSHOTS = Path(os.environ.get("SCREENSHOTS") or Path(__file__).parent / "screenshots")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.fail("No Chromium is on the PATH: apt-get install chromium.", pytrace=False)
    with sync_playwright() as playwright:
        # A container has no sandbox of its own to give; the pages are ours, and from files.
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the page of each kind of candidates."""
    folder = tmp_path_factory.mktemp("pages")
    return {kind: make_page(folder, kind) for kind in PARAMS}


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Return the folder for pictures of the pages; SCREENSHOTS names another than the one beside the tests."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
