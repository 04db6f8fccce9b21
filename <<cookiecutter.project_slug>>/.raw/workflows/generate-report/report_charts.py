"""Charts as inline SVG, by pygal (LGPL-3.0-or-later, used as a library), without script and without any request."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from report_comment import hours
from report_models import Count, StageTime, Week

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH, HEIGHT = 360, 250
_LABEL = 22


def bars(name: str, counts: Sequence[Count], color: int = 1) -> str:
    """Return a horizontal bar for each count, the first on top."""
    return _bars(name, [(c.name.replace("_", " "), c.count) for c in counts], color, lambda n: f"{n:.0f}")


def stage_hours(name: str, times: Sequence[StageTime]) -> str:
    """Return a horizontal bar for each stage: the median time in it."""
    return _bars(name, [(t.stage, t.median_hours) for t in times], 2, hours)


def _bars(name: str, values: Sequence[tuple[str, float]], color: int, told: Callable[[float], str]) -> str:
    chart = _chart("HorizontalBar", height=20 + 32 * max(len(values), 1))
    chart.value_formatter = told
    chart.show_x_labels = False  # the figure stands at each bar
    chart.x_labels = [_short(label) for label, _ in reversed(values)]
    # Room at the right for the last figure.
    chart.range = (0, 1.4 * max((value for _, value in values), default=0) or 1)
    chart.add("", [value for _, value in reversed(values)])
    return _svg(chart, name, color)


def week_series(good: str) -> tuple[tuple[str, str], ...]:
    """Return what is shown of a week, and its column; `good` is the word for the good end."""
    return (("received", "received"), (good, "completed"), (f"not {good}", "not_completed"))


def weeks(name: str, data: Sequence[Week], good: str) -> str:
    """Return three bars a week: received, come to the good end, come to another."""
    chart = _chart("Bar", height=HEIGHT)
    top = max((max(w.received, w.completed, w.not_completed) for w in data), default=0)
    step = _step(top)
    chart.y_labels = list(range(0, max(top, 1) + step, step))
    chart.print_values = False
    chart.x_labels = [f"W{w.week[-2:]}" for w in data]
    for title, column in week_series(good):
        chart.add(title, [getattr(w, column) for w in data])
    return _svg(chart, name)


def _step(top: int) -> int:
    """Return 1, 2, 5, 10, 20, ... so that at most five lines are drawn."""
    unit = 1
    while top > 50 * unit:
        unit *= 10
    return next(step * unit for step in (1, 2, 5, 10) if top <= 5 * step * unit)


def _short(label: str) -> str:
    return label if len(label) <= _LABEL else label[: _LABEL - 3] + "..."


def _chart(kind: str, *, height: int) -> Any:
    import pygal  # type: ignore[import-untyped]  # late: only needed when a page is drawn
    from pygal.style import Style  # type: ignore[import-untyped]

    # The page's own style sheet paints the charts; pygal only needs the sizes, to leave room for the text.
    style = Style(label_font_size=13, major_label_font_size=13, value_font_size=13, value_colors=("black",) * 3)
    return getattr(pygal, kind)(
        style=style,
        width=WIDTH,
        height=height,
        show_legend=False,
        show_x_guides=False,
        show_y_guides=kind == "Bar",
        print_values=True,
        print_values_position="top",
        value_formatter=lambda value: f"{value:.0f}",
        margin=8,
        spacing=6,
        rounded_bars=3,
        js=(),
        disable_xml_declaration=True,
        no_data_text="",
    )


def _svg(chart: Any, name: str, color: int = 1) -> str:
    # pygal names every chart anew at random; the same rows are to give the same page.
    chart.uuid = name
    chart.add_xml_filter(functools.partial(_plain, name=name, color=color))
    return str(chart.render())


def _plain(root: Any, *, name: str, color: int) -> Any:
    """Take out what is not the picture (scripts, styles, the comment with today's date); keep figures as tooltips."""
    for parent in list(root.iter()):
        for child in list(parent):
            tag = "" if callable(child.tag) else child.tag.rpartition("}")[2]
            if tag == "desc" and child.get("class") == "value":
                child.tag = child.tag.replace("desc", "title")
                child.attrib.clear()
            elif tag in ("", "defs", "title", "desc", "script") or "tooltip-overlay" in (child.get("class") or ""):
                parent.remove(child)
    root.set("class", f"chart paint-{color}")
    root.set("role", "img")
    root.set("aria-labelledby", f"h-{name}")
    return root
