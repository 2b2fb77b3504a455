# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is the same in every HTML report: styles, signs and script. The page loads nothing else."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

# The colors keep apart for all common kinds of color blindness (the palette of Okabe and Ito, darkened or lightened
# until text in them has a contrast of 4.5 to 1), and each tone also has signs of a shape of its own.
STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1b1f24; --soft: #5b6470; --line: #d9dee4; --head: #f4f6f8;
  --ok: #00694f; --warn: #8f5400; --bad: #b83a00; --doubt: #8a3a6d; --open: #00609a; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171b; --text: #e8ebee; --soft: #a3acb7; --line: #343b44; --head: #1d2228;
    --ok: #3fc79f; --warn: #efae3d; --bad: #ff8a52; --doubt: #e3a3cb; --open: #6cbcf0; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 100rem; background: var(--page); color: var(--text);
  font: 15px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 1.8rem 0 .5rem; font-size: 1.1rem; }
a { color: var(--open); }
.lead { margin: .3rem 0 1rem; color: var(--soft); }
.banner { display: flex; align-items: center; gap: .6rem; margin: 0 0 1rem; padding: .6rem .9rem;
  border: 1px solid; border-left-width: .5rem; border-radius: .3rem; font-size: 1.15rem; font-weight: 600; }
.totals { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0; padding: 0; list-style: none; }
.totals li { display: flex; align-items: center; gap: .45rem; padding: .3rem .7rem; border: 1px solid var(--line);
  border-radius: .3rem; }
.totals b { font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.ok { color: var(--ok); } .warn { color: var(--warn); } .bad { color: var(--bad); } .doubt { color: var(--doubt); }
.open { color: var(--open); }
.sign { flex: none; width: 1.05em; height: 1.05em; vertical-align: -.15em; }
.load { display: block; width: 100%; height: 72px; border-bottom: 1px solid var(--soft); fill: var(--open);
  fill-opacity: .75; }
.scale { display: flex; justify-content: space-between; color: var(--soft); font-size: .85rem; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem 1rem; margin: 0 0 .6rem; }
.tools input[type=search] { width: 18rem; max-width: 100%; }
.tools input, .tools select { font: inherit; padding: .2rem .4rem; }
.tools output { color: var(--soft); }
[hidden] { display: none !important; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--head); text-align: left; vertical-align: bottom;
  font-size: .85rem; white-space: nowrap; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  font-weight: 400; }
thead th { font-weight: 600; }
thead button { all: unset; cursor: pointer; }
thead button:focus-visible { outline: 2px solid var(--open); outline-offset: 2px; }
thead button::after { content: " \\2195"; color: var(--soft); }
thead [aria-sort=ascending] button::after { content: " \\2191"; color: inherit; }
thead [aria-sort=descending] button::after { content: " \\2193"; color: inherit; }
tbody th { min-width: 14rem; overflow-wrap: anywhere; }
tbody th b { font-weight: 600; }
.failed > :first-child { box-shadow: inset .25rem 0 currentColor; }
.word { display: inline-block; min-width: 7.8rem; max-width: 9.5rem; font-weight: 600; }
small { display: block; color: var(--soft); font-size: .85rem; }
.why { margin: .25rem 0 0; max-width: 46rem; overflow-wrap: anywhere; }
.hint { color: var(--soft); }
.right { text-align: right; } .tight { white-space: nowrap; }
.times { width: 280px; padding-left: 10px; padding-right: 10px; }
.line { display: block; width: 260px; height: 20px; overflow: visible; }
.axis { display: block; width: 260px; height: 14px; overflow: visible; fill: var(--soft); font-size: 11px;
  font-weight: 400; }
.tick { stroke: var(--line); }
.bar, .end { fill: currentColor; stroke: currentColor; }
.bar.hollow { fill: none; stroke-dasharray: 4 2; }
.age { display: block; width: 120px; height: 14px; overflow: visible; }
.age .goal { stroke: var(--text); stroke-width: 1.5; }
.strip { display: block; height: 14px; overflow: visible; }
.strip .none { color: var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; font-size: .85rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.legend { color: var(--soft); font-size: .85rem; }
footer { margin-top: 1.5rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 60rem) {
  body { padding: .8rem; }
  .times { display: none; }
}
@media (max-width: 40rem) {
  /* A row is a card: a table would be wider than the screen. */
  table, tbody, tr, td, tbody th { display: block; }
  thead { display: none; }
  tr { padding: .4rem 0 .4rem .6rem; border-bottom: 1px solid var(--line); }
  tr.failed { box-shadow: inset .25rem 0 var(--bad); }
  td, tbody th, .failed > :first-child { padding: .1rem .4rem; border: 0; box-shadow: none; }
  td:empty { display: none; }
  .right { text-align: left; }
  .word { max-width: none; }
  td[data-label]:not(:empty)::before { content: attr(data-label) " "; color: var(--soft); }
}
@media print {
  :root { --page: #fff; --text: #000; --soft: #444; --line: #bbb; --head: #eee;
    --ok: #00694f; --warn: #8f5400; --bad: #b83a00; --doubt: #8a3a6d; --open: #00609a; color-scheme: light; }
  @page { size: landscape; margin: 12mm; }
  body { padding: 0; max-width: none; font-size: 9pt; line-height: 1.3; }
  h2 { margin-top: 1rem; }
  th, td { padding: .2rem .4rem; }
  thead th, small { font-size: 8pt; }
  tbody th { min-width: 22rem; }
  .word { min-width: 6rem; }
  .tools { display: none; }
  thead th { position: static; }
  tr, .totals li, .banner { break-inside: avoid; }
  thead button::after { content: none; }
  /* A button is not drawn again at the head of later pages, its text is. */
  thead button { display: contents; }
  .times { display: table-cell; }
  a { color: inherit; text-decoration: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

# One shape each, so that none needs its color to be known.
SIGNS = """
<svg width="0" height="0" aria-hidden="true" focusable="false"><defs>
<symbol id="check" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.5" fill="currentColor"/>
<path d="M4.3 8.3l2.6 2.6 4.8-5.4" fill="none" stroke="var(--page)" stroke-width="2"/></symbol>
<symbol id="warning" viewBox="0 0 16 16"><path d="M8 .8L15.8 15H.2z" fill="currentColor"/>
<path d="M8 5.6v4.6M8 11.6v2" stroke="var(--page)" stroke-width="1.9"/></symbol>
<symbol id="cross" viewBox="0 0 16 16"><path d="M.5.5h15v15H.5z" fill="currentColor"/>
<path d="M4 4l8 8M12 4l-8 8" stroke="var(--page)" stroke-width="2.2"/></symbol>
<symbol id="hourglass" viewBox="0 0 16 16"><path d="M2 .5h12L8 8zM8 8l6 7.5H2z" fill="currentColor"/></symbol>
<symbol id="slash" viewBox="0 0 16 16"><g fill="none" stroke="currentColor" stroke-width="2.2">
<circle cx="8" cy="8" r="6.6"/><path d="M3.4 3.4l9.2 9.2"/></g></symbol>
<symbol id="question" viewBox="0 0 16 16"><path d="M4.2.8h7.6L15.8 8l-4 7.2H4.2L.2 8z" fill="currentColor"/>
<path d="M5.9 6.2c.2-2.7 4.3-2.5 4.2 0 0 1.4-2.1 1.6-2.1 3.2M8 10.7v1.6" fill="none" stroke="var(--page)"
stroke-width="1.5"/></symbol>
<symbol id="play" viewBox="0 0 16 16"><path d="M2.5.8L15 8 2.5 15.2z" fill="currentColor"/></symbol>
<symbol id="ring" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="2"
stroke-dasharray="3.4 1.7"/></symbol>
</defs></svg>
"""

# Adds filter and sorting. Without it the page says the same, in the order of the rows.
SCRIPT = """
"use strict";
(function () {
  var table = document.getElementById("backups");
  var body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows);
  var text = document.getElementById("text");
  var result = document.getElementById("result");
  var shown = document.getElementById("shown");
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  var order = rows.map(function (row, index) { return index; });
  var waiting;

  function filter() {
    var words = text.value.toLowerCase().split(/\\s+/).filter(Boolean);
    var count = 0;
    rows.forEach(function (row, index) {
      var fits = !result.value || row.dataset.result === result.value || row.dataset.counts === result.value;
      var seen = fits && words.every(function (word) { return texts[index].indexOf(word) !== -1; });
      row.hidden = !seen;
      count += seen ? 1 : 0;
    });
    shown.value = count === rows.length ? "" : count + " of " + rows.length + " shown";
  }

  function key(index, column) {
    var cell = rows[index].cells[column];
    if (!cell.hasAttribute("data-sort")) { return cell.textContent.trim().toLowerCase(); }
    return cell.dataset.sort === "" ? null : Number(cell.dataset.sort);
  }

  function sort(heading, column) {
    var down = heading.getAttribute("aria-sort") === "ascending";
    var keys = order.map(function (index) { return key(index, column); });
    var sorted = order.slice().sort(function (a, b) {
      var one = keys[a];
      var two = keys[b];
      // What is not known comes last, whichever way.
      if (one === null || two === null) { return (one === null) - (two === null) || a - b; }
      if (one === two) { return a - b; }
      var less = typeof one === "number" ? one < two : one.localeCompare(two, undefined, {numeric: true}) < 0;
      return less === down ? 1 : -1;
    });
    var all = document.createDocumentFragment();
    sorted.forEach(function (index) { all.appendChild(rows[index]); });
    body.appendChild(all);
    Array.prototype.forEach.call(heading.parentNode.cells, function (other) { other.removeAttribute("aria-sort"); });
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  }

  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (heading, column) {
    if (!heading.hasAttribute("data-sortable")) { return; }
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", function () { sort(heading, column); });
    heading.textContent = "";
    heading.appendChild(button);
  });
  text.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  result.addEventListener("change", filter);
  document.getElementById("tools").hidden = false;
  // A browser that goes back to the page fills in what was there.
  filter();
}());
"""
