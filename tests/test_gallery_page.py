"""The gallery's page in a real browser: by mouse, by keys, by touch; marks that survive and travel.

Keeps its screenshot as build/gallery.png. Needs Debian's chromium and chromium-driver.
"""

import json
import re
import shutil
from pathlib import Path

import gallery_class
import psutil
import pytest
from gallery_class import CELL, NAME, STUDENTS
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.interaction import POINTER_TOUCH
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from course_lib.staff import sources
from course_lib.staff.gallery import blind, entries, page, rubric
from course_lib.staff.grading import book

PATIENCE = 90  # seconds, for a machine that does much else
SHOT = Path(__file__).parent.parent / "build/gallery.png"
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-dev-shm-usage "
    "--no-proxy-server"
).split()
MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
pytestmark = [
    pytest.mark.skipif(
        bool(MISSING), reason=f"needs {' and '.join(MISSING)}: apt install chromium chromium-driver"
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


# --- a class, its page, a browser ---


@pytest.fixture(scope="module")
def released():
    """The assignment is released, for as long as this file's tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "released", lambda name, root=None: gallery_class.notebook())
        yield


@pytest.fixture(scope="module")
def group(released, tmp_path_factory):
    """A class with a page."""
    folder = gallery_class.make(tmp_path_factory.mktemp("class") / "class")
    blind.save(blind.Key("1" * 32, {}), folder, NAME)  # the same order in every run
    page.write(NAME, folder=folder)
    return folder


def start(folder, width, height, *, phone=False):
    """A Chromium without window and network, whose downloads come into a folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}", "--window-size=1280,800"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    metrics = {"width": width, "height": height, "pixelRatio": 2, "touch": True}
    if phone:
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_page_load_timeout(PATIENCE)
    if not phone:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    return driver, service


def end(driver, service):
    """End a browser and all that it started."""
    family = psutil.Process(service.process.pid).children(recursive=True)
    try:
        driver.quit()
    finally:
        for one in (child for child in family if child.is_running()):
            one.kill()


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("desktop")


@pytest.fixture(scope="module")
def desktop(downloads):
    driver, service = start(downloads, 1280, 800)
    try:
        yield driver
    finally:
        end(driver, service)


@pytest.fixture(scope="module")
def phone(tmp_path_factory):
    driver, service = start(tmp_path_factory.mktemp("phone"), 390, 844, phone=True)
    try:
        yield driver
    finally:
        end(driver, service)


def visit(driver, folder, name=NAME):
    """Open a class's page, with nothing kept of an earlier visit."""
    url = (folder / "gallery" / name / "index.html").as_uri()

    def blank():
        driver.get(url)
        if driver.execute_script("return localStorage.length") == 0:
            return True
        driver.execute_script("localStorage.clear()")
        driver.get("about:blank")  # a page that is left may still write
        return False

    until(driver, blank, "the marks of an earlier visit stay")
    return driver


@pytest.fixture
def shown(desktop, group):
    return visit(desktop, group)


def until(driver, question, what):
    return WebDriverWait(driver, PATIENCE, poll_frequency=0.1).until(lambda _: question(), what)


def one(driver, css):
    return driver.find_element(By.CSS_SELECTOR, css)


def text(driver, css):
    return one(driver, css).text


def article(driver, place):
    """The code of the drawing at a place on the page."""
    return driver.find_elements(By.CSS_SELECTOR, "article")[place].get_attribute("data-code")


def waiting(driver):
    """The codes of the drawings that can be marked."""
    found = driver.find_elements(By.CSS_SELECTOR, "article[data-waits]")
    return [each.get_attribute("data-code") for each in found]


def level(code, criterion, place):
    """The selector of a level to click."""
    return (
        f"article[data-code='{code}'] fieldset[data-criterion='{criterion}'] "
        f".level:nth-of-type({place + 1})"
    )


def click(driver, css):
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", one(driver, css))
    one(driver, css).click()


def mark(driver, code, places):
    for criterion, place in enumerate(places):
        click(driver, level(code, criterion, place))


def press(driver, *keys):
    ActionChains(driver).send_keys(*keys).perform()


def chosen(driver, code):
    """The places of the chosen levels, criterion by criterion."""
    script = """
    const fields = document.querySelectorAll(`article[data-code='${arguments[0]}'] fieldset`);
    return [...fields].map(f => [...f.querySelectorAll('input')].findIndex(one => one.checked));
    """
    return driver.execute_script(script, code)


def focused(driver):
    """Drawing and criterion that have the keyboard."""
    script = """
    const field = document.activeElement.closest('fieldset');
    return [document.activeElement.closest('article')?.dataset.code, field?.dataset.criterion];
    """
    return driver.execute_script(script)


def total(driver, code):
    return text(driver, f"article[data-code='{code}'] .sum")


# --- by mouse ---


def test_a_click_marks_and_a_reload_keeps_it(shown):
    first, second = waiting(shown)[:2]
    assert text(shown, "#progress") == "0 of 4 marked"
    assert total(shown, first) == "not yet marked"
    mark(shown, first, [2, 1])
    assert total(shown, first) == "6 points so far, 2 to choose"
    mark(shown, first, [2, 1, 1, 2])
    one(shown, f"article[data-code='{first}'] textarea").send_keys("Fine <b>lines</b>")
    click(shown, level(second, 0, 3))
    shown.refresh()
    assert total(shown, first) == "✓ 13 of 20 points"
    assert chosen(shown, first) == [2, 1, 1, 2] and chosen(shown, second) == [3, -1, -1, -1]
    comment = one(shown, f"article[data-code='{first}'] textarea")
    assert comment.get_property("value") == "Fine <b>lines</b>"
    assert text(shown, "#progress") == "1 of 4 marked"
    click(shown, f"article[data-code='{first}'] .clear")
    assert chosen(shown, first) == [-1] * 4 and text(shown, "#progress") == "0 of 4 marked"
    SHOT.parent.mkdir(exist_ok=True)
    shown.save_screenshot(str(SHOT))


def test_only_the_unmarked_are_shown_when_asked(shown):
    first, *others = waiting(shown)
    mark(shown, first, [0, 0, 0, 0])
    click(shown, "#unmarked")
    visible = [
        each.get_attribute("data-code")
        for each in shown.find_elements(By.CSS_SELECTOR, "article")
        if each.is_displayed()
    ]
    assert set(visible) - {first} == set(others)  # the one at hand may stay
    click(shown, "#next")
    assert not one(shown, f"article[data-code='{first}']").is_displayed()
    for code in others:
        mark(shown, code, [0, 0, 0, 0])
    shown.refresh()
    assert not one(shown, "#none").is_displayed()
    click(shown, "#unmarked")
    until(shown, lambda: text(shown, "#progress") == "4 of 4 marked", "not all marks were kept")


def test_a_click_enlarges_a_drawing(shown):
    code = next(c for c in waiting(shown) if shown.find_elements(By.CSS_SELECTOR, picture(c)))
    small = one(shown, picture(code)).size["width"]
    click(shown, picture(code))
    large = one(shown, "#large .sheet img")
    assert large.is_displayed() and large.size["width"] > small
    assert large.get_attribute("src").endswith(f"{code}_drawing.png")
    click(shown, "#other")
    assert large.get_attribute("src").endswith(f"{code}_photo.jpg")
    one(shown, "#close").click()
    assert not large.is_displayed()


def test_arrows_lead_from_one_enlarged_drawing_to_the_next(shown):
    codes = [c for c in waiting(shown) if shown.find_elements(By.CSS_SELECTOR, picture(c))]
    click(shown, picture(codes[0]))
    press(shown, Keys.ARROW_RIGHT)  # past students without a drawing
    assert one(shown, "#large .sheet img").get_attribute("src").endswith(f"{codes[1]}_drawing.png")
    press(shown, Keys.ESCAPE)
    until(shown, lambda: focused(shown)[0] == codes[1], "back at another drawing")


def picture(code):
    return f"article[data-code='{code}'] img.drawing"


# --- by keys ---


def test_a_whole_class_is_marked_by_keys(shown):
    codes = waiting(shown)
    press(shown, Keys.TAB)  # from the page's beginning, no mouse
    for _ in range(30):
        if focused(shown) == [codes[0], "0"]:
            break
        press(shown, Keys.TAB)
    assert focused(shown) == [codes[0], "0"]
    for code in codes:
        until(shown, lambda code=code: focused(shown) == [code, "0"], f"no way to {code}")
        for place, key in enumerate("4234"):
            assert focused(shown) == [code, str(place)]
            press(shown, key)
        assert total(shown, code) == "✓ 13 of 20 points"
        while focused(shown)[0] == code and code != codes[-1]:
            press(shown, "j")
            if focused(shown)[1] is None:  # a drawing that waits for nobody
                press(shown, Keys.ARROW_RIGHT)
    assert text(shown, "#progress") == "4 of 4 marked"
    press(shown, "k", "k", Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert text(shown, "#here") == f"Drawing {article(shown, 0)}"


def test_keys_change_clear_enlarge_and_comment(shown):
    codes = [c for c in waiting(shown) if shown.find_elements(By.CSS_SELECTOR, picture(c))]
    click(shown, level(codes[0], 0, 1))
    press(shown, Keys.ARROW_DOWN)
    assert chosen(shown, codes[0])[0] == 2
    press(shown, "5")  # no level has five points
    assert chosen(shown, codes[0])[0] == 2
    press(shown, Keys.DELETE)
    assert chosen(shown, codes[0])[0] == -1
    press(shown, Keys.ENTER)
    assert one(shown, "#large").is_displayed()
    press(shown, Keys.ESCAPE)
    assert not one(shown, "#large").is_displayed()
    assert focused(shown) == [codes[0], "0"]
    press(shown, "c")
    press(shown, "6 jumps, k 4")  # letters and digits are text here
    assert chosen(shown, codes[0]) == [-1] * 4
    press(shown, Keys.ESCAPE)
    assert focused(shown) == [codes[0], "0"]
    comment = one(shown, f"article[data-code='{codes[0]}'] textarea")
    assert comment.get_property("value") == "6 jumps, k 4"


def test_the_rubric_can_make_room_for_the_pictures(shown):
    code = next(c for c in waiting(shown) if shown.find_elements(By.CSS_SELECTOR, picture(c)))
    before = one(shown, picture(code)).size["height"]
    press(shown, "r")
    until(shown, lambda: one(shown, picture(code)).size["height"] > before, "no larger picture")
    mark(shown, code, [0, 1, 2, 1])
    assert chosen(shown, code) == [0, 1, 2, 1]
    press(shown, "r")
    assert one(shown, picture(code)).size["height"] == before


def test_the_focus_can_be_seen(shown):
    code = waiting(shown)[0]
    click(shown, level(code, 0, 0))
    press(shown, Keys.TAB)
    script = """
    const label = document.activeElement.closest('.level');
    return getComputedStyle(label).outlineWidth + getComputedStyle(label).outlineStyle;
    """
    assert shown.execute_script(script) == "3pxsolid"


def test_everything_has_a_name(shown):
    script = """
    const named = one => one.ariaLabel || one.innerText || one.alt || one.labels?.[0]?.innerText;
    const all = document.querySelectorAll('button, input, textarea, main img, summary, article');
    const byId = one => document.getElementById(one.getAttribute('aria-labelledby'))?.innerText;
    return [...all].filter(one => !named(one) && !byId(one)).map(one => one.outerHTML);
    """
    assert shown.execute_script(script) == []
    small = """
    const texts = [...document.querySelectorAll('body *')].filter(one => one.innerText);
    return texts.filter(one => parseFloat(getComputedStyle(one).fontSize) < 14).length;
    """
    assert shown.execute_script(small) == 0


# --- by touch ---


def tap(driver, css):
    """Touch the middle of an element with one finger."""
    script = "arguments[0].closest('nav') || arguments[0].scrollIntoView({block: 'center'})"
    driver.execute_script(script, one(driver, css))
    finger = ActionBuilder(driver, mouse=PointerInput(POINTER_TOUCH, "finger"))
    finger.pointer_action.move_to(one(driver, css)).pointer_down().pointer_up()
    finger.perform()


def test_a_phone_marks_by_touch(phone, group):
    visit(phone, group)
    assert phone.execute_script("return document.documentElement.scrollWidth") <= 390
    code = waiting(phone)[0]
    for criterion, place in enumerate([3, 2, 2, 1]):
        tap(phone, level(code, criterion, place))
        # A finger's click comes after its touch: before it came, nothing may move.
        until(
            phone,
            lambda criterion=criterion, place=place: chosen(phone, code)[criterion] == place,
            "the touch chose nothing",
        )
    assert chosen(phone, code) == [3, 2, 2, 1] and total(phone, code) == "✓ 18 of 20 points"
    before = text(phone, "#here")
    tap(phone, "#next")
    until(phone, lambda: text(phone, "#here") > before, "no next drawing")  # codes ascend
    pictured = next(c for c in waiting(phone) if phone.find_elements(By.CSS_SELECTOR, picture(c)))
    tap(phone, picture(pictured))
    until(phone, lambda: one(phone, "#large").is_displayed(), "the touch enlarged nothing")
    tap(phone, "#close")
    until(phone, lambda: not one(phone, "#large").is_displayed(), "the drawing stays large")


def test_fingers_have_room(phone, group):
    visit(phone, group)
    script = """
    const all = document.querySelectorAll('button, .button, .level, summary, textarea');
    return [...all].map(one => [one.outerHTML.slice(0, 60), one.getBoundingClientRect()])
      .filter(([_, box]) => box.width && (box.width < 44 || box.height < 44))
      .map(([html, box]) => `${html}: ${box.width} x ${box.height}`);
    """
    assert phone.execute_script(script) == []


# --- marks that travel ---


def save(driver, downloads):
    """Save the marks by the button; returns the file."""
    path = downloads / f"{NAME}_marks.json"
    path.unlink(missing_ok=True)
    click(driver, "#save")
    until(driver, lambda: path.is_file() and path.stat().st_size, "nothing was downloaded")
    return path


def test_saved_marks_reach_the_gradebook_and_another_browser(shown, group, downloads, phone):
    codes = waiting(shown)
    mark(shown, codes[0], [3, 2, 2, 1])
    one(shown, f"article[data-code='{codes[0]}'] textarea").send_keys('Zoë: "schön" \\ 线')
    mark(shown, codes[1], [1, 1])
    path = save(shown, downloads)
    assert "1 marked and 3 open" in text(shown, "#message")
    folder = shutil.copytree(group, downloads / "class")
    page.command(NAME, folder=folder, marks=path)
    student = blind.load(group, NAME).codes[codes[0]]
    with book.open_book(folder) as opened:
        lines = {line["student"]: line for line in book.marks(opened, NAME)}
    assert lines[student]["points"][CELL] == 18
    assert lines[student]["comments"][CELL].endswith('\nZoë: "schön" \\ 线')
    assert [who for who, line in lines.items() if line["by_hand"][CELL]] == [student]

    visit(phone, group)
    one(phone, "#load").send_keys(str(path))
    until(phone, lambda: "Loaded 2 drawings' marks" in text(phone, "#message"), "nothing loaded")
    assert chosen(phone, codes[0]) == [3, 2, 2, 1] and chosen(phone, codes[1]) == [1, 1, -1, -1]
    phone.refresh()
    assert chosen(phone, codes[0]) == [3, 2, 2, 1]


def test_a_file_of_others_is_not_loaded(shown, downloads):
    code = waiting(shown)[0]
    mark(shown, code, [3])
    path = save(shown, downloads)
    data = json.loads(path.read_text())
    for change in ({"class": "0" * 16}, {"assignment": "boxes"}, {"format": 2}, {"marks": [1]}):
        path.write_text(json.dumps(data | change))
        driver_says(shown, path)
        assert chosen(shown, code) == [3, -1, -1, -1]
    path.write_text("{")
    assert "is no file of marks" in driver_says(shown, path)


def driver_says(driver, path):
    """What the page says of a file."""
    driver.execute_script("document.getElementById('message').textContent = ''")
    one(driver, "#load").send_keys(str(path))
    return until(driver, lambda: text(driver, "#message"), "the page says nothing")


def test_a_file_with_other_marks_asks_first(shown, downloads):
    code = waiting(shown)[0]
    mark(shown, code, [3, 2, 2, 2])
    path = save(shown, downloads)
    click(shown, level(code, 0, 0))
    for answer, first in (("dismiss", 0), ("accept", 3)):
        one(shown, "#load").send_keys(str(path))
        until(shown, lambda: alert(shown), "the page does not ask")
        getattr(shown.switch_to.alert, answer)()
        until(shown, lambda first=first: chosen(shown, code)[0] == first, "not as answered")


def alert(driver):
    from selenium.common.exceptions import NoAlertPresentException

    try:
        return "other marks" in driver.switch_to.alert.text
    except NoAlertPresentException:
        return False


def test_classes_and_changed_drawings_do_not_mix(shown, group, downloads):
    mark(shown, waiting(shown)[0], [3, 2, 2, 2])
    other = shutil.copytree(group, downloads / "other")
    blind.path(other, NAME).unlink()
    page.write(NAME, folder=other)
    shown.get((other / "gallery" / NAME / "index.html").as_uri())
    assert text(shown, "#progress") == "0 of 4 marked"

    key, changed = blind.load(group, NAME), shutil.copytree(group, downloads / "changed")
    student = key.codes[waiting(visit(shown, group))[0]]
    mark(shown, waiting(shown)[0], [3, 2, 2, 2])
    gallery_class.keep(changed, gallery_class.result(student, 55))
    page.write(NAME, folder=changed)
    shown.get((changed / "gallery" / NAME / "index.html").as_uri())
    assert text(shown, "#progress") == "0 of 4 marked"
    assert "1 drawings have changed" in text(shown, "#message")


# --- safety ---


def test_nothing_of_a_student_runs_and_nothing_leaves(desktop, group, downloads):
    named = shutil.copytree(group, downloads / "named")
    page.write(NAME, folder=named, names=True)
    visit(desktop, named)
    shown_names = [each.text for each in desktop.find_elements(By.CSS_SELECTOR, "h2 b")]
    assert sorted(shown_names) == sorted(f"{who} {name}" for who, name in STUDENTS.items())
    asked = desktop.execute_script("return performance.getEntries().map(one => one.name)")
    assert not [name for name in asked if name.startswith("http")]
    script = """
    const bad = document.createElement('script');
    bad.textContent = 'window.hacked = 1';
    document.body.append(bad);
    const image = document.createElement('div');
    image.innerHTML = '<img src=x onerror="window.hacked = 2">';
    document.body.append(image);
    """
    desktop.execute_script(script)
    refused = "return window.hacked ?? 'none'"

    def refusal():
        lines = desktop.get_log("browser")  # those since the last look
        return any("Content Security Policy" in line["message"] for line in lines)

    until(desktop, refusal, "the policy refused nothing")
    assert desktop.execute_script(refused) == "none"


def test_a_blind_page_as_shown_tells_no_student(shown):
    source = shown.page_source
    for who, name in STUDENTS.items():
        assert who not in source and name not in source
    loaded = "return [...document.images].filter(one => one.src && !one.naturalWidth).length"
    until(
        shown, lambda: shown.execute_script("return document.images[0].complete"), "no picture came"
    )
    assert re.search(r"Drawing \d{3}", shown.find_element(By.TAG_NAME, "main").text)
    shown.execute_script("[...document.images].forEach(one => one.loading = 'eager')")
    until(shown, lambda: shown.execute_script(loaded) == 0, "a picture is missing")


# --- size ---


def test_three_hundred_students_stay_quick(desktop, released, tmp_path, monkeypatch):
    picture = gallery_class.keep_one_picture(tmp_path)
    lot = {
        f"s{number}": entries.Entry(f"s{number}", drawing=picture, photo=picture)
        for number in range(300)
    }
    whole = rubric.read(gallery_class.notebook(), NAME), lot
    monkeypatch.setattr(entries, "read", lambda name, folder, db: whole)
    page.write(NAME, folder=tmp_path)
    visit(desktop, tmp_path)
    assert text(desktop, "#progress") == "0 of 300 marked"
    loaded = "return performance.getEntriesByType('resource').length"
    assert desktop.execute_script(loaded) < 100  # the others wait until one scrolls there
    spent = """
    const key = new KeyboardEvent('keydown', {key: '4', bubbles: true});
    const begin = performance.now();
    for (let n = 0; n < 20; n++) document.activeElement.dispatchEvent(key);
    return (performance.now() - begin) / 20;
    """
    press(desktop, "j")
    assert desktop.execute_script(spent) < 1000  # ms for a key; 3 on a quiet machine
