"""A browser without a window that reads a page from the disk, and tells what it saw."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DRAWN = "return document.documentElement.dataset.drawn"


def browser() -> tuple[str, str] | None:
    """Chromium and its driver, where this machine has both."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (found, driver) if found and driver else None


@dataclass(frozen=True)
class Seen:
    """A page as the browser has it after all figures were drawn."""

    driver: Any

    def asked(self, script: str) -> Any:
        """What a script returns."""
        return self.driver.execute_script(f"return {script}")

    def errors(self) -> list[str]:
        """What the console says that is worse than a hint."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] in {"SEVERE", "WARNING"}]

    def requests(self) -> list[str]:
        """Whatever was asked for, the page itself and pictures within it apart."""
        messages = [json.loads(line["message"])["message"] for line in self.driver.get_log("performance")]
        asked = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("file://", "data:", "blob:"))]


@contextmanager
def opened(page: Path, width: int = 1280, dark: bool = False) -> Iterator[Seen]:
    """The page in a browser, drawn to the end."""
    from selenium import webdriver

    paths = browser()
    assert paths is not None
    options = webdriver.ChromeOptions()
    options.binary_location = paths[0]
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},900"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(paths[1]))
    try:
        if dark:
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        driver.get(page.absolute().as_uri())
        end = time.monotonic() + 60
        while driver.execute_script(DRAWN) is None:
            assert time.monotonic() < end, "the figures were not drawn in a minute"
            time.sleep(0.05)
        yield Seen(driver)
    finally:
        driver.quit()
