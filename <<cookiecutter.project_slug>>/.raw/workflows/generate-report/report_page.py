"""The report as one HTML page: no script, no request, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from report_charts import bars, stage_hours, week_series, weeks
from report_comment import hours
from report_models import Count, ReportData
from report_style import STYLE
from report_words import Words, words_of


def render(data: ReportData, comment: Sequence[str], answered_by: str) -> str:
    """Return the page."""
    title = f"{data.title}, {data.period.label}"
    words = words_of(data.entity)
    good, who = words.good.replace("_", " "), "who" if words.people else "that"
    invented = f"Sample data: no rows were given. These {words.many} are invented."
    sample = f'<p class="sample">{escape(invented)}</p>' if data.sample else ""
    sections = (
        _section(
            "funnel",
            "How far they got",
            f"Those {who} came in during the period, by the stage they reached.",
            bars("funnel", data.funnel),
            _counts(data.funnel, "Stage"),
        ),
        _section(
            "outcomes",
            "How they ended",
            f"Those {who} ended during the period.",
            bars("outcomes", data.outcomes, 3),
            _counts(data.outcomes, "Outcome"),
        ),
        _section(
            "weeks",
            "Eight weeks",
            "By week, up to the one in which the period ends.",
            _key(good) + weeks("weeks", data.by_week, good),
            _week_table(data, good),
        ),
        _section(
            "stages",
            "Time in each stage",
            f"Median of those {who} left the stage during the period.",
            stage_hours("stages", data.time_in_stage) if data.time_in_stage else _nothing(),
            _stage_table(data) if data.time_in_stage else "",
        ),
        _group_section(data, words),
        _section(
            "waiting",
            "Waiting longest",
            _stuck(data, words),
            _waiting_table(data, words) if data.waiting else _nothing(),
            "",
        ),
    )
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in comment)
    rows = "1 row" if data.totals.rows == 1 else f"{data.totals.rows} rows"
    made = f"Made {data.period.now:%Y-%m-%d %H:%M} ({data.timezone}) from {rows}. Comment by: {answered_by}."
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header><h1>{escape(data.title)}</h1><p class="period">{escape(data.period.label)}</p></header>
{sample}
{_figures(data, good)}
<section class="says" aria-label="In words">{said}</section>
<div class="grid">
{"".join(sections)}
</div>
<footer>{escape(made)}</footer>
</main>
</body>
</html>
"""


def _figures(data: ReportData, good: str) -> str:
    t = data.totals
    median = "-" if t.median_days_to_finish is None else hours(24 * t.median_days_to_finish)
    figures = (
        ("Received", str(t.received), _before(t.received_before)),
        ("Ended", str(t.finished), _before(t.finished_before)),
        (
            good.capitalize(),
            str(t.completed),
            f"{t.completed / t.finished:.0%} of those ended" if t.finished else "none ended",
        ),
        ("In progress", str(t.in_progress), "at the end"),
        ("Time to the end", median, "median"),
    )
    items = "".join(
        f'<div><dt>{escape(name)}</dt><dd class="n">{escape(value)}</dd><dd class="d">{escape(note)}</dd></div>'
        for name, value, note in figures
    )
    return f'<dl class="figures">{items}</dl>'


def _stuck(data: ReportData, words: Words) -> str:
    """Say what is listed, and how many of all in progress are stuck."""
    n, days = data.totals.stuck, f"{data.stuck_days:g} {'day' if data.stuck_days == 1 else 'days'}"
    who = f"{n} {'is' if n == 1 else 'are'}" if n else "nobody is" if words.people else "none is"
    everybody = data.totals.in_progress
    return f"Not moved for longest. Of {everybody} in progress {who} stuck: not moved for more than {days}."


def _before(count: int) -> str:
    return f"before: {count}"


def _section(name: str, heading: str, note: str, body: str, table: str) -> str:
    explained = f'<p class="note">{escape(note)}</p>' if note else ""
    folded = f"<details><summary>Figures</summary>{table}</details>" if table else ""
    head = f'<section><h2 id="h-{name}">{escape(heading)}</h2>'
    return f"{head}{explained}{body}{folded}</section>\n"


def _nothing() -> str:
    return '<p class="note">Nothing in this period.</p>'


def _key(good: str) -> str:
    items = "".join(
        f'<li><i class="k{n}"></i>{escape(title)}</li>' for n, (title, _) in enumerate(week_series(good), start=1)
    )
    return f'<ul class="key">{items}</ul>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> str:
    """Return a table; numbers are set to the right."""
    rows = [list(row) for row in rows]
    numeric = [bool(rows) and isinstance(rows[0][i], int | float) for i in range(len(head))]

    def cell(tag: str, value: str | int | float, right: bool) -> str:
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return f"<{tag}{' class=num' if right else ''}>{escape(text)}</{tag}>"

    top = "".join(cell("th", name, right) for name, right in zip(head, numeric, strict=True))
    body = "".join(
        "<tr>" + "".join(cell("td", v, r) for v, r in zip(row, numeric, strict=True)) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    # What can be scrolled sideways must be reached by the keyboard.
    return f'<div class="scroll" tabindex="0" role="group" aria-label="Table">{table}</div>'


def _counts(counts: Sequence[Count], heading: str) -> str:
    return _table(
        (heading, "Count", "Share %"), ((c.name.replace("_", " "), c.count, round(100 * c.share, 1)) for c in counts)
    )


def _week_table(data: ReportData, good: str) -> str:
    return _table(
        ("Week", "From", "Received", good.capitalize(), f"Not {good}"),
        ((w.week, w.monday.isoformat(), w.received, w.completed, w.not_completed) for w in data.by_week),
    )


def _stage_table(data: ReportData) -> str:
    return _table(
        ("Stage", "Left it", "Median", "9 of 10 within"),
        ((s.stage, s.count, hours(s.median_hours), hours(s.p90_hours)) for s in data.time_in_stage),
    )


def _group_section(data: ReportData, words: Words) -> str:
    if words.group is None:
        return ""
    good = words.good.replace("_", " ").capitalize()
    table = _table(
        (words.group.one.capitalize(), "Received", good, "In progress"),
        ((g.group or "(none)", g.received, g.completed, g.in_progress) for g in data.by_group),
    )
    return _section("groups", words.group.many.capitalize(), "", table if data.by_group else _nothing(), "")


def _waiting_table(data: ReportData, words: Words) -> str:
    grouped = () if words.group is None else (words.group.one.capitalize(),)
    return _table(
        (words.one.capitalize(), *grouped, "Status", "Days"),
        (
            (
                w.name or w.id,
                *(w.group or "(none)" for _ in grouped),
                w.status.replace("_", " ") + ", stuck" * w.stuck,
                w.days,
            )
            for w in data.waiting
        ),
    )
