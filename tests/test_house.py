"""The rules of the house: layers, sizes, laziness, notebooks in order, README and lists in step."""

import ast
import hashlib
import json
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "course_lib").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\0")[:-1]


def read(path):
    return nbformat.read(path, as_version=4)


# --- the library ---


def test_import_is_lazy():
    heavy = ("tensorflow", "jax", "keras", "cv2", "matplotlib", "numpy", "numba")
    script = f"import sys, course_lib; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_exported_module_imports():
    script = (
        "import course_lib; print([getattr(course_lib, n).__name__ for n in course_lib.__all__])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    names = ast.literal_eval(done.stdout)
    assert "course_lib.images" in names and "course_lib.compute" in names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_size_and_imports(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert path.name != "utils.py"
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names), f"star import at {node.lineno}"
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        roots = {name.split(".")[0] for name in names}
        if "compute" not in path.parts:
            assert not roots & {"tensorflow", "jax", "torch"}, f"a backend at line {node.lineno}"


def bodies():
    """Name and number of lines of every function, without docstring and nested definitions' own."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                yield f"{path.relative_to(ROOT)}:{node.name}", lines


def test_function_sizes():
    sizes = dict(bodies())
    assert {name: n for name, n in sizes.items() if n > 40} == {}
    assert statistics.median(sizes.values()) <= 12


def test_public_functions_are_documented():
    missing = []
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            public = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name[0] != "_"
            if public and not ast.get_docstring(node):
                missing.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert missing == []


# --- the tree ---


def test_only_the_rooms_of_the_plan():
    folders = {name.split("/")[0] for name in TRACKED if "/" in name}
    plan = {"notebooks", "course_lib", "assignments", "solutions", "data", "tests", "benchmarks"}
    assert folders <= plan | {".ci", ".github", ".devcontainer", ".binder"}


def test_weights_of_our_own_have_cards_that_name_their_bytes():
    files = [ROOT / name for name in TRACKED if name.startswith("data/models/")]
    weights = [path for path in files if path.suffix not in {".md", ".py"}]
    assert weights
    for path in weights:
        card = path.with_suffix(".md").read_text(encoding="utf-8")
        assert hashlib.sha256(path.read_bytes()).hexdigest() in card, path.name
        assert path.stat().st_size < 12_000_000


def test_no_machine_is_named():
    """No path of a home, and no host of a package registry, in any tracked text."""
    # Written in pieces, so that this file does not hold what it looks for.
    marks = ["/" + "home/", "/" + "Users/", "/" + "root/", "py" + "pi.org", "python" + "hosted"]
    marks += ["npm" + "js.org", "/" + "tmp/", "C:" + "\\Users"]
    found = []
    for name in TRACKED:
        path = ROOT / name
        if path.suffix in {".png", ".jpg", ".npz", ".h5"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{name}: {mark}" for mark in marks if mark in text]
    assert found == []


def test_lock_holds_names_versions_and_hashes_only():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text and "--index" not in text
    pins = re.findall(r"^([a-z0-9._-]+)(\[[a-z,-]+\])?==", text, re.MULTILINE)
    assert len(pins) > 100
    assert text.count("--hash=sha256:") >= len(pins)


def requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project, [line.split(";")[0].strip() for line in project["dependencies"]]


def test_lock_satisfies_pyproject():
    project, wanted = requirements()
    wanted += project["optional-dependencies"]["dev"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,-]+\])?==", lock, re.MULTILINE))
    names = {re.split(r"[\[<>=!;~ ]", line)[0].lower() for line in wanted}
    assert names - locked == set()


def test_conda_environment_is_in_step():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = yaml.safe_load(text)["dependencies"]
    pip = next(item["pip"] for item in listed if isinstance(item, dict))
    conda = {
        line.replace("matplotlib-base", "matplotlib") for line in listed if isinstance(line, str)
    }
    wanted = {line for line in requirements()[1] if not line.startswith("jax")}
    assert wanted - (conda | set(pip)) == set()
    names = {re.split("[<>=]", line)[0] for line in (conda | set(pip)) - wanted}
    assert names == {"python", "make", "pip", "-e ."}
    body = text.split("dependencies:")[1].splitlines()[1:]
    assert [line for line in body if "#" not in line and line.strip() != "- pip:"] == []


# --- the notebooks ---


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_in_order(path):
    book = read(path)
    assert re.fullmatch(r"\d\d_\d_[a-z0-9_]+", path.stem)
    course = book.metadata["course"]
    assert set(course) == {"part", "minutes", "needs", "gpu"}
    assert course["part"] == int(path.stem[:2]) and 60 <= course["minutes"] <= 90
    assert course["gpu"] in {"none", "faster"}
    code = [c for c in book.cells if c.cell_type == "code"]
    sizes = [len(c.source.splitlines()) for c in code]
    assert max(sizes) <= 25 and statistics.median(sizes) <= 8
    assert 30 <= len(book.cells) <= 55
    assert len({c.id for c in book.cells}) == len(book.cells)
    assert not [c for c in code if re.search(r"^\s*[!%]", c.source, re.MULTILINE)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_figures_have_alt_texts(path):
    figures = 0
    for cell in read(path).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                figures += 1
                alt = output.metadata["image/png"]["alt"]
                assert len(alt) > 20, f"{path.stem}: {cell.source[:60]!r}"
    assert figures >= 6


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_needs_are_in_the_catalog(path):
    from course_lib import catalog

    for name in read(path).metadata["course"]["needs"]:
        asset = catalog.asset(name)
        assert int(path.stem[:2]) in asset.parts


def test_readme_holds_the_map_of_the_course():
    from course_lib.staff import course_map

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert course_map.table(NOTEBOOKS) in text, "run: python -m course_lib.staff.course_map"
    work = sorted((ROOT / "assignments").glob("*/*.ipynb"))
    assert course_map.assignments(work) in text, "run: python -m course_lib.staff.course_map"


def test_readme_links_lead_somewhere():
    pages = ("README.md", "CONTRIBUTING.md", "benchmarks/README.md", "data/README.md")
    for page in (*pages, "solutions/README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        targets = re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r'src="([^"]+)"', text)
        for target in targets:
            if "://" not in target:
                assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_notebook_json_is_stable():
    """As nbformat writes it, so that a run changes only what it computed."""
    for path in NOTEBOOKS:
        text = path.read_text(encoding="utf-8")
        assert json.loads(text)["nbformat"] == 4
        assert text == nbformat.writes(read(path)) + "\n", path.name
