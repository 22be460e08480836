"""The assignment line_art: its checks tell right from wrong, its notebook draws any photo."""

import ast
import base64
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from course_lib import datasets, exercise, images
from course_lib.staff import release, trial, variants
from course_lib.staff.grading import plan

NAME = "line_art"
SIDE = 1024
SOURCE = release.ROOT / "solutions" / NAME / f"{NAME}.ipynb"
RELEASED = release.ROOT / "assignments" / NAME / f"{NAME}.ipynb"
ANSWERS = [
    pytest.param(answer, id=f"{answer.cell}, {answer.label[:40]}")
    for answers in variants.read(NAME).values()
    for answer in answers
    if answer.source.startswith("def ")
]
FUNCTIONS = ("denoise", "lines", "ink", "clean", "compose")
SEEDS = (0, 1, 20_261_120)


def code(name, path=SOURCE):
    """The source of one cell."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return next("".join(cell["source"]) for cell in cells if cell["id"] == name)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The course's folder with this assignment alone, which draws on a small sheet: quicker."""
    root = tmp_path_factory.mktemp("course")
    for path in (SOURCE, RELEASED):
        place = root / path.relative_to(release.ROOT)
        place.parent.mkdir(parents=True)
        text = path.read_text(encoding="utf-8")
        assert f"SIDE, MARGIN = {SIDE}, 32" in text
        text = text.replace(f"SIDE, MARGIN = {SIDE}, 32", "SIDE, MARGIN = 180, 10")
        place.write_text(text, encoding="utf-8")
    shutil.copy(SOURCE.with_name("wrong.py"), root / "solutions" / NAME)
    return root


@pytest.fixture(scope="module")
def trials(small):
    return [trial.Trial(plan.read(NAME, seed, small), small) for seed in SEEDS]


# --- the hidden checks ---


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_loses_points_of_its_own_task_if_it_is_wrong(trials, answer):
    for one in trials:
        own = one.together(answer.cell)
        lost = set(one.lost({answer.cell: answer.source}))
        if answer.is_right:
            assert lost == set()
        elif answer.label.endswith("(part)"):
            assert len(lost) == 1 and lost < own
        else:
            assert lost and lost <= own


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("answer", ANSWERS)
def test_the_check_that_students_see_refuses_what_loses_points(trials, answer):
    refused = trials[0].refused({answer.cell: answer.source})
    assert set(refused) <= trials[0].together(answer.cell)
    assert bool(refused) != answer.is_right
    assert all("Look at: " in message for message in refused.values())


def test_there_are_typical_answers_to_every_task():
    answers = variants.read(NAME)
    assert set(answers) == {*FUNCTIONS, "words"}
    for cell in FUNCTIONS:
        assert sum(not answer.is_right for answer in answers[cell]) >= 3, cell
        assert sum(answer.is_right for answer in answers[cell]) >= 2, cell


@pytest.mark.parametrize("form", ["{}.tolist()", "{}.astype(np.float32)", "{}.astype(np.float64)"])
def test_every_honest_form_of_a_right_answer_passes(trials, form):
    changed = {}
    for name in FUNCTIONS:
        result = form.format(f"np.asarray(_{name}(*args))")
        own = variants.read(NAME)[name][0].source.replace(f"def {name}(", f"def _{name}(")
        changed[name] = f"{own}\n\n\ndef {name}(*args):\n    return {result}\n"
    for one in trials:
        assert one.lost(changed) == {}


SHORTCUTS = {
    "denoise": ["a[0]", "a[1]", "np.full(a[0].shape, a[0].mean())", "[[0.08, 0.3, 0.7, 0.92]]"],
    "lines": ["0 * a[0]", "a[0] - a[0].mean()", "[[0.0537, 0.1355, -0.3876, 0.1355, 0.0537]]"],
    "ink": ["np.ones(a[0].shape)", "np.zeros(a[0].shape)", "a[0]", "(a[0] > 0) * 1.0"],
    "clean": ["a[0]", "np.ones(a[0].shape)", "np.where(a[0] < a[2], a[0], 1)", "0 * a[0]"],
    "compose": ["a[0][0]", "np.ones(np.shape(a[0])[1:])", "np.prod(a[0], axis=0)", "[[0, 0, 1]]"],
}


@pytest.mark.parametrize("name", SHORTCUTS)
def test_no_shortcut_gets_a_point(trials, name):
    for value in SHORTCUTS[name]:
        for one in trials:
            lost = one.lost({name: f"def {name}(*a):\n    return {value}"})
            assert set(lost) == one.together(name), value


def test_other_seeds_give_other_pictures(trials):
    first, other = (one.assignment.calls for one in trials[:2])
    assert [call.task for call in first] == [call.task for call in other]
    for a, b in zip(first, other, strict=True):
        assert not np.array_equal(np.asarray(a.args[0]), np.asarray(b.args[0]))


def test_tasks_and_points(trials):
    tasks = trials[0].assignment.tasks
    assert sum(task.points for task in tasks) == 40
    assert [(task.cell, task.points) for task in tasks if task.by_hand] == [("words", 18)]
    titles = list(dict.fromkeys(task.title for task in tasks))
    assert [title.split(":")[0] for title in titles] == [f"Task {n}" for n in range(1, 7)]
    pictures = trials[0].assignment.pictures
    assert pictures == {
        "drawing": ("drawing.png", SIDE, SIDE),
        "photo": ("photo.png", SIDE, SIDE),
    }


# --- the notebook as a student gets it ---


def test_the_written_rubric_is_the_one_in_the_metadata():
    rubric = release.released(NAME)["metadata"]["course"]["assignment"]["rubric"]
    rows = [line for line in code("drawing-text", RELEASED).splitlines() if line[0:1] == "|"]
    told = []
    for row in rubric:
        assert row["points"] == row["levels"][0]["points"] and row["levels"][-1]["points"] == 0
        points = [level["points"] for level in row["levels"]]
        assert points == sorted(set(points), reverse=True)
        names = [f"**{row['name']}**", *[""] * (len(points) - 1)]
        for name, level in zip(names, row["levels"], strict=True):
            told.append(f"|{name}|{level['points']}|{level['text']}|")
    assert rows[2:] == told
    assert [row["name"] for row in rubric] == ["lines", "noise", "likeness", "care"]


def test_size_and_order_as_a_student_sees_them():
    cells = release.released(NAME)["cells"]
    assert 20 <= len(cells) <= 40
    first = next(cell for cell in cells if cell["cell_type"] == "code")
    (only,) = ast.parse(first["source"]).body
    assert ast.unparse(only) == "imgfile = 'astronaut'"
    for cell in cells:
        if cell["cell_type"] == "code":
            lines = cell["source"].splitlines()
            assert len(lines) <= 25 and max(map(len, lines)) <= 100, cell["id"]
            free = "nbgrader" not in cell["metadata"]
            assert free == (cell["id"] in {"imgfile", "photo", "layers", "drawing"}) or (
                free and cell["id"].endswith("-tune")
            )


def test_the_effect_is_a_picture_with_an_alt_text():
    (name, data), text = _effect(RELEASED)
    assert f"](attachment:{name})" in text
    assert len(text.split("![")[1].split("]")[0]) > 40
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"])))
    assert picture.size == (812, 400)


def _effect(path):
    cell = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    ((name, data),) = cell["attachments"].items()
    return (name, data), "".join(cell["source"])


def run(path, folder, **changed):
    """The notebook, run by a kernel in a folder, with some cells changed."""
    import local_kernel
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = changed.get(cell.id.replace("-", "_"), cell.source)
    local_kernel.execute(notebook, folder)
    return notebook


def said(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output["text"] for output in outputs if output.output_type == "stream")


def alts(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    drawn = [output for output in outputs if "image/png" in output.get("data", {})]
    return [output.metadata["image/png"]["alt"] for output in drawn]


def test_untouched_it_runs_to_its_end_and_says_what_is_open(tmp_path):
    text = said(run(RELEASED, tmp_path))
    for name in FUNCTIONS:
        assert f"Exercise {name} is still open." in text
    assert "The sheet is almost empty" in text
    assert (images.read(tmp_path / "drawing.png") == 1).all()


def test_an_own_photo_of_12_megapixels_becomes_a_drawing(tmp_path):
    """Turned by EXIF; all self-checks and hidden checks run as well, as in plain nbgrader."""
    large = images.resize(datasets.photo("astronaut")[:, 64:448], 4000, 3000, method="cubic")
    stored = Image.fromarray(np.rot90(images.to_bytes(large)))  # left turn
    exif = Image.Exif()
    exif[274] = 6  # turn right to see it
    stored.save(tmp_path / "Mein Foto 写真.jpg", exif=exif, quality=90)
    notebook = run(SOURCE, tmp_path, imgfile='imgfile = "Mein Foto 写真.jpg"')
    found = alts(notebook)
    assert len(found) == 8 and min(map(len, found)) > 20
    assert "is still open" not in said(notebook) and "is a photo" not in said(notebook)
    photo, drawing = (images.read(tmp_path / f"{name}.png") for name in ("photo", "drawing"))
    assert photo.shape == (960, 720, 3) and drawing.shape == (SIDE, SIDE)
    upright = images.resize(datasets.photo("astronaut")[:, 64:448], 960, 720, method="cubic")
    assert np.abs(photo - upright).mean() < 0.05
    inked = drawing < 0.4
    assert 0.05 < inked.mean() < 0.5 and not inked[:30].any() and not inked[:, :150].any()
    assert ((drawing > 0.2) & (drawing < 0.8)).mean() < 0.1


# --- the helpers ---


@pytest.fixture(scope="module")
def helpers():
    space = {}
    for name in ("set-up", "helpers", "sheets"):
        exec(code(name), space)
    return space


@pytest.mark.parametrize(
    ("shape", "want"),
    [
        ((40, 30), (960, 720)),
        ((300, 900, 3), (320, 960)),
        ((1, 1), (960, 960)),
        ((2, 90), (21, 960)),
    ],
)
def test_photos_of_any_size_fit_the_sheet(helpers, tmp_path, shape, want):
    path = images.write(tmp_path / "p.png", np.linspace(0, 1, int(np.prod(shape))).reshape(shape))
    photo = helpers["open_photo"](str(path))
    assert photo.shape == (*want, 3) and photo.min() >= 0 and photo.max() <= 1
    assert helpers["sheet"](photo).shape == (SIDE, SIDE, 3)
    assert helpers["sheet"](photo[..., 0]).shape == (SIDE, SIDE)


def test_a_cut_is_in_shares_of_the_photo(helpers, tmp_path):
    whole = np.zeros((100, 200))
    whole[20:40, 50:100] = 1
    path = images.write(tmp_path / "p.png", whole)
    photo = helpers["open_photo"](str(path), left=0.25, top=0.2, right=0.5, bottom=0.4)
    assert photo.shape == (384, 960, 3) and photo.min() > 0.999


@pytest.mark.parametrize("cut", [{"left": 1}, {"top": 0.5, "bottom": 0.4}, {"left": -0.1}])
def test_an_empty_cut_is_a_sentence(helpers, cut):
    with pytest.raises(exercise.NotYet, match="cut is empty"):
        helpers["open_photo"]("camera", **cut)


@pytest.mark.parametrize("name", ["my_foto.jpg", "", "notes.txt", 7, None, ["camera"]])
def test_a_wrong_file_name_is_a_sentence(helpers, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_photo.jpg").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not a picture")
    with pytest.raises(exercise.NotYet, match="^imgfile: ") as caught:
        helpers["open_photo"](name)
    shown = "".join(caught.value._render_traceback_())
    assert "Traceback" not in shown and len(shown) < 300
    assert name != "my_foto.jpg" or "my_photo.jpg" in shown


@pytest.mark.parametrize(
    ("drawing", "told"),
    [
        (np.ones((10, 10)), "1024 x 1024"),
        (np.ones((SIDE, SIDE, 3)), "1024 x 1024"),
        (np.ones((SIDE, SIDE), int), "1024 x 1024"),
        (None, "1024 x 1024"),
        (np.full((SIDE, SIDE), np.nan), "leaves 0"),
        (np.full((SIDE, SIDE), 1.5), "leaves 0"),
    ],
)
def test_what_is_no_drawing_is_not_saved(helpers, tmp_path, monkeypatch, drawing, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(exercise.NotYet, match=told):
        exec(code("save"), dict(helpers, drawing=drawing, photo=np.ones((9, 9, 3))))
    assert not list(tmp_path.iterdir())


def test_a_photo_instead_of_a_drawing_is_noticed(helpers, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    photo = helpers["open_photo"]("camera")
    drawing = helpers["sheet"](images.to_grey(photo))
    exec(code("save"), dict(helpers, drawing=drawing, photo=photo))
    assert "is a photo, not a drawing" in capsys.readouterr().out


def test_a_small_difference_of_rounding_is_no_fault(helpers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawing = np.full((SIDE, SIDE), 1 + 1e-7)
    exec(code("save"), dict(helpers, drawing=drawing, photo=np.ones((9, 9, 3))))
    assert images.read(tmp_path / "drawing.png").min() == 1
