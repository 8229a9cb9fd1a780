"""Pages of ``--html``: one file, no network, nothing of a name becomes markup, and a browser that clicks and moves."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from fake_models import FakeModels, Run, make_machine
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.records.notice import Result
from mlipguide.report.web import web_page
from mlipguide.report.web.disagree_web import disagree_web
from mlipguide.report.web.evaluate_web import evaluate_web
from mlipguide.report.web.stability_web import stability_web
from mlipguide.report.web.web_page import Cell, Slider, WebChart, WebPage, WebTable, render, require_writable
from trust_records import make_accuracies, make_disagreement, make_points, make_stability

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MOST_BYTES = 3_000_000
STOPS = tuple(
    {"value": value, "label": f"{value} ps", "totals": [{"name": name, "words": f"{value} h"}]}
    for value, name in ((1, "a"), (10, "b"), (100, "c"))
)
CHART: dict[str, Any] = {
    "height": 100,
    "params": [{"name": "time", "value": 10}],
    "data": {"values": [{"x": 1, "y": 2}, {"x": 10, "y": 3}, {"x": 100, "y": 5}]},
    "layer": [
        {
            "mark": "point",
            "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
        },
        {
            "transform": [{"filter": "datum.x == time"}],
            "mark": "rule",
            "encoding": {"x": {"field": "x", "type": "quantitative"}},
        },
    ],
}
DRAWN = "return document.querySelectorAll('.chart svg').length == document.querySelectorAll('.chart').length"
NOT_DRAWN = "[...document.querySelectorAll('.chart svg')].filter((one) => /NaN|undefined/.test(one.innerHTML))"
PAGE = WebPage(
    title="t",
    lead="Run <b>this</b> & that.",
    rest="It ends in time.",
    tone="good",
    commands=("mlipguide recommend '<script>alert(1)</script>.cif'",),
    facts=(("Task", "</script><img src=x onerror=alert(2)>"),),
    charts=(
        WebChart(
            title="Chart",
            words="Three points.",
            spec=CHART,
            slider=Slider(label="Time", signal="time", stops=STOPS, start=1),
        ),
    ),
    tables=(
        WebTable(
            caption="Models",
            titles=("Model", "Run"),
            rows=(
                (Cell(text="slow", order="slow"), Cell(text="10 h", order=10.0)),
                (Cell(text="unknown", order="unknown"), Cell(text="–")),
                (Cell(text="fast", order="fast"), Cell(text="2 h", order=2.0)),
            ),
        ),
    ),
    cautions=(("softening", "Forces are too small.", ("https://doi.org/10.1/x",)),),
)


def words_of(text: str) -> str:
    """Return what stands on a page, without programs and styles."""
    bare = re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def test_it_is_one_file_that_loads_nothing() -> None:
    text = render(PAGE)
    assert len(text.encode()) < MOST_BYTES
    bare = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"<link|<[^>]*\bsrc=|@import|url\(", bare)
    assert re.findall(r'href="([^"]+)"', bare) == ["https://doi.org/10.1/x"]


def test_nothing_that_is_told_becomes_markup() -> None:
    text = render(PAGE)
    assert text.count("<script>") == text.count("</script>") == 2
    assert "<img" not in text.partition("<script>")[0]
    assert "Run <b>this</b> & that." in words_of(text)
    assert "alert(1)" in words_of(text)


def test_a_page_is_refused_before_anything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"cannot be written as 'a\.pdf'"):
        require_writable(tmp_path / "a.pdf")
    with pytest.raises(InputError, match="no folder"):
        require_writable(tmp_path / "nowhere" / "a.html")
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    web_page.program.cache_clear()
    with pytest.raises(InputError, match="needs the package vl-convert-python") as caught:
        require_writable(tmp_path / "a.html")
    assert caught.value.kind == "missing_package"


def test_the_page_says_what_the_terminal_says(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    fake_models.add("fake-a")
    fake_models.add("fake-b")
    target = tmp_path / "answer.html"
    outcome = run(
        "recommend", "--preset", "silicon", "--models", "fake-a,fake-b", "--time", "1ps", "--html", str(target)
    )
    assert outcome.code == ExitCode.DONE, outcome.err
    words = words_of(target.read_text(encoding="utf-8"))
    lead = " ".join(outcome.out.split())[:40]
    assert words.startswith(f"mlipguide: Si {lead}"), words[:200]
    for part in ("fake-a", "fake-b", "All models", "Memory", "What the numbers stand on"):
        assert part in words


def test_a_benchmark_has_its_points_and_its_sizes(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    fake_models.add("fake-a")
    target = tmp_path / "bench.html"
    outcome = run("bench", "--preset", "silicon", "--models", "fake-a", "--sizes", "8,64,216", "--html", str(target))
    assert outcome.code == ExitCode.DONE, outcome.err
    words = words_of(target.read_text(encoding="utf-8"))
    for part in (
        "fake-a takes",
        "MD step against atoms",
        "Memory against atoms",
        "Every size",
        "216",
        "mlipguide stability",
    ):
        assert part in words


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if BROWSER is None or DRIVER is None:
        pytest.skip("chromium or its driver is not installed")
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = BROWSER
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,1000"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(DRIVER))
    yield driver
    driver.quit()


def rows(browser: Any) -> list[str]:
    return [one.text.split()[0] for one in browser.find_elements("css selector", "tbody tr") if one.is_displayed()]


def test_a_browser_clicks_sorts_filters_and_moves(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    target = tmp_path / "page.html"
    target.write_text(render(PAGE), encoding="utf-8")
    browser.get(target.as_uri())
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements("css selector", ".chart svg"))
    for press, order in ((1, ["fast", "slow", "unknown"]), (2, ["slow", "fast", "unknown"])):
        browser.find_elements("css selector", "th button")[1].click()
        assert rows(browser) == order, press
    search = browser.find_element("css selector", "input[type=search]")
    search.send_keys("fas")
    assert rows(browser) == ["fast"]
    slider = browser.find_element("css selector", "input[type=range]")
    slider.send_keys("\ue014")  # the arrow to the right
    assert browser.find_element("css selector", ".slider output").text == "100 ps"
    assert browser.find_element("css selector", ".totals").text.split() == ["c", "100", "h"]
    copy = browser.find_element("css selector", "[data-copy]")
    copy.click()
    WebDriverWait(browser, 5).until(lambda _: copy.text == "Copied")
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert [one for one in browser.get_log("browser") if one["level"] in ("SEVERE", "WARNING")] == []


def test_a_real_answer_draws_without_a_complaint(
    browser: Any, fake_models: FakeModels, run: Run, tmp_path: Path
) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    fake_models.add("fake-a")
    target = tmp_path / "answer.html"
    beside = tmp_path / "bench.html"
    run("recommend", "--preset", "silicon", "--models", "fake-a", "--time", "1ps", "--html", str(target))
    run("bench", "--preset", "silicon", "--models", "fake-a", "--sizes", "8,64", "--html", str(beside))
    for page, width in ((target, 1200), (target, 500), (beside, 1200), (beside, 500)):
        browser.set_window_size(width, 900)
        browser.get(page.as_uri())
        assert browser.find_elements("css selector", ".chart")
        WebDriverWait(browser, 20).until(lambda driver: driver.execute_script(DRAWN))
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert [one for one in browser.get_log("browser") if one["level"] in ("SEVERE", "WARNING")] == []


def test_pages_of_trust_draw_sort_and_complain_of_nothing(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    machine, accuracies = make_machine(), make_accuracies()
    pages = {
        "evaluate": evaluate_web(Result(accuracies), make_points(accuracies, 900), "a.xyz", seed=0, machine=machine),
        "disagree": disagree_web(Result(make_disagreement()), "a.cif", machine=machine),
        "stability": stability_web(Result(make_stability()), "a.cif", machine=machine),
    }
    sorted_by = {
        "evaluate": ("Force MAE (meV/Å)", "fair"),
        "disagree": ("Disagreement (meV/Å)", "distorted"),
        "stability": ("Outcome", "BAD"),
    }
    for name, page in pages.items():
        target = tmp_path / f"{name}.html"
        target.write_text(render(page), encoding="utf-8")
        assert target.stat().st_size < MOST_BYTES
        for width in (1280, 390):
            screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
            browser.get(target.as_uri())
            assert len(browser.find_elements("css selector", ".chart")) == len(page.charts)
            WebDriverWait(browser, 20).until(lambda driver: driver.execute_script(DRAWN))
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width, name
        assert browser.execute_script(f"return {NOT_DRAWN}.length") == 0, name
        title, largest = sorted_by[name]
        button = browser.find_element("xpath", f"//th/button[text()='{title}']")
        for _ in range(2):
            browser.execute_script("arguments[0].click()", button)
        assert rows(browser)[0] == largest
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert [one for one in browser.get_log("browser") if one["level"] in ("SEVERE", "WARNING")] == []
