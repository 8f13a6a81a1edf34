"""The page to try it, in a real Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from stream_app import schema_examples
from stream_app.kafka.broker import Broker
from tests.api import RunningApi, running_api, serve
from tests.browser import Browser, browser
from tests.stream import reviews, stream

TEXT = "The sound is great. The battery is poor!"
TINTS = "[...new Set([...document.querySelectorAll('#reading .words')].map((x) => getComputedStyle(x).{}))]"


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with running_api() as running:
        yield running


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(window: Browser, api: RunningApi) -> Browser:
    """The page, as someone at a desk finds it."""
    window.size(1280, 900)
    window.colour_scheme("light")
    window.open(f"http://127.0.0.1:{api.port}/")
    window.wait_for("document.querySelector('#model').textContent !== '…'")
    return window


def sentences(page: Browser) -> list[tuple[str, str, str]]:
    """Label, words and score of each marked sentence."""
    script = """return [...document.querySelectorAll('#reading .sentence')].map((one) => [
        one.classList[1], one.querySelector('.words').textContent, one.querySelector('.mark').textContent])"""
    return [(label, words, mark) for label, words, mark in page.run(script)]


def press(page: Browser, *keys: str) -> None:
    """Keys to whatever has the focus."""
    ActionChains(page.driver).send_keys(*keys).perform()


def focused(page: Browser) -> str:
    return str(page.run("const {id, type} = document.activeElement; return id || type"))


def test_typing_marks_each_sentence_by_more_than_its_colour(page: Browser) -> None:
    page.one("#title").send_keys("Love it")
    page.one("#text").send_keys(TEXT)
    page.wait_for("document.querySelectorAll('#reading .sentence').length === 3")
    page.wait_for_state("result")
    found = sentences(page)
    assert [(label, words) for label, words, _ in found] == [
        ("positive", "Love it"),
        ("positive", "The sound is great."),
        ("negative", "The battery is poor!"),
    ]
    assert all(re.fullmatch(rf" \({label}, [01]\.\d\d\)", mark) for label, _, mark in found)
    for property_name in ("backgroundColor", "textDecorationStyle"):
        assert len(page.run(f"return {TINTS.format(property_name)}")) == 2
    shapes = page.run("return [...document.querySelectorAll('#reading path')].map((x) => x.outerHTML)")
    assert len(set(shapes)) == 2
    assert page.one("#verdict").text.splitlines() == [
        "Positive",
        f"{schema_examples.RESULT['score']:.2f}",
        "3 sentences: 2 positive, 1 negative",
    ]
    assert page.complaints() == []


def test_sentences_are_found_behind_characters_of_two_units(page: Browser) -> None:
    script = "const t = document.querySelector('#text'); t.value = arguments[0]; t.form.requestSubmit()"
    page.run(script, "😀😀 It is great. \U0001d56c poor battery!")
    page.wait_for_state("result")
    assert [words for _, words, _ in sentences(page)] == ["😀😀 It is great.", "\U0001d56c poor battery!"]


def test_the_keyboard_alone_is_enough(page: Browser) -> None:
    press(page, Keys.TAB)
    assert focused(page) == "title"
    press(page, "Love it", Keys.TAB)
    assert focused(page) == "text"
    press(page, Keys.TAB, Keys.TAB, Keys.TAB)
    assert focused(page) == "as-typed"
    press(page, Keys.SPACE)
    assert not page.one("#as-typed").is_selected()
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.TAB * 3).key_up(Keys.SHIFT).perform()
    press(page, TEXT)
    assert page.one("#outcome").get_attribute("data-state") == "empty"  # it waits to be asked
    press(page, Keys.TAB)
    assert focused(page) == "submit"
    assert page.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press(page, Keys.ENTER)
    page.wait_for_state("result")
    press(page, Keys.TAB, Keys.ENTER)
    assert page.one("#outcome").get_attribute("data-state") == "empty"
    assert focused(page) == "text"
    press(page, "Again good.")
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
    page.wait_for_state("result")
    assert [words for _, words, _ in sentences(page)] == ["Again good."]


def accessible(page: Browser) -> list[tuple[str, str]]:
    """Role and name of everything that a screen reader is told of."""
    nodes = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    told = [node for node in nodes if not node["ignored"] and node.get("name", {}).get("value")]
    # Chromium gives names as they look: headings in capitals.
    return [(node["role"]["value"], node["name"]["value"].strip().casefold()) for node in told]


def test_a_screen_reader_is_told_all_of_it(page: Browser) -> None:
    page.one("[data-example=headphones]").click()
    page.wait_for_state("result")
    page.wait_for("document.querySelector('#announcement').textContent.startsWith('positive, 0.')")
    told = accessible(page)
    named = {
        ("heading", "review sentiment"),
        ("textbox", "title optional"),
        ("textbox", "text"),
        ("button", "classify"),
        ("checkbox", "as i type"),
        ("group", "try"),
        ("region", "sentence by sentence"),
    }
    assert named <= set(told)
    assert ("StaticText", "(positive,") in told
    assert page.one("#announcement").get_attribute("role") == "status"
    assert page.run("return document.documentElement.lang") == "en"


CONTRAST = """
const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(channel);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = (e) => { const c = getComputedStyle(e).backgroundColor;
  return c === 'rgba(0, 0, 0, 0)' && e.parentElement ? behind(e.parentElement) : c; };
return arguments[0].flatMap((s) => [...document.querySelectorAll(s)]).map((e) => {
  const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
  return [(a + 0.05) / (b + 0.05), e.className || e.id || e.tagName]; });
"""
READ = [
    "h1",
    ".masthead p",
    "h2",
    "label",
    "button",
    ".hint",
    ".words",
    ".mark",
    ".counts",
    ".label",
    "summary",
]


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_both_colour_schemes_can_be_read(page: Browser, scheme: str, is_dark: bool) -> None:
    page.colour_scheme(scheme)
    page.one("[data-example=hotel]").click()
    page.wait_for_state("result")
    red, green, blue = map(
        int, re.findall(r"\d+", page.run("return getComputedStyle(document.body).backgroundColor"))
    )
    assert (red + green + blue < 150) == is_dark
    contrasts = page.run(CONTRAST, READ)
    assert len(contrasts) > len(READ)
    assert [(ratio, name) for ratio, name in contrasts if ratio < 4.5] == []  # WCAG 2.2, 1.4.3


def test_it_fits_a_phone(page: Browser) -> None:
    page.size(375, 800)
    page.run("document.querySelector('#title').value = 'Word' + 'word'.repeat(60)")
    page.one("[data-example=cookbook]").click()
    page.wait_for_state("result")
    assert page.run("return document.documentElement.scrollWidth") == 375
    heights = page.run("return [...document.querySelectorAll('button')].filter((x) => x.offsetParent)"
                       ".map((x) => x.offsetHeight)")  # fmt: skip
    assert len(heights) == 5
    assert min(heights) >= 24  # WCAG 2.2, 2.5.8
    boxes = page.run("return ['#review', '#outcome'].map((x) => document.querySelector(x).offsetTop)")
    assert boxes[0] < boxes[1]


def test_a_refused_review_says_what_is_wrong_at_its_field(page: Browser) -> None:
    page.run("document.querySelector('#text').value = 'x'.repeat(20001)")
    page.one("#review [type=submit]").click()
    page.wait_for_state("error")
    assert "This review cannot be classified" in page.one("#outcome .error").text
    assert page.one("#text").get_attribute("aria-invalid") == "true"
    assert page.one("#text-fault").text == "field `text` has 20001 characters, expected at most 20000"
    assert page.one("#title").get_attribute("aria-invalid") == "false"
    page.one("#text").clear()
    page.one("#text").send_keys("Good.")
    page.wait_for_state("result")
    assert page.one("#text").get_attribute("aria-invalid") == "false"
    assert [line for line in page.complaints() if "422" not in line] == []


def test_a_server_that_is_gone_is_told(window: Browser) -> None:
    with running_api() as api:
        window.open(f"http://127.0.0.1:{api.port}/")
        window.wait_for("document.querySelector('#model').textContent !== '…'")
    window.one("[data-example=hotel]").click()
    window.wait_for_state("error")
    assert "The server does not answer" in window.one("#outcome .error").text
    assert window.complaints()  # the browser's own words on it


def test_the_policy_lets_nothing_in_that_is_not_its_own(page: Browser) -> None:
    page.run("document.body.setAttribute('style', 'color: red')")
    page.run("const s = document.createElement('link'); s.rel = 'stylesheet'; s.href = 'http://127.0.0.1:1/x';"
             "document.head.append(s)")  # fmt: skip
    refused = "try { document.body.innerHTML = '<p>'; return false } catch (error) { return true }"
    assert page.run(refused)
    assert len([line for line in page.complaints() if "Content Security Policy" in line]) >= 2


def live_labels(page: Browser) -> list[str]:
    script = "return [...document.querySelectorAll('#live-results .label')].map((x) => x.classList[1])"
    return [str(label) for label in page.run(script)]


@pytest.mark.broker
def test_the_live_stream_shows_what_the_worker_makes(
    window: Browser, broker: Broker, topic_name: str, tmp_path: Path
) -> None:
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as flow:
        flow.create_topics()
        settings: dict[str, Any] = {
            "bootstrap_servers": broker.bootstrap_servers,
            "result_topic": flow.results,
        }
        with serve(tmp_path, "--live", **settings) as process:
            window.size(1280, 1600)
            window.open(f"http://127.0.0.1:{process.port}/")
            window.wait_for("document.querySelector('#live[data-state=connected]')", within_s=60)
            flow.start_worker().wait_until_ready()
            flow.feed(reviews(3))
            window.wait_for("document.querySelectorAll('#live-results li').length === 3", within_s=60)
            made = {result.review_id: result for result in flow.decoded_results()}
            shown = window.run(
                "return [...document.querySelectorAll('#live-results .name')].map((x) => x.textContent)"
            )
            assert set(shown) == set(made)
            assert live_labels(window) == [made[name].label for name in shown]
            assert "Review 1 begins here." in window.one("#live-results").text
            assert window.one("#live-state").text == "Live"

            window.one("#live-pause").click()
            assert window.one("#live-state").text == "Paused"
            window.one("#live-pause").click()
            window.wait_for("document.querySelector('#live[data-state=connected]')")
            flow.feed(reviews(20, start=3))
            window.wait_for("document.querySelectorAll('#live-results li').length === 12", within_s=60)
            assert window.complaints() == []
