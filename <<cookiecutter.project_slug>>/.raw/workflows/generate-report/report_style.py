"""The style sheet of the page: light and dark, phone and paper; it also paints the charts."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b2430; --muted: #5b6675; --line: #dde2e9;
  --c1: #2f6fde; --c2: #1d9a6c; --c3: #d07820; --warn-ink: #7a4a00; --warn: #fff3dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --card: #1b2129; --ink: #e6eaf0; --muted: #9aa6b5; --line: #323b47;
    --c1: #6ea2ff; --c2: #4cc79a; --c3: #f0a858; --warn-ink: #ffd894; --warn: #3a2c10;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 24px 16px 48px; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1080px; margin: 0 auto; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.05rem; margin: 0 0 8px; }
.period, .note, footer { color: var(--muted); }
.period { margin: 4px 0 20px; }
.note { font-size: .85rem; margin: 0 0 8px; }
footer { font-size: .85rem; margin-top: 24px; }
.sample { background: var(--warn); color: var(--warn-ink); padding: 10px 14px; border-radius: 8px; margin: 0 0 16px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 0 0 16px; }
.figures div, section {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px;
}
.figures dt { color: var(--muted); font-size: .85rem; }
.figures dd { margin: 0; }
.figures .n { font-size: 1.9rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figures .d { font-size: .85rem; color: var(--muted); }
.grid {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; margin-top: 16px;
  align-items: start;
}
.says p { margin: 0 0 4px; }
.says p:last-child { margin: 0; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-top: 1px solid var(--line); vertical-align: top; }
td { min-width: 7em; overflow-wrap: anywhere; }
thead th { border-top: 0; color: var(--muted); font-weight: 600; }
.num { text-align: right; font-variant-numeric: tabular-nums; }
td.num { min-width: 0; white-space: nowrap; }
details { margin-top: 8px; }
summary { cursor: pointer; color: var(--muted); font-size: .85rem; }
.key {
  display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: .85rem; color: var(--muted);
  list-style: none; padding: 0; margin: 0 0 4px;
}
.key i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; }
.k1 { background: var(--c1); } .k2 { background: var(--c2); } .k3 { background: var(--c3); }

.chart {
  display: block; width: 100%; max-width: 440px; height: auto;
  font: 13px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
}
.chart .background { fill: none; }
.chart text { fill: var(--ink); stroke: none; }
.chart .axis text { fill: var(--muted); }
.chart .axis.x text, .chart .text-overlay text { text-anchor: middle; }
.chart .axis.y text { text-anchor: end; }
.chart .axis path { fill: none; stroke: var(--line); }
.horizontalbar-graph .axis path, .bar-graph .axis.x path { display: none; }
.chart .color-0 rect { fill: var(--c1); } .chart .color-1 rect { fill: var(--c2); }
.chart .color-2 rect { fill: var(--c3); }
.chart .horizontalbar-graph .text-overlay text { text-anchor: start; }
.paint-2 .color-0 rect { fill: var(--c2); } .paint-3 .color-0 rect { fill: var(--c3); }

@media (max-width: 480px) {
  body { padding: 16px 10px 32px; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figures div:last-child { grid-column: 1 / -1; }
  table { font-size: .8rem; }
  th, td { padding-right: 8px; }
  td { min-width: 6em; }
}
@page { margin: 12mm; }
@media print {
  :root {
    color-scheme: light; --warn-ink: #000; --warn: #fff;
    --paper: #fff; --card: #fff; --ink: #000; --muted: #444; --line: #bbb; --c1: #2f6fde; --c2: #1d9a6c; --c3: #d07820;
  }
  html { font-size: 12px; }
  body { padding: 0; font-size: 1rem; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .figures { grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 8px; }
  .sample { border: 1px solid var(--line); }
  .figures .n { font-size: 1.4rem; }
  .figures div, section { padding: 8px 10px; break-inside: avoid; }
  .grid { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; margin-top: 8px; }
  .figures, .period, .sample { margin-bottom: 8px; }
  th, td { padding: 2px 8px 2px 0; }
  details { display: none; }
}
"""
