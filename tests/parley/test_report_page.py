"""A report in a real browser: whole without a network, quiet, in both themes, on paper; skipped where there is no Chromium."""

from __future__ import annotations

import base64
import re

import pytest

import parley
from tests.parley.browsing import browser, opened
from tests.parley.test_reporting import CPU, SCALED
from tests.parley.worlds import SHOP, written

pytestmark = pytest.mark.skipif(browser() is None, reason="no chromium and chromedriver on the PATH")

SECTIONS = ["figures", "load", "topology", "services", "heat", "requests", "decisions", "objectives", "cost", "again"]
EMPTY = "[...document.querySelectorAll('.plot')].filter((one) => !one.querySelector('.trace, .hm, .point, path')).map((one) => one.id)"
DARK = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The report of a run with everything in it."""
    folder = tmp_path_factory.mktemp("page")
    run = parley.run(written(folder, SHOP), set=[*CPU, SCALED, "duration=20s"], out=folder / "run")
    return run.report(folder / "report.html")


def test_the_page_is_drawn_and_asks_nobody(page):
    """Every section, every figure; no word on the console, no request but for itself."""
    with opened(page) as seen:
        assert seen.asked("document.documentElement.dataset.drawn") == "done"
        assert seen.asked("[...document.querySelectorAll('main > section')].map((one) => one.id)") == SECTIONS
        assert seen.asked("document.querySelectorAll('.plot').length") >= 12
        assert seen.asked(EMPTY) == []
        assert seen.errors() == []
        assert seen.requests() == []


def test_the_page_is_dark_where_the_reader_is(page):
    """By the system's preference, and by the button; figures are drawn anew in the other colours."""
    with opened(page, dark=True) as seen:
        assert seen.asked(DARK) == "rgb(20, 23, 27)"
        ink = seen.asked("document.querySelector('.plot .ytick text, .plot .xtick text').style.fill")
        seen.asked("document.getElementById('theme').click()")
        assert seen.asked(DARK) == "rgb(255, 255, 255)"
        assert seen.asked("document.getElementById('theme').textContent") == "Dark"
        assert seen.asked("document.querySelector('.plot .ytick text, .plot .xtick text').style.fill") != ink


def test_the_page_prints_in_light(page):
    """Figures shrink to the paper, and the screen has its own again afterwards."""
    with opened(page, dark=True) as seen:
        wide = seen.asked("document.querySelector('.main-svg').clientWidth")
        made = seen.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
        content = base64.b64decode(made["data"])
        assert content.startswith(b"%PDF")
        assert 4 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 20
        assert seen.asked("document.querySelector('.main-svg').clientWidth") == wide
        assert seen.asked(DARK) == "rgb(20, 23, 27)"
        assert seen.errors() == []


def test_nothing_is_wider_than_a_narrow_window(page):
    """Tables and figures scroll or shrink; the page itself does not move sideways."""
    with opened(page, width=600) as seen:
        assert seen.asked("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_what_a_browser_cannot_do_is_said(page):
    """Without gzip there are no figures, but tables and a sentence."""
    crippled = page.with_name("old.html")
    text = page.read_text(encoding="utf-8").replace("<head>", "<head><script>delete window.DecompressionStream</script>", 1)
    crippled.write_text(text, encoding="utf-8")
    with opened(crippled) as seen:
        assert seen.asked("document.documentElement.dataset.drawn") == "failed"
        assert "tables are complete" in seen.asked("document.getElementById('trouble').textContent")
        assert seen.asked("document.querySelectorAll('table').length") >= 8


def test_several_runs_are_drawn(tmp_path):
    """Sides on top of each other."""
    world = written(tmp_path, SHOP)
    parley.compare(world, world, seeds=2, until="2s", set_other=["services.stock.replicas=4"], out=tmp_path / "both")
    with opened(parley.report(tmp_path / "both", out=tmp_path / "report.html")) as seen:
        assert seen.asked("[...document.querySelectorAll('main > section')].map((one) => one.id)") == ["figures", "time", "again"]
        assert seen.asked(EMPTY) == []
        assert seen.errors() == []
        assert seen.requests() == []
