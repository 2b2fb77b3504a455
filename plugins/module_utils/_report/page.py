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
.causes ol { margin: 0; padding: 0; list-style: none; }
.causes li { padding: .5rem 0; border-top: 1px solid var(--line); }
.causes p { margin: 0; overflow-wrap: anywhere; }
.count { font-weight: 600; white-space: nowrap; }
.count::after { content: ":"; }
.who { color: var(--soft); font-size: .85rem; }
.pick { font: inherit; color: var(--open); background: none; border: 0; padding: 0 .2rem; text-decoration: underline;
  cursor: pointer; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem 1rem; margin: 0 0 .6rem; }
.tools input[type=search] { width: 18rem; max-width: 100%; }
.tools input, .tools select { font: inherit; padding: .2rem .4rem; color: inherit; background: var(--page);
  border: 1px solid var(--soft); border-radius: .2rem; }
.tools select { max-width: 24rem; }
.tools output { color: var(--soft); }
a:focus-visible, button:focus-visible, .tools :focus-visible { outline: 2px solid var(--open); outline-offset: 2px; }
[hidden] { display: none !important; }
table { width: 100%; table-layout: fixed; border-collapse: collapse; font-variant-numeric: tabular-nums; }
/* Fixed widths: the browser need not read 5,000 rows to know them. What has none gets the rest. */
col.result { width: 9.8rem; } col.job { width: 5.7rem; } col.level { width: 6rem; } col.time { width: 6.9rem; }
col.amount { width: 7.6rem; } col.good { width: 6.9rem; } col.brief { width: 6.4rem; } col.times { width: 200px; }
col.bar { width: 140px; } col.days { width: 9rem; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--head); text-align: left; vertical-align: bottom;
  font-size: .8rem; font-weight: 600; overflow-wrap: normal; }
th, td { padding: .4rem .5rem; text-align: left; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; }
tbody { border-bottom: 1px solid var(--line); }
thead button { all: unset; cursor: pointer; }
thead button:focus-visible { outline: 2px solid var(--open); outline-offset: 2px; }
thead button::after { content: " \\2195"; color: var(--soft); }
thead [aria-sort=ascending] button::after { content: " \\2191"; color: inherit; }
thead [aria-sort=descending] button::after { content: " \\2193"; color: inherit; }
tbody b { font-weight: 600; }
td.tight b { font-weight: 400; }
/* A row that is open has no color of its own, only its result has. */
tbody.open { color: inherit; }
tbody.failed { box-shadow: inset .25rem 0 var(--bad); }
.word { font-weight: 600; }
small { display: block; color: var(--soft); font-size: .85rem; }
.more td { padding-top: 0; }
.why { margin: 0; padding-left: 1.6rem; }
.hint { color: var(--soft); }
.right { text-align: right; white-space: nowrap; }
.line, .axis { display: block; width: 180px; overflow: visible; }
.line { height: 20px; }
.axis { height: 14px; fill: var(--soft); font-size: 11px; font-weight: 400; }
.tick { stroke: var(--line); }
.bar, .end { fill: currentColor; stroke: currentColor; }
.bar.hollow { fill: none; stroke-dasharray: 4 2; }
.age { display: block; width: 120px; height: 14px; overflow: visible; }
.age .goal { stroke: var(--text); stroke-width: 1.5; }
.strip { display: block; overflow: visible; }
.strip .none { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; font-size: .85rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.legend { color: var(--soft); font-size: .85rem; }
footer { margin-top: 1.5rem; color: var(--soft); font-size: .85rem; }
#rest button { font: inherit; padding: .4rem 1rem; color: var(--open); background: var(--page);
  border: 1px solid var(--open); border-radius: .3rem; cursor: pointer; }
@media screen and (scripting: enabled) {
  .later { display: none !important; }
}
@media screen and (max-width: 78rem) {
  body { padding: .8rem; }
  .times { display: none; }
}
@media screen and (max-width: 58rem) {
  /* A row is a card: a table would be wider than the screen. */
  table, tbody, tbody tr, tbody td, tbody th { display: block; }
  thead { display: none; }
  tbody { margin: 0 0 .6rem; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: .3rem; }
  tbody td, tbody th { padding: .1rem 0; }
  tbody td:empty, tbody td.times { display: none; }
  .right { text-align: left; }
  tbody td[data-label] { display: flex; flex-wrap: wrap; gap: 0 .5rem; }
  td[data-label]:empty { display: none; }
  td[data-label]::before { content: attr(data-label); width: 6.5rem; color: var(--soft); }
  td[data-label] small { font-size: inherit; }
  td[data-label=Job] br { display: none; }
  .why { padding-left: 0; }
  .tools label, .tools input[type=search], .tools select { width: 100%; max-width: none; }
}
@media print {
  :root { --page: #fff; --text: #000; --soft: #444; --line: #bbb; --head: #eee;
    --ok: #00694f; --warn: #8f5400; --bad: #b83a00; --doubt: #8a3a6d; --open: #00609a; color-scheme: light; }
  @page { size: A4 landscape; margin: 10mm 10mm 12mm;
    @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 7pt sans-serif; } }
  body { padding: 0; max-width: none; font-size: 7pt; line-height: 1.15; }
  h1 { font-size: 14pt; }
  h2 { margin-top: .8rem; font-size: 10pt; }
  .banner { font-size: 11pt; padding: .2rem .5rem; margin-bottom: .5rem; }
  .totals li { padding: .1rem .4rem; }
  .totals b { font-size: inherit; }
  .causes li { padding: .15rem 0; }
  .load { height: 40px; }
  th, td { padding: .04rem .25rem; }
  thead th, small, .who, footer, .scale, dl, .legend { font-size: 6.5pt; }
  .why { padding-left: 1.2rem; }
  thead th { position: static; }
  /* One line a row: a night of 1,000 databases is read on 25 sheets, not on 50. */
  small { display: inline; padding-left: .35em; }
  td[data-label=Job] br { display: none; }
  col.result { width: 35mm; } col.job { width: 27mm; } col.level { width: 15mm; } col.time { width: 28.5mm; }
  col.amount { width: 33.5mm; } .times { display: none; }
  col.good { width: 48mm; } col.brief { width: 18mm; } col.bar { width: 35mm; } col.days { width: 36mm; }
  .tight { white-space: nowrap; overflow-wrap: normal; }
  .right { text-align: left; }
  .tools, .pick, #rest { display: none !important; }
  tbody, .totals li, .banner, .causes li { break-inside: avoid; }
  thead button::after { content: none; }
  /* A button is not drawn again at the head of later pages, its text is. */
  thead button { display: contents; }
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
  var rows = Array.prototype.slice.call(table.tBodies);
  var text = document.getElementById("text");
  var result = document.getElementById("result");
  var shown = document.getElementById("shown");
  var rest = document.getElementById("rest");
  var more = document.getElementById("more");
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  var order = rows.map(function (row, index) { return index; });
  var step = 300;
  var limit = step;
  var waiting;

  function filter() {
    var words = text.value.toLowerCase().split(/\\s+/).filter(Boolean);
    var wanted = result.value;
    var count = 0;
    order.forEach(function (index) {
      var row = rows[index];
      var seen = (!wanted || row.dataset.result === wanted || row.classList.contains(wanted) ||
        "cause-" + row.dataset.cause === wanted) &&
        words.every(function (word) { return texts[index].indexOf(word) !== -1; });
      count += seen ? 1 : 0;
      // Writing what is there already would cost as much as a change.
      if (row.hidden === seen) { row.hidden = !seen; }
      if (row.classList.contains("later") !== count > limit) { row.classList.toggle("later", count > limit); }
    });
    var found = count === rows.length ? "" : count + " of " + rows.length + " found";
    shown.value = count > limit ? [found, "first " + limit + " shown"].filter(Boolean).join(", ") : found;
    rest.hidden = count <= limit;
    more.textContent = "Show " + Math.min(1000, count - limit) + " more";
  }

  function key(index, column) {
    var cell = rows[index].rows[0].cells[column];
    if (!cell.hasAttribute("data-sort")) { return cell.textContent.trim().toLowerCase(); }
    return cell.dataset.sort === "" ? null : Number(cell.dataset.sort);
  }

  function sort(heading, column) {
    var down = heading.getAttribute("aria-sort") === "ascending";
    var keys = rows.map(function (row, index) { return key(index, column); });
    var collator = new Intl.Collator(undefined, {numeric: true});
    var sorted = rows.map(function (row, index) { return index; }).sort(function (a, b) {
      var one = keys[a];
      var two = keys[b];
      // What is not known comes last, whichever way.
      if (one === null || two === null) { return (one === null) - (two === null) || a - b; }
      if (one === two) { return a - b; }
      var less = typeof one === "number" ? one < two : collator.compare(one, two) < 0;
      return less === down ? 1 : -1;
    });
    var all = document.createDocumentFragment();
    sorted.forEach(function (index) { all.appendChild(rows[index]); });
    table.appendChild(all);
    order = sorted;
    filter();
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
  Array.prototype.forEach.call(document.querySelectorAll(".pick"), function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      text.value = "";
      limit = step;
      result.value = "cause-" + button.dataset.cause;
      filter();
      result.focus();
      document.getElementById("listed").scrollIntoView();
    });
  });
  function again() { limit = step; filter(); }
  text.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(again, 120); });
  result.addEventListener("change", again);
  more.addEventListener("click", function () { limit += 1000; filter(); });
  document.getElementById("tools").hidden = false;
  // A browser that goes back to the page fills in what was there.
  filter();
}());
"""
