"""`python -m tests.screenshots FOLDER`: pictures of the page, for the documentation."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Final

from stream_app.api.live import LiveResults
from tests.api import running_api
from tests.browser import Browser, browser
from tests.live import FilledTopic, results_of

_SHOTS: Final = {
    "page-light": ("light", "headphones", 1280, 1060),
    "page-dark": ("dark", "hotel", 1280, 1060),
    "page-phone": ("light", "headphones", 375, 1560),
}
_COMING: Final = (
    ("k-204", "", "The kettle boils fast and pours well. The lid sticks. Still, a good buy for the price."),
    ("b-881", "Left in the rain", "The tent leaked on the first night. Two poles were bent."),
    ("s-035", "", "The shop is on the corner. They sell lamps."),
)


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    topic = FilledTopic()
    live = LiveResults(topic.follow)
    with (
        running_api(live=live) as api,
        tempfile.TemporaryDirectory() as profile,
        browser(Path(profile)) as window,
    ):
        for name in _SHOTS:
            _prepare(window, f"http://127.0.0.1:{api.port}/", topic, name)
            window.driver.save_screenshot(str(folder / f"{name}.png"))


def _prepare(window: Browser, url: str, topic: FilledTopic, name: str) -> None:
    scheme, example, width, height = _SHOTS[name]
    window.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    window.size(width, height)
    window.colour_scheme(scheme)
    window.open(url)
    window.wait_for("document.querySelector('#live[data-state=connected]')")
    reviews = [{"review_id": number, "title": title, "text": text} for number, title, text in _COMING]
    topic.put(*results_of(*(json.dumps(review).encode() for review in reviews)))
    window.one(f"[data-example={example}]").click()
    window.wait_for_state("result")
    window.wait_for("document.querySelectorAll('#live-results li').length === 3")
    window.wait_for("document.getAnimations().every((one) => one.playState === 'finished')")
    window.run("document.activeElement.blur()")


if __name__ == "__main__":
    main()
