"""The report's page as people see it: in Chromium, light and dark, on a phone, a desk and paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page
from report_pages import HOSTILE, PARAMS, SCRIPT

DOCS = Path(__file__).resolve().parents[2] / "docs"
PHONE, DESK = 360, 1100
A4 = 703
"""What CSS pixels of an A4 sheet lie between margins of 12 mm."""

MEASURES = Path(__file__).with_name("measures.js").read_text(encoding="utf-8")


@dataclass
class Opened:
    """A page in the browser, and what it has asked for and said since it was opened."""

    page: Page
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def measure(self) -> dict[str, Any]:
        """Return what measures.js finds."""
        found: dict[str, Any] = self.page.evaluate(MEASURES)
        return found

    def close(self, dialog: Dialog) -> None:
        """Note a dialog, and close it: the page waits for that."""
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()


Open = Callable[..., Opened]


@pytest.fixture
def opened(browser: Browser, pages: dict[str, Path]) -> Iterator[Open]:
    """Open the page of a kind of rows, at a width, in a colour scheme, for a medium."""
    contexts = []

    def open_page(kind: str, width: int = DESK, scheme: Any = "light", media: Any = "screen") -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        seen = Opened(context.new_page())
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("console", lambda message: seen.said.append(message.text))
        seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
        seen.page.on("dialog", seen.close)
        seen.page.emulate_media(media=media, color_scheme=scheme)
        seen.page.goto(pages[kind].as_uri(), wait_until="load")
        return seen

    yield open_page
    for context in contexts:
        context.close()


def unfold(page: Page) -> None:
    """Open what is folded, as a reader does: by the keyboard."""
    for summary in page.locator("summary").all():
        summary.press("Enter")
    assert page.locator("details:not([open])").count() == 0


def lightness(color: str) -> int:
    """Return the sum of red, green and blue of "rgb(1, 2, 3)", up to 765."""
    return sum(int(part) for part in color.strip("rgb()").split(", "))


each_kind = pytest.mark.parametrize("kind", list(PARAMS))
each_scheme = pytest.mark.parametrize("scheme", ["light", "dark"])
each_width = pytest.mark.parametrize("width", [PHONE, DESK])


@each_kind
@each_scheme
@each_width
def test_it_shows_itself(
    kind: str, scheme: str, width: int, opened: Open, pages: dict[str, Path], screenshots: Path
) -> None:
    """It asks for nothing but itself, complains of nothing, is no wider than the screen, and can be read by all."""
    seen = opened(kind, width, scheme)
    name = "phone" if width == PHONE else "desk"
    seen.page.screenshot(path=screenshots / f"{kind}-{name}-{scheme}.png", full_page=True)
    unfold(seen.page)
    assert seen.measure()["width"] == width
    # WCAG 2 A and AA, contrast of text included, and the good practice that axe knows.
    found = Axe().run(seen.page).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    assert seen.requests == [pages[kind].as_uri()]
    assert seen.said == []


@each_kind
@each_scheme
@each_width
def test_charts_are_whole_and_legible(kind: str, scheme: str, width: int, opened: Open) -> None:
    found = opened(kind, width, scheme).measure()
    texts = found["texts"]
    assert texts
    assert min(found["bars"]) >= 3
    assert [text for text in texts if not text["uncut"]] == []
    assert [text for text in texts if text["contrast"] < 4.5] == []
    assert [text for text in texts if text["pixels"] < 10.5] == []


@each_scheme
def test_both_schemes_are_what_they_say(scheme: str, opened: Open) -> None:
    paper, *_ = opened("sample", scheme=scheme).measure()["surfaces"]
    assert (lightness(paper) > 600) == (scheme == "light")
    assert (lightness(paper) < 150) == (scheme == "dark")


@each_kind
@each_scheme
def test_on_paper_nothing_is_cut_and_the_paper_stays_white(
    kind: str, scheme: str, opened: Open, screenshots: Path
) -> None:
    seen = opened(kind, A4, scheme, "print")
    seen.page.screenshot(path=screenshots / f"{kind}-paper-{scheme}.png", full_page=True)
    # The keys of charts are painted as the bars are; what text stands on is not.
    seen.page.evaluate("() => document.querySelectorAll('.key i').forEach((e) => e.remove())")
    found = seen.measure()
    assert (found["width"], found["cutTables"]) == (A4, 0)
    assert [text for text in found["texts"] if not text["uncut"] or text["contrast"] < 4.5] == []
    assert set(found["surfaces"]) == {"rgb(255, 255, 255)"}
    sheets = seen.page.pdf(prefer_css_page_size=True, format="A4")
    assert sheets.startswith(b"%PDF")
    assert sheets.count(b"/Type /Page\n") <= (8 if kind == "hostile" else 3)


def test_text_of_rows_is_shown_as_text(opened: Open) -> None:
    seen = opened("hostile")
    page = seen.page
    unfold(page)
    assert page.locator("script, iframe, img, object, embed, link, base, form").count() == 0
    assert page.locator("style").count() == 1
    assert page.title().startswith(HOSTILE[1])
    assert SCRIPT in page.locator("body").inner_text()
    assert page.locator("td").first.is_visible()
    assert seen.measure()["handlers"] == []
    assert seen.said == []


def test_the_page_itself_forbids_what_it_does_not_need(opened: Open) -> None:
    """Were text to become markup in spite of all, the page's own policy would stop it."""
    seen = opened("sample")
    seen.page.evaluate(
        """() => {
          const image = new Image();
          image.src = "http://127.0.0.1:9/x";
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(image, script);
        }"""
    )
    seen.page.wait_for_timeout(500)
    assert seen.page.evaluate("() => window.ran") is None
    assert len([text for text in seen.said if "Content Security Policy" in text]) == 2


def test_the_whole_page_is_there_for_no_rows(opened: Open) -> None:
    page = opened("empty").page
    assert page.locator("h1").count() == 1
    assert page.locator("svg").count() > 0
    assert "Nothing in this period." in page.locator("main").inner_text()


@each_kind
def test_the_charts_hold_what_the_tables_say(kind: str, opened: Open) -> None:
    """Each bar that is told beside a chart is in the table below it, so that no chart shows other figures."""
    page = opened(kind).page
    unfold(page)
    compared = 0
    for section in page.locator("section:has(.horizontalbar-graph):has(table)").all():
        bars = [text.strip() for text in section.locator("svg .text-overlay text").all_text_contents() if text.strip()]
        cells = section.locator("tbody td").all_text_contents()
        assert set(bars) <= set(cells)
        compared += len(bars)
    assert compared >= 6


@pytest.mark.parametrize(
    ("name", "width", "height", "scheme"), [("desk", 1000, 860, "light"), ("phone", 360, 740, "dark")]
)
def test_the_pictures_in_docs(
    name: str, width: int, height: int, scheme: str, opened: Open, pytestconfig: pytest.Config
) -> None:
    """They are small; `--update-golden` takes them anew."""
    page = opened("sample", width, scheme).page
    page.set_viewport_size({"width": width, "height": height})
    kept = DOCS / f"report-{name}.png"
    if pytestconfig.getoption("--update-golden"):
        page.screenshot(path=kept)
    assert kept.stat().st_size < 150_000
