"""One notebook in a real browser: JupyterLab runs it, a slider is dragged, the picture changes.

Keeps its screenshot as build/browser.png. Needs Debian's chromium and chromium-driver.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

LIMIT = 300  # seconds for everything, on a very busy machine
TOKEN = "of-this-test-only"
NEWS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
SHOT = Path(__file__).parent.parent / "build/browser.png"
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-dev-shm-usage "
    "--no-proxy-server --window-size=1100,900"
).split()
REDRAWN = (  # what a page that still draws itself may answer: ask again
    ElementClickInterceptedException,
    NoSuchElementException,
    StaleElementReferenceException,
)
MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"needs {' and '.join(MISSING)}: apt install chromium chromium-driver"
)

DRAW = """
import matplotlib.pyplot as plt
from course_lib import plot, widgets

def draw(width=3):
    fig, ax = plt.subplots(figsize=(4, 2.5), layout="constrained")
    ax.bar([0, 1, 2], [1, width, 2], color=plot.BLUE)
    ax.set(title=f"width {width}", ylim=(0, 10), xlabel="bar", ylabel="height")
    plot.show(fig, alt=f"Three bars, the middle one {width} high.")
""".strip()
PLAY = "widgets.play(draw, width=widgets.slider(3, 1, 9))"

IDLE = "//div[@id='jp-main-statusbar']//*[contains(text(), '| Idle')]"
RUN_MENU = "//div[contains(@class, 'lm-MenuBar-itemLabel') and text()='Run']"
RUN_ALL = "li[data-command='runmenu:run-all']"
HANDLE = ".jp-OutputArea .widget-slider .noUi-handle"
PICTURE = ".jp-OutputArea .widget-html img"


@pytest.fixture
def notebook(tmp_path):
    """A notebook with one slider, alone in a folder."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [new_markdown_cell("# A slider"), new_code_cell(DRAW), new_code_cell(PLAY)]
    path = tmp_path / "work/slider.ipynb"
    path.parent.mkdir()
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


@pytest.fixture
def page(notebook, tmp_path):
    """The address of the notebook in a JupyterLab of its own, which asks the network nothing."""
    wishes = {
        "ServerApp.port": 0,  # any that is free
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": notebook.parent,
        "IdentityProvider.token": TOKEN,
        "LabApp.extension_manager": "readonly",
    }
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in wishes.items()]
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    homes = {name: str(tmp_path / name.lower()) for name in own}
    settings = tmp_path / "jupyter_config_dir/lab/user-settings" / NEWS
    settings.parent.mkdir(parents=True)
    settings.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    log = (tmp_path / "jupyter.log").open("w")
    server = subprocess.Popen(command, env=os.environ | homes, stdout=log, stderr=log)
    try:
        runtime = Path(homes["JUPYTER_RUNTIME_DIR"])
        address = _await_address(server, runtime, tmp_path / "jupyter.log")
        yield f"{address}lab/tree/{notebook.name}?token={TOKEN}"
    finally:
        log.close()
        _end(server)


def _await_address(server, runtime, log):
    """The address of a JupyterLab, once it says that it is running, as it notes it in a file."""
    end = time.monotonic() + LIMIT
    while server.poll() is None and time.monotonic() < end:
        if "is running at" in log.read_text():
            (noted,) = runtime.glob("jpserver-*.json")
            return json.loads(noted.read_text())["url"].replace("localhost", "127.0.0.1")
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def _end(process, patience=10):
    """Ask a process to end, then end it and all that it started."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for one in family:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue


@pytest.fixture
def browser(tmp_path, monkeypatch):
    """A Chromium without window, profile and network."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(LIMIT / 2)
        yield driver
        SHOT.parent.mkdir(exist_ok=True)  # also of a test that failed
        driver.save_screenshot(str(SHOT))
    finally:
        family = psutil.Process(service.process.pid).children(recursive=True)
        try:
            driver.quit()
        finally:
            for one in (child for child in family if child.is_running()):
                one.kill()


def test_a_dragged_slider_changes_the_picture(page, browser):
    end = time.monotonic() + LIMIT

    def wait(question, what):
        left = max(1, end - time.monotonic())
        patience = WebDriverWait(browser, left, 0.2, ignored_exceptions=REDRAWN)
        return patience.until(lambda _: question(), what)

    def seen(by, where):
        found = [one for one in browser.find_elements(by, where) if one.is_displayed()]
        return found[0] if found else None

    def click(by, where):
        found = seen(by, where)
        if found:
            found.click()
        return found

    def source():
        return browser.execute_script(
            "return document.querySelector(arguments[0])?.getAttribute('src')", PICTURE
        )

    browser.get(page)
    wait(lambda: seen(By.CSS_SELECTOR, ".jp-Notebook .jp-CodeCell"), "the notebook never opened")
    wait(lambda: seen(By.XPATH, IDLE), "the kernel never came")  # before that, Lab asks which one
    wait(lambda: click(By.XPATH, RUN_MENU), "there is no menu Run")
    wait(lambda: click(By.CSS_SELECTOR, RUN_ALL), "there is no Run All")
    handle = wait(lambda: seen(By.CSS_SELECTOR, HANDLE), "no slider appeared")
    first = wait(source, "no picture appeared beneath the slider")
    assert first.startswith("data:image/png;base64,")
    value = handle.get_attribute("aria-valuenow")

    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", handle)
    ActionChains(browser).drag_and_drop_by_offset(handle, 90, 0).perform()
    second = wait(lambda: source() if source() != first else None, "the drag changed no picture")
    assert float(handle.get_attribute("aria-valuenow")) > float(value)
    handle.send_keys(Keys.ARROW_LEFT)
    wait(lambda: source() not in (first, second), "the key changed no picture")
