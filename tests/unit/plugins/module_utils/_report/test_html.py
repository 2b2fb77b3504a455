# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._report import html as _report_html
from ansible_collections.rdsops.commvault.plugins.module_utils._report import page as _report_page
from ansible_collections.rdsops.commvault.plugins.module_utils._report.html import report_html
from ansible_collections.rdsops.commvault.plugins.module_utils._report.model import RESULTS, make_report
from ansible_collections.rdsops.commvault.tests.support import browser
from ansible_collections.rdsops.commvault.tests.support.reports import MIDNIGHT, PAGE, backup, hostile, job, night

VOID = {"meta", "input", "br", "col"}
# Elements of the drawings that have no content; they are written with a slash.
DRAWN = {"use", "path", "rect", "circle"}


class Page(HTMLParser):
    """A page as its elements; fails where one is not closed by its own end."""

    def __init__(self, source):
        super().__init__()
        self.elements = []
        self.texts = []
        self._open = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        assert tag not in DRAWN, f"<{tag}> is not closed"
        self._note(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in DRAWN, f"<{tag}/> is none in HTML"
        self._note(tag, attrs)

    def _note(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] not in ("style", "script"):
            self.texts.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def page(backups, jobs=(), title="Night"):
    return Page(report_html(make_report(backups, jobs, title)))


WARNED = job(9, state="warnings", status="Completed w/ one or more warnings")
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;\x00"


def test_values_are_text_and_never_markup():
    found = page(hostile(HOSTILE), title=HOSTILE)
    assert len(found.all("script")) == 1
    assert found.all("img") == []
    assert {name for _tag, attrs in found.elements for name in attrs if name.startswith("on")} == set()
    assert HOSTILE.replace("\x00", "") in found.text
    # With hostile values there are no other elements than without.
    assert {tag for tag, _attrs in found.elements} - {"a"} <= {tag for tag, _attrs in page(night(12)).elements}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//x", "/x", "ftp://x", " https://x"])
def test_an_address_that_is_no_page_is_no_link(url):
    assert page([backup(job=job(7, job_url=url), job_url=url)]).all("a") == []


def test_jobs_link_to_their_pages():
    backups = [backup("a", job=job(7)), backup("b", job_ids=["8", "9"], job_url=None)]
    found = page(backups, jobs=[job(8), job(9)])
    assert sorted(link["href"] for link in found.all("a")) == [f"{PAGE}{number}" for number in (7, 8, 9)]


def test_nothing_comes_from_elsewhere():
    source = report_html(make_report(night(12)))
    found = Page(source)
    assert {"link", "img", "iframe", "object", "embed", "base"} & {tag for tag, _attrs in found.elements} == set()
    assert {name for _tag, attrs in found.elements for name in attrs} & {"src", "srcset", "style", "action"} == set()
    assert all(use["href"].startswith("#") for use in found.all("use"))
    assert re.findall(r"url\(|@import", source) == []


def test_the_policy_allows_the_own_style_and_script_and_nothing_else():
    source = report_html(make_report(night(12)))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', source).group(1)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert (rules.pop("default-src"), rules.pop("base-uri")) == ("'none'", "'none'")
    for kind in ("style", "script"):
        content = re.search(rf"<{kind}>(.*?)</{kind}>", source, flags=re.DOTALL).group(1)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules.pop(f"{kind}-src") == f"'sha256-{digest}'"
    assert rules == {}


def test_every_result_has_a_tone_and_a_sign_that_exist():
    assert list(_report_html._LOOKS) == list(RESULTS)
    for tone, sign in _report_html._LOOKS.values():
        assert f"--{tone}:" in _report_page.STYLE
        assert f'<symbol id="{sign}"' in _report_page.SIGNS


def test_results_of_one_tone_and_different_groups_never_share_a_sign():
    groups = {}
    for result, (_tone, sign) in _report_html._LOOKS.items():
        groups.setdefault(sign, set()).add(RESULTS[result][1])
    assert all(len(found) == 1 for found in groups.values())


def test_the_result_stands_beside_its_sign_in_words():
    found = page([backup(state="refused"), backup("b", job=job(1, "timed_out")), backup("c", "adopted", job=job(2))])
    for words in ("refused", "still running", "at 40 %", "adopted", "1 of 3 backups failed, 1 still running"):
        assert words in found.text


@pytest.mark.parametrize(
    ("backups", "words"),
    [
        ([], "There was nothing to back up"),
        ([backup(job=job(1))], "The backup succeeded"),
        ([backup("a", job=job(1)), backup("b", job=job(2))], "All 2 backups succeeded"),
        ([backup("a", job=job(1)), backup("b", job=WARNED)], "All 2 backups succeeded, 1 with warnings"),
        ([backup(job=WARNED)], "The backup succeeded with warnings"),
        ([backup("a", "recent"), backup("b", job=job(1))], "All 2 backups succeeded, 1 skipped (recent)"),
        ([backup("a", "recent"), backup("b", "recent")], "All databases have a recent backup, no new one was started"),
        ([backup(state="refused")], "1 of 1 backup failed"),
        ([backup("a", job=job(1, "stuck")), backup("b", job=job(2))], "1 of 2 backups still running"),
        ([backup("a", job=job(1)), backup("b")], "None failed so far, 1 of 2 backups not finished"),
        ([backup("a", "would_start"), backup("b", "recent")], "1 of 2 backups would be started"),
    ],
)
def test_the_page_begins_with_how_it_went(backups, words):
    assert words in page(backups).text


def test_no_green_stands_over_a_backup_with_warnings():
    banner = next(attrs for tag, attrs in page([backup(job=WARNED)]).elements if "banner" in attrs.get("class", ""))
    assert banner["class"] == "banner warn"


def test_equal_causes_stand_once_above_all_with_their_backups():
    words = {"reason": "ORA-01017: invalid username/password", "hint": "Update the credentials."}
    backups = [backup(f"db{number:02d}", job=job(number + 1, "failed", **words)) for number in range(11)]
    source = report_html(make_report([*backups, backup("crm", "refused", msg="No eligible subclient.")]))
    causes = Page(source[source.index('<section class="causes">') : source.index("</section>")] + "</section>")
    assert causes.text.count("ORA-01017") == 1
    assert "11 failed Failed. ORA-01017" in causes.text
    assert "db00, db01, db02, db03, db04, db05 and 5 more" in causes.text
    assert re.findall(r'data-cause="(\d)"><tr>', source).count("1") == 11


def test_the_page_names_the_commcell_level_sizes_rate_and_age():
    recent = backup("b", "recent", job=job(2, "succeeded"), age_seconds=7200)
    text = page([backup("a", job=job(1)), recent]).text
    for words in ("CommCell commandcenter.example.com", "Full", "27.0 GB written", "23.3 MB/s", "2 h"):
        assert words in text


def test_a_script_shows_the_first_rows_and_paper_all():
    source = report_html(make_report(night(700)))
    assert source.count('<tbody class="later ') == 400
    assert len(re.findall(r"^  [.]later", _report_page.STYLE, flags=re.MULTILINE)) == 1
    assert "@media screen and (scripting: enabled) {\n  .later" in _report_page.STYLE


def test_bars_stand_where_the_times_are():
    backups = [
        backup("a", job=job(1, start_time=MIDNIGHT, end_time=MIDNIGHT + 1000)),
        backup("b", job=job(2, start_time=MIDNIGHT + 1000, end_time=MIDNIGHT + 4000)),
    ]
    bars = [(float(one["x"]), float(one["width"])) for one in page(backups).all("rect")]
    assert bars == [(0.0, 45.0), (45.0, 135.0)]


def test_a_job_that_has_not_ended_is_drawn_hollow():
    bars = page([backup("a", job=job(1)), backup("b", job=job(2, "timed_out"))]).all("rect")
    assert [one["class"] for one in bars] == ["bar hollow", "bar"]


@pytest.mark.parametrize("length", [1, 59, 600, 3600, 86400, 30 * 86400, 5 * 365 * 86400])
def test_the_axis_has_a_few_ticks_whatever_the_time(length):
    end = {"end_time": MIDNIGHT + length, "elapsed_seconds": length}
    axis = _report_html._Axis(make_report([backup(job=job(1, **end))]))
    assert len(axis.ticks) <= _report_html._MOST_TICKS + 1


def test_jobs_without_times_have_no_bar():
    assert page([backup(job=job(1, start_time=None, end_time=None))]).all("rect") == []


def test_a_thousand_rows_stay_below_a_megabyte_and_a_quarter():
    source = report_html(make_report(night(1000)))
    assert len(source) < 1_250_000
    assert len(Page(source).all("tbody")) == 1000


# --- In a browser -----------------------------------------------------------------------------------------------------

BROWSER = browser.find()
in_browser = pytest.mark.skipif(BROWSER is None, reason="needs a headless Chromium (Debian: package chromium)")


def chromium(tmp_path, source, *flags):
    """What the browser says of a page; its window is 1200 x 900."""
    path = tmp_path / "page.html"
    path.write_text(source, encoding="utf-8")
    return browser.look(BROWSER, path, tmp_path, (1200, 900), *flags)


def probed(tmp_path, source, probe, *flags):
    """What a script tells of a page; it runs after the page's own, and calls tell() with it."""
    tell = """function tell(seen) {
      var place = document.createElement("pre");
      place.id = "seen";
      place.textContent = JSON.stringify(seen);
      document.body.appendChild(place);
    }"""
    script = f"{tell}\n{probe}"
    # The policy must let the probe in as well.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    source = source.replace("script-src ", f"script-src 'sha256-{digest}' ")
    source = source.replace("</body>", f"<script>{script}</script></body>")
    dumped = chromium(tmp_path, source, "--virtual-time-budget=5000", "--dump-dom", *flags)
    return json.loads(html.unescape(re.search(r'<pre id="seen">(.*?)</pre>', dumped).group(1)))


@pytest.mark.browser
@in_browser
@pytest.mark.parametrize(
    ("size", "scheme", "background", "bad"),
    [
        (12, 1, "rgb(255, 255, 255)", "rgb(184, 58, 0)"),
        (12, 0, "rgb(20, 23, 27)", "rgb(255, 138, 82)"),
        (1000, 1, "rgb(255, 255, 255)", "rgb(184, 58, 0)"),
    ],
)
def test_the_page_is_drawn(tmp_path, size, scheme, background, bad):
    source = report_html(make_report(night(size), (), "Night"))
    probe = """
    var banner = document.querySelector(".banner"), place = banner.getBoundingClientRect();
    var drawn = document.elementFromPoint(place.left + 2, place.top + 2) === banner;
    tell([getComputedStyle(document.body).backgroundColor, getComputedStyle(banner).borderLeftColor, drawn]);"""
    seen = probed(tmp_path, source, probe, f"--blink-settings=preferredColorScheme={scheme}")
    assert seen == [background, bad, True]


@pytest.mark.browser
@in_browser
def test_each_printed_page_says_what_its_columns_are(tmp_path):
    from pypdf import PdfReader

    paper = tmp_path / "report.pdf"
    source = report_html(make_report(night(1000), (), "Night"))
    chromium(tmp_path, source, f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    pages = [page.extract_text() for page in PdfReader(paper).pages]
    assert 10 < len(pages) < 25
    heads = [all(name in page for name in ("Result", "Backup", "Job", "Level", "Data")) for page in pages]
    assert heads == [True] * len(pages)
    assert [f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1)] == heads


@pytest.mark.browser
@in_browser
def test_filter_and_sorting_work_in_a_browser(tmp_path):
    twin = {**night(12)[1], "id": "billing2.example.com"}
    source = report_html(make_report([*night(12), twin], (), "Night"))
    probe = """
    var seen = {};
    function rows() {
      return Array.prototype.slice.call(document.querySelectorAll("#backups tbody"))
        .filter(function (row) { return !row.hidden; })
        .map(function (row) { return row.querySelector("th b").textContent.split(".")[0]; });
    }
    var result = document.getElementById("result"), text = document.getElementById("text");
    function choose(value) {
      result.value = value;
      result.dispatchEvent(new Event("change"));
    }
    var buttons = document.querySelectorAll("#backups thead button");
    function sorted(column, count) {
      buttons[column].click();
      return rows().slice(0, count);
    }
    seen["tools"] = document.getElementById("tools").hidden;
    seen["first"] = rows().slice(0, 3);
    choose("failed");
    seen["failed"] = [rows().length, document.getElementById("shown").value];
    choose("");
    seen["by name"] = sorted(1, 2);
    seen["by name down"] = sorted(1, 2);
    seen["by size"] = sorted(7, 2);
    seen["by result"] = sorted(0, 3);
    document.querySelector(".pick").click();
    seen["cause"] = [rows(), result.value];
    result.value = "";
    text.value = "PAYROLL warnings";
    text.dispatchEvent(new Event("input"));
    setTimeout(function () { seen["found"] = rows(); tell(seen); }, 400);"""
    seen = probed(tmp_path, source, probe)
    assert seen == {
        "tools": False,
        "first": ["claims", "billing", "billing2"],
        "failed": [6, "6 of 13 found"],
        "by name": ["audit", "billing"],
        "by name down": ["web", "stock"],
        "by size": ["orders", "billing"],
        "by result": ["claims", "billing", "billing2"],
        "cause": [["billing", "billing2"], "cause-1"],
        "found": ["payroll"],
    }
