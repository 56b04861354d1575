"""The page of a run in a real browser: it renders, its links and its filter work, by keyboard too."""

from itertools import pairwise

import pytest
from selenium.webdriver.support.select import Select

from harness.audit.compare.comparison import compare
from harness.audit.compare.flaky import repetition
from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.report.history import history
from harness.report.html.of_several import compared_page, flaky_page, history_page
from harness.report.html.report import write, write_apart
from harness.results.contract import Contract
from harness.results.places import SourceLine
from harness.results.results import Results, Run
from tests.browser.browser import browser, missing
from tests.fakes.run import NAMES, change, make_run
from tests.report.html.test_report import NASTY
from tests.report.test_history import scenario as past_scenario

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=str(missing()))]

LOOKS = [(width, theme) for width in (1280, 390) for theme in ("light", "dark")]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return write(make_run(folder), folder)


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """The pages of several runs, whose names are long and would be markup: history, flaky, comparison."""
    folder = tmp_path_factory.mktemp("several")
    folders = []
    for day, verdict in enumerate((Verdict.PASS, Verdict.FAIL), 1):
        stack = {"versions": {"chaos-mesh": "v2.8.4"}}
        results = Results(run=Run(id=f"r{day}", harness="1", started=f"2026-11-0{day}", stack=stack))
        for name in ("stress-cpu", "long_" * 30, NASTY):
            results.add(past_scenario(name, verdict, seconds=0.5 * day, metric=f"{name}_total"))
        results.contract = Contract(release="v2.8.4", whole=True)
        results.write(folder / results.run.id)
        folders.append(folder / results.run.id)
    first, second = folders
    (second / "index.html").write_text("<h1>run 2</h1>")
    pages = {
        "history": history_page(history(folders), folder / "history.html"),
        "flaky": flaky_page(repetition(folders), folder / "flaky.html"),
        "compared": compared_page(compare(first, second, catalogue()), first, second),
    }
    for name, text in pages.items():
        write_apart(text, folder / f"{name}.html")
    return folder


def shown(chromium):
    """Return the names of the scenarios that are shown."""
    return chromium.run(
        "return [...document.querySelectorAll('details.scenario')]"
        ".filter((each) => each.checkVisibility()).map((each) => each.querySelector('.name').textContent)"
    )


def focused(chromium):
    return chromium.run("return document.activeElement.outerHTML.slice(0, 200)")


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_it_renders_and_asks_for_nothing(chromium, path, width, theme, tmp_path):
    chromium.open(path, width=width, theme=theme)
    assert chromium.run("return document.querySelector('h1').checkVisibility()")
    assert chromium.run("return document.documentElement.scrollWidth") <= width, "wider than the window"
    assert chromium.logged() == []
    assert {each for each in chromium.requested() if not each.startswith("about:")} == {path.as_uri()}
    chromium.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 50_000


@pytest.mark.parametrize("scripts", [True, False])
def test_no_name_is_too_long_for_a_phone(chromium, tmp_path, scripts):
    """A page that is wider than a phone cannot be read: whatever is wrong, and whatever it is called."""
    results = make_run(tmp_path, 2)
    bad, long = results.scenarios[0], "long_" * 30
    bad.name, bad.about, bad.tags, bad.reason, bad.details = long, long, [long], long, [long]
    table = [{"labels": {long: long}, "expected": long, "actual": 1.0}]
    seen = {"metric": long, "promql": long, "expected": long, "because": long, "known_issue": long}
    change(bad, bad.findings()[0].id, **seen, kind=long, reason=long, layer=long, evidence={"table": table})
    bad.places = {each: SourceLine(file=long, line=1) for each in ("", "0", "1", bad.findings()[0].id)}
    path = write(results, tmp_path)
    chromium.open(path, width=390, scripts=scripts)
    try:
        chromium.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert chromium.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        chromium.command("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("name", ["history", "flaky", "compared"])
@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_a_page_of_several_runs_renders_and_asks_for_nothing(chromium, several, name, width, theme):
    path = several / f"{name}.html"
    chromium.open(path, width=width, theme=theme)
    assert chromium.run("return document.querySelector('h1').checkVisibility()")
    assert chromium.run("return document.documentElement.scrollWidth") <= width, "wider than the window"
    assert chromium.run("return window.planted") is None
    assert chromium.logged() == []
    assert {each for each in chromium.requested() if not each.startswith("about:")} == {path.as_uri()}


def test_the_filter_of_the_history_is_in_the_address(chromium, several):
    rows = (
        "return [...document.querySelectorAll('tr.scenario')]"
        ".filter((each) => each.checkVisibility()).map((each) => each.dataset.name)"
    )
    chromium.open(several / "history.html")
    assert len(chromium.run(rows)) == 6
    Select(chromium.driver.find_element("name", "about")).select_by_value("metric")
    Select(chromium.driver.find_element("name", "sort")).select_by_value("name")
    chromium.driver.find_element("name", "text").send_keys("cpu")
    assert chromium.run(rows) == ["stress-cpu_total"]
    status = chromium.run("return document.querySelector('form [role=status]').textContent")
    assert status == "1 of 6 rows"
    address = chromium.run("return location.href")
    assert "about=metric" in address
    chromium.driver.get("about:blank")
    chromium.driver.get(address)
    assert chromium.run(rows) == ["stress-cpu_total"]


def test_every_link_leads_to_something_that_one_sees(chromium, path):
    chromium.open(path)
    links = chromium.run(
        "return [...document.querySelectorAll('a')].map((each) => each.getAttribute('href'))"
    )
    unseen = []
    for link in sorted(set(links)):
        chromium.run("for (const each of document.querySelectorAll('details.scenario')) each.open = false")
        seen = chromium.driver.execute_async_script(
            """
            const [link, done] = arguments;
            const look = () => {
              const target = document.getElementById(decodeURIComponent(link.slice(1)));
              const box = target && target.getBoundingClientRect();
              done(Boolean(box && target.checkVisibility() && box.bottom > 0 && box.top < innerHeight
                && (target.tagName !== "DETAILS" || target.open)));
            };
            if (location.hash === link) { look(); return; }
            addEventListener("hashchange", () => requestAnimationFrame(look), {once: true});
            document.querySelector(`a[href="${CSS.escape(link)}"]`.replace("\\\\#", "#")).click();
            """,
            link,
        )
        if not seen:
            unseen.append(link)
    assert len(links) > 50
    assert unseen == []
    assert chromium.logged() == []


def test_the_filter(chromium, path):
    chromium.open(path)
    everything = shown(chromium)
    status = "return document.querySelector('form [role=status]').textContent"
    assert len(everything) == len(NAMES) + 1
    assert chromium.run(status) == f"{len(everything)} of {len(everything)} scenarios"

    search = chromium.driver.find_element("name", "text")
    search.send_keys("Partition ipset")
    assert shown(chromium) == ["network-partition"]
    assert chromium.run(status) == f"1 of {len(everything)} scenarios"
    search.send_keys(" nowhere")
    assert shown(chromium) == []
    assert "No scenario matches the filter." in chromium.driver.find_element("tag name", "main").text

    chromium.driver.find_element("css selector", "button[type=reset]").click()
    chromium.driver.execute_async_script("setTimeout(arguments[0])")
    assert shown(chromium) == everything

    chromium.driver.find_element("css selector", "input[value=passed]").click()
    assert "pod-failure" in everything
    assert "pod-failure" not in shown(chromium)
    Select(chromium.driver.find_element("name", "tag")).select_by_value("TimeChaos")
    assert shown(chromium) == ["time-skew"]


def test_the_filter_is_in_the_address_and_comes_back_with_it(chromium, path):
    chromium.open(path)
    everything = shown(chromium)
    for name, value in (("component", "chaos-daemon"), ("layer", "collector"), ("sort", "name")):
        Select(chromium.driver.find_element("name", name)).select_by_value(value)
    chromium.driver.find_element("name", "text").send_keys("stress")
    chromium.driver.find_element("css selector", "input[value=passed]").click()
    there, address = shown(chromium), chromium.run("return location.href")
    assert there == ["stress-cpu"]
    assert "component=chaos-daemon" in address
    assert "passed" not in address
    chromium.driver.get("about:blank")
    chromium.driver.get(address + "#s-stress-cpu")
    assert shown(chromium) == there
    assert chromium.run("return location.href") == address + "#s-stress-cpu"
    chromium.run("document.querySelector('button[type=reset]').click()")
    chromium.driver.execute_async_script("setTimeout(arguments[0])")
    assert "?" not in chromium.run("return location.href")
    assert shown(chromium) == everything
    assert chromium.logged() == []


@pytest.mark.parametrize("query", ["verdict=nothing", "component=<b>&sort=x&metric=%00", "text=%F0%9F%98%80"])
def test_an_address_with_anything_in_it_does_no_harm(chromium, path, query):
    chromium.open(path)
    chromium.driver.get(f"{path.as_uri()}?{query}")
    assert chromium.run("return document.querySelector('form [role=status]').textContent").endswith(
        "scenarios"
    )
    assert chromium.logged() == []


def test_scenarios_are_put_in_order_over_all_verdicts(chromium, path):
    chromium.open(path)
    before = shown(chromium)
    chromium.run("document.querySelector('#s-time-skew').dataset.seconds = 99")
    order = Select(chromium.driver.find_element("name", "sort"))
    order.select_by_value("slowest")
    assert shown(chromium)[0] == "time-skew"
    order.select_by_value("fastest")
    assert shown(chromium)[-1] == "time-skew"
    order.select_by_value("name")
    assert shown(chromium) == sorted(before)
    order.select_by_value("")
    assert shown(chromium) == before


def test_a_failure_is_copied_as_an_issue(chromium, path):
    chromium.open(path)
    button = "#s-stress-cpu .finding button:not([aria-label])"
    assert chromium.run(f"return document.querySelector('{button}').textContent") == "copy as an issue"
    text = chromium.run(f"return document.querySelector('{button}').dataset.copy")
    assert text.startswith("# ")
    assert "PromQL:\n\n```promql\n" in text
    # No clipboard is given here: the text is shown and selected in its place.
    chromium.driver.execute_async_script(
        """
        const [selector, done] = arguments;
        Object.defineProperty(navigator, "clipboard", {value: {writeText: async () => { throw Error(); }}});
        document.querySelector(selector).click();
        setTimeout(done);
        """,
        button,
    )
    assert chromium.run("return getSelection().toString()").strip() == text.strip()


def test_a_verdict_at_the_top_shows_its_scenarios_alone(chromium, path):
    chromium.open(path)
    chromium.driver.find_element("css selector", ".count.failed").click()
    assert shown(chromium) == ["pod-kill", "stress-cpu"]
    # A link to what the filter hides shows it again.
    chromium.run("location.hash = '#s-workflow-serial'")
    chromium.driver.execute_async_script("setTimeout(arguments[0])")
    assert "workflow-serial" in shown(chromium)


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(chromium, path):
    chromium.open(path)
    chromium.press("Tab")
    assert "Skip to the results" in focused(chromium)
    chromium.press("Enter", "Tab")
    assert chromium.run("return document.querySelector('main').contains(document.activeElement)")

    chromium.open(path)
    chromium.run("window.before = document.body; window.backwards = []; window.unseen = []")
    for _ in range(60):
        chromium.press("Tab")
        chromium.run(
            """
            const now = document.activeElement, style = getComputedStyle(now);
            const follows = before.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING;
            if (!follows) backwards.push(now.outerHTML);
            if (style.outlineStyle === "none") unseen.push(now.outerHTML.slice(0, 100));
            window.before = now;
            """
        )
    assert chromium.run("return backwards") == []
    assert chromium.run("return unseen") == []


def test_the_keyboard_opens_a_scenario_and_jumps_to_the_filter(chromium, path):
    chromium.open(path)
    chromium.run("document.querySelector('#s-pod-failure > summary').focus()")
    chromium.press("Enter")
    assert chromium.run("return document.getElementById('s-pod-failure').open")
    chromium.press("/")
    assert 'name="text"' in focused(chromium)
    chromium.press("s", "k", "e", "w")
    assert shown(chromium) == ["time-skew"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_has_enough_contrast(chromium, path, theme):
    chromium.open(path, theme=theme)
    chromium.run("for (const each of document.querySelectorAll('details')) each.open = true")
    assert chromium.run(CONTRAST) == []


CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const known = new Map();
const rgba = (colour) => {
  if (!known.has(colour)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    known.set(colour, [...canvas.getImageData(0, 0, 1, 1).data]);
  }
  return known.get(colour);
};
const luminance = ([r, g, b]) => {
  const linear = (v) => v <= 10.31475 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const [x, y, z] = [r, g, b].map(linear);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const background = (each) => {
  for (let at = each; at; at = at.parentElement) {
    const colour = rgba(getComputedStyle(at).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return [255, 255, 255, 255];
};
const bad = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let texts = 0;
while (walker.nextNode()) {
  const each = walker.currentNode.parentElement, words = walker.currentNode.data.trim();
  if (!words || each.closest("script, style, title, .sr, option") || !each.checkVisibility()) continue;
  texts += 1;
  const style = getComputedStyle(each);
  const text = rgba(each.closest("svg") ? style.fill : style.color);
  const [high, low] = [luminance(text), luminance(background(each))].sort((a, b) => b - a);
  const ratio = (high + 0.05) / (low + 0.05);
  const what = `${each.tagName}.${each.getAttribute("class")}: ${words.slice(0, 40)}`;
  if (ratio < 4.5) bad.add(`${ratio.toFixed(2)} ${what}`);
}
if (texts < 500) bad.add(`only ${texts} texts were seen`);
return [...bad].slice(0, 20);
"""


def test_plots_follow_the_theme(chromium, path):
    colours = {}
    for theme in ("light", "dark"):
        chromium.open(path, theme=theme)
        colours[theme] = chromium.run(
            "return ['body', 'figure svg text', 'figure svg [style*=--chaos]'].map((each) => {"
            " const style = getComputedStyle(document.querySelector(each));"
            " return each === 'body' ? style.backgroundColor : style.fill + style.stroke; })"
        )
    assert all(light != dark for light, dark in zip(*colours.values(), strict=True))


def test_a_screen_reader_gets_names_and_an_outline(chromium, path):
    chromium.open(path)
    nodes = [
        (node["role"]["value"], node.get("name", {}).get("value", ""), node)
        for node in chromium.command("Accessibility.getFullAXTree")["nodes"]
        if not node.get("ignored") and "role" in node
    ]
    unnamed = [
        (role, node.get("backendDOMNodeId"))
        for role, name, node in nodes
        if role in ("link", "button", "checkbox", "combobox", "searchbox", "region", "navigation", "heading")
        and not name.strip()
    ]
    assert unnamed == []
    roles = {role for role, _, _ in nodes}
    assert {"banner", "navigation", "main", "contentinfo", "search", "table", "rowheader", "status"} <= roles
    levels = [
        int(each["value"]["value"])
        for role, _, node in nodes
        if role == "heading"
        for each in node["properties"]
        if each["name"] == "level"
    ]
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    names = {name for _, name, _ in nodes}
    assert "Timeline of stress-cpu" in names
    assert "ExecStressors" in names, "text in a plot is text"


def test_without_scripts_everything_is_there_but_the_filter(chromium, path):
    chromium.open(path, scripts=False)
    try:
        count = "document.querySelectorAll('details.scenario').length"
        assert chromium.evaluate(count) == len(NAMES) + 1
        assert chromium.evaluate("document.querySelector('form.filter').checkVisibility()") is False
        assert chromium.evaluate("document.querySelectorAll('[data-copy]:not([hidden])').length") == 0
        opened = "[...document.querySelectorAll('details.scenario[open]')].map((each) => each.id)"
        assert chromium.evaluate(opened) == ["s-pod-kill", "s-stress-cpu", "s-time-skew"]
    finally:
        chromium.command("Emulation.setScriptExecutionDisabled", value=False)


def test_what_was_planted_does_not_run(chromium, tmp_path):
    results = make_run(tmp_path, 2)
    bad = results.scenarios[0]
    bad.name, bad.about, bad.tags = NASTY, NASTY, [NASTY]
    change(
        bad,
        bad.findings()[0].id,
        metric=NASTY,
        promql=NASTY,
        reason=NASTY,
        actual=[{"labels": {"a": NASTY}, "value": 1}],
    )
    chromium.open(write(results, tmp_path))
    assert NASTY in chromium.driver.find_element("id", "scenarios").text
    assert chromium.run("return window.planted === undefined")
    chromium.driver.find_element("name", "text").send_keys("window.planted")
    assert shown(chromium) == [NASTY]
    assert chromium.logged() == []


def test_even_unescaped_it_would_not_run(chromium, tmp_path):
    page = write(make_run(tmp_path, 1), tmp_path)
    page.write_text(page.read_text().replace("</main>", "<script>window.planted = 1</script></main>"))
    chromium.open(page)
    assert chromium.run("return window.planted === undefined")
    assert any("Content Security Policy" in each for each in chromium.logged())
