"""A headless Chromium that reaches no network, driven through Debian's chromedriver."""

import base64
import json
import os
import shutil
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

BROWSERS = ("chromium", "google-chrome", "chromium-browser")


def missing():
    """Return why there is no browser, or None."""
    if not shutil.which("chromedriver"):
        return "chromedriver is not on PATH (Debian: apt-get install chromium chromium-driver)"
    if not any(map(shutil.which, BROWSERS)):
        return f"none of {', '.join(BROWSERS)} is on PATH (Debian: apt-get install chromium chromium-driver)"
    return None


@contextmanager
def browser(profile):
    """Yield a browser whose profile is in a folder; it is ended afterwards."""
    options = webdriver.ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    for word in (
        "headless=new",
        "disable-gpu",
        "disable-dev-shm-usage",
        "hide-scrollbars",
        f"user-data-dir={profile}",
        # Whatever the page asked for would fail, and so be seen in its log.
        "host-resolver-rules=MAP * ~NOTFOUND",
    ):
        options.add_argument(f"--{word}")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


class Browser:
    """A page in a window of a given width and theme."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path, *, width=1280, theme="light", scripts=True):
        """Open a file, and forget what was logged before."""
        self.command("Emulation.setScriptExecutionDisabled", value=not scripts)
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.command("Emulation.setEmulatedMedia", features=features)
        size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        for name in ("browser", "performance"):
            self.driver.get_log(name)
        # A page that differs only by its fragment from the one before would not be loaded.
        self.driver.get("about:blank")
        self.driver.get(path.as_uri())

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script, *arguments):
        """Run the body of a function in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def evaluate(self, expression):
        """Evaluate an expression, also in a page whose own scripts do not run."""
        found = self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def logged(self):
        """Return what the console says."""
        return [each["message"] for each in self.driver.get_log("browser")]

    def requested(self):
        """Return all addresses that were asked for."""
        messages = [json.loads(each["message"])["message"] for each in self.driver.get_log("performance")]
        return [
            each["params"]["request"]["url"]
            for each in messages
            if each["method"] == "Network.requestWillBeSent"
        ]

    def press(self, *keys):
        """Press keys, each by its name or sign, as a person does."""
        for key in keys:
            text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
            code = {"Tab": 9, "Enter": 13, " ": 32}.get(key, 0)
            common = {"key": key, "windowsVirtualKeyCode": code}
            self.command("Input.dispatchKeyEvent", type="keyDown", **common, **text)
            self.command("Input.dispatchKeyEvent", type="keyUp", **common)

    def screenshot(self, path):
        """Keep a picture of the whole page."""
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
