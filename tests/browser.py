"""A real headless Chromium, driven by Debian's chromedriver: nothing is downloaded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)


class Browser:
    """One window."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def size(self, width: int, height: int) -> None:
        """The size of the page in CSS pixels, which a window of a desktop cannot be made as small as."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def colour_scheme(self, name: str) -> None:
        media = {"features": [{"name": "prefers-color-scheme", "value": name}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever the script gives
        return self.driver.execute_script(script, *arguments)

    def wait_for(self, script: str, *arguments: object, within_s: float = 20) -> None:
        """Until the expression is true."""
        WebDriverWait(self.driver, within_s, 0.05).until(
            lambda _: self.run(f"return Boolean({script})", *arguments), f"never true: {script}"
        )

    def wait_for_state(self, state: str) -> None:
        """Until the outcome is in this state and no question is open."""
        self.wait_for(f"document.querySelector('#outcome:not([aria-busy])[data-state={state}]')")

    def complaints(self) -> list[str]:
        """What the console says of errors, violations of the content security policy among them."""
        return [str(line["message"]) for line in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]


def missing() -> str:
    """What a browser test needs and is not here; empty when all is."""
    absent = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"no {', '.join(absent)}: `apt-get install chromium chromium-driver`" if absent else ""


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A Chromium with a new profile in the folder, which does not outlive the block."""
    if reason := missing():
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, ChromeService(shutil.which("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
