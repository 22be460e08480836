"""first_networks: shapes, values by hand, scikit-learn and Keras as oracles, drawings."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier, MLPRegressor

from course_lib import compute
from course_lib.networks import first_networks, losses, neurons
from course_lib.networks.first_networks import drawing, figures

few = settings(max_examples=15, deadline=None)
XOR = [
    (np.array([[1.0, 1], [1, 1]]), np.array([0.0, -1])),
    (np.array([[10.0], [-20]]), np.array([-5.0])),
]
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@pytest.fixture(autouse=True)
def without_windows():
    matplotlib.use("agg")
    yield
    plt.close("all")


# Forward


def test_xor_by_hand():
    hidden, logits = first_networks.forward(XOR, CORNERS)
    assert hidden.tolist() == [[0, 0], [1, 0], [1, 0], [2, 1]]
    assert logits[:, 0].tolist() == [-5, 5, 5, -5]


def test_one_layer_has_no_activation():
    (only,) = first_networks.forward([(np.eye(2), np.zeros(2))], [[-1.0, 2.0]])
    assert only.tolist() == [[-1, 2]]


@few
@given(seed=st.integers(0, 1000), name=st.sampled_from(["relu", "tanh", "sigmoid"]))
def test_forward_is_keras(seed, name):
    compute.backend()
    import keras

    rng = np.random.default_rng(seed)
    sizes = [3, *rng.integers(1, 6, 2).tolist(), 2]
    layers = [(rng.normal(size=(a, b)), rng.normal(size=b)) for a, b in zip(sizes, sizes[1:])]  # noqa: B905
    inputs = rng.normal(size=(4, 3))
    theirs = keras.Sequential([keras.Input((3,))])
    for number, size in enumerate(sizes[1:], start=1):
        theirs.add(keras.layers.Dense(size, activation=name if number < 3 else None))
    theirs.set_weights([array for layer in layers for array in layer])
    ours = first_networks.forward(layers, inputs, activation=name)
    assert [value.shape for value in ours] == [(4, size) for size in sizes[1:]]
    want = keras.ops.convert_to_numpy(theirs(inputs.astype("float32")))
    np.testing.assert_allclose(ours[-1], want, rtol=1e-4, atol=1e-4)


def test_forward_refuses():
    with pytest.raises(ValueError, match="layers is empty"):
        first_networks.forward([], CORNERS)
    with pytest.raises(ValueError, match="did you mean relu"):
        first_networks.forward(XOR, CORNERS, activation="relo")
    with pytest.raises(ValueError, match="weights has shape"):
        first_networks.forward(XOR[1:] + XOR, CORNERS)


# Training


def test_answers_are_those_of_scikit_learn():
    X, labels = first_networks.points("moons", 60, np.random.default_rng(0))
    layers = first_networks.train(X, labels, (3,), activation="tanh", seed=4, steps=20)
    options = {"hidden_layer_sizes": (3,), "solver": "lbfgs", "random_state": 4}
    with pytest.warns(UserWarning, match="converge"):
        theirs = MLPClassifier(**options, activation="tanh", max_iter=20).fit(X, labels)
    ours = neurons.sigmoid(first_networks.forward(layers, X, activation="tanh")[-1][:, 0])
    np.testing.assert_allclose(ours, theirs.predict_proba(X)[:, 1], atol=1e-6)


def test_classes_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    X, labels = rng.normal(size=(60, 3)), np.arange(60) % 3
    layers = first_networks.train(X, labels, (4,), answer="one_of_many", seed=2, penalty=0.5)
    theirs = MLPClassifier((4,), solver="lbfgs", random_state=2, alpha=0.5, max_iter=1000)
    with np.errstate(all="ignore"):
        want = theirs.set_params(max_iter=300).fit(X, labels).predict_proba(X)
    ours = neurons.softmax(first_networks.forward(layers, X)[-1])
    np.testing.assert_allclose(ours, want, atol=1e-6)


def test_numbers_are_those_of_scikit_learn():
    x = np.linspace(-1, 1, 30)[:, None]
    layers = first_networks.train(x, x[:, 0] ** 2, (5,), answer="number", activation="tanh")
    theirs = MLPRegressor((5,), solver="lbfgs", activation="tanh", random_state=0, max_iter=300)
    theirs.set_params(hidden_layer_sizes=(5,), loss="squared_error").fit(x, x[:, 0] ** 2)
    ours = first_networks.forward(layers, x, activation="tanh")[-1][:, 0]
    np.testing.assert_allclose(ours, theirs.predict(x), atol=1e-4)
    assert losses.mean_squared_error(ours, x[:, 0] ** 2)[0] < 1e-3


def test_a_single_neuron_is_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    X = np.random.default_rng(0).normal(size=(80, 2))
    labels = (X @ [1, 2] + 0.3 * np.sin(20 * X[:, 0]) > 0.2).astype(int)
    ((weights, bias),) = first_networks.train(X, labels, penalty=1.0)
    theirs = LogisticRegression(C=1.0).fit(X, labels)
    np.testing.assert_allclose(weights[:, 0], theirs.coef_[0], rtol=1e-3)
    np.testing.assert_allclose(bias, theirs.intercept_, atol=1e-3)


@pytest.mark.parametrize("kind", first_networks.KINDS)
def test_eight_neurons_separate_what_one_cannot(kind):
    X, labels = first_networks.points(kind, 200, np.random.default_rng(0))
    best = {}
    for hidden in ((), (8,)):
        tries = [first_networks.train(X, labels, hidden, activation="tanh", seed=s) for s in (0, 1)]
        wrong = [
            ((first_networks.forward(t, X, activation="tanh")[-1][:, 0] > 0) != labels).mean()
            for t in tries
        ]
        best[hidden] = min(wrong)
    assert best[()] > 0.05 and best[(8,)] <= 0.01


@pytest.mark.parametrize(
    ("targets", "options", "message"),
    [
        ([0, 1, 1], {}, r"targets has shape \(3,\); wanted \(4\)"),
        ([0, 0, 0, 0], {}, "targets holds the classes"),
        ([0, 1, 2, 2], {}, "wanted 0 and 1"),
        ([0, 1, 3, 3], {"answer": "one_of_many"}, "every class from 0 up"),
        ([0, 1, 1, -1], {}, "targets goes down to -1"),
        ([0, 1, 1, np.nan], {"answer": "number"}, "NaN"),
        ([0, 1, 1, 0], {"answer": "yes"}, "did you mean yes_no"),
        ([0, 1, 1, 0], {"activation": "sine"}, "activation 'sine'"),
        ([0, 1, 1, 0], {"steps": 0}, "steps is 0"),
    ],
)
def test_train_refuses(targets, options, message):
    with pytest.raises(ValueError, match=message):
        first_networks.train(CORNERS, targets, **options)


def test_train_knows_its_settings():
    with pytest.raises(TypeError, match="rate"):
        first_networks.train(CORNERS, [0, 1, 1, 0], rate=0.1)


# Places and points


def test_places_by_hand():
    assert first_networks.places(2, 2).tolist() == [
        [-0.5, 0.5],
        [0.5, 0.5],
        [-0.5, -0.5],
        [0.5, -0.5],
    ]
    wide = first_networks.places(1, 3)
    assert wide.tolist() == [[-2, 0], [0, 0], [2, 0]]
    with pytest.raises(ValueError, match="height is 0"):
        first_networks.places(0, 3)


@pytest.mark.parametrize("kind", first_networks.KINDS)
def test_points_are_drawn_by_the_generator_only(kind):
    X, labels = first_networks.points(kind, 101, np.random.default_rng(3))
    again, _ = first_networks.points(kind, 101, np.random.default_rng(3))
    assert X.shape == (101, 2) and sorted(np.unique(labels)) == [0, 1]
    np.testing.assert_array_equal(X, again)
    assert np.abs(X).max() < 1.3


def test_points_are_where_they_should_be():
    rng = np.random.default_rng(0)
    X, labels = first_networks.points("xor", 400, rng)
    assert ((X[:, 0] * X[:, 1] < 0) == labels).mean() > 0.99
    X, labels = first_networks.points("ring", 400, rng)
    assert ((np.hypot(*X.T) < 0.6) == labels).mean() > 0.98
    with pytest.raises(ValueError, match="did you mean ring"):
        first_networks.points("rings", 4, rng)


# Drawing


def test_numbers_have_a_true_minus_and_no_idle_zeros():
    texts = [
        drawing.text_of(*pair) for pair in ((-1.5, 1), (-0.01, 1), (10.0, 1), (20, 0), (0.5, 2))
    ]
    assert texts == ["−1.5", "0", "10", "20", "0.5"]


def test_the_plane_has_the_colour_of_the_answer():
    ax = plt.figure().subplots()
    drawing.show_plane(ax, lambda x: neurons.sigmoid(9 * x[:, 1]), resolution=10)
    chance = ax.images[0].get_array()
    assert (chance[5:] > 0.5).all() and (chance[:5] < 0.5).all()  # row 0 is at the bottom
    assert ax.images[0].origin == "lower"


def test_the_outline_lies_where_the_answer_changes():
    ax = plt.figure().subplots()
    chance = np.zeros((40, 80))
    chance[:10] = 1  # the upper quarter
    drawing.show_outline(ax, np.zeros((20, 40, 3)), chance, lines=[(1, 0, -1)])
    border = np.concatenate([path.vertices for path in ax.collections[0].get_paths()])
    np.testing.assert_allclose(border[:, 1], 0.5, atol=0.03)
    dotted = np.concatenate([path.vertices for path in ax.collections[-1].get_paths()])
    np.testing.assert_allclose(dotted[:, 0], 1, atol=1e-6)
    assert ax.get_xlim() == (-2, 2) and ax.get_ylim() == (-1, 1)


def test_lines_are_where_the_sum_is_zero():
    ax = plt.figure().subplots()
    drawing.show_lines(ax, [(0, 2, -1), (0, 0, 5)], (-1, 1, -1, 1))
    assert len(ax.collections) == 1  # the second is nowhere 0
    vertices = np.concatenate([path.vertices for path in ax.collections[0].get_paths()])
    np.testing.assert_allclose(vertices[:, 1], 0.5)


def test_a_network_shows_its_nine_numbers():
    ax = plt.figure().subplots()
    drawing.show_network(ax, XOR, names=("a", "b", "c"), digits=0)
    written = sorted(text.get_text() for text in ax.texts)
    assert written == sorted(["1"] * 4 + ["10", "−20", "0", "−1", "−5", "a", "b", "c"])
    widths = {line.get_color(): line.get_linewidth() for line in ax.lines[4:]}
    assert widths[drawing.NO] > widths[drawing.YES]  # -20 against 10


def test_a_product_shows_its_numbers():
    ax = plt.figure().subplots()
    parts = [[1.0, 2]], [[3.0], [4]], [[-1.0]], [[10.0]]
    drawing.show_product(ax, parts, "XWbZ", ("", "", "", ""), swatches=[(1, 0, 0)])
    written = [text.get_text() for text in ax.texts]
    assert [t for t in written if t] == [
        "1",
        "2",
        "X",
        "@",
        "3",
        "4",
        "W",
        "+",
        "−1",
        "b",
        "=",
        "10",
        "Z",
    ]


def test_figures_have_their_panels():
    grey, line = np.full((4, 6), 0.7), np.linspace(0, 1, 5)
    photo = np.zeros((4, 6, 3))
    X, labels = first_networks.points("xor", 10, np.random.default_rng(0))
    ask = lambda x: neurons.sigmoid(x[:, 0])  # noqa: E731
    boxes = [np.array([[0, 0, 2, 2]])] * 3
    drawn = {
        "outlines": figures.show_outlines(photo, {"one": grey, "two": grey}),
        "neuron": figures.show_colour_neuron([1, -1], 0.5, X, np.zeros((10, 3)), ask, grey),
        "activations": figures.show_activations(
            {"a": (line, line)} | {"b": (line, line)}, [(grey, 0, 1)] * 2
        ),
        "price": figures.show_price({"yes": (line, line)}, grey),
        "steps": figures.show_steps({"z": [1, 2], "e": [3, 4]}, "ab"),
        "row": figures.show_row_fits(photo, 2, line, line, {"fit": line}),
        "overflow": figures.show_overflow(line, line, {"float32": [1, 2, 3, np.inf, np.inf]}),
        "xor": figures.show_xor(XOR, CORNERS, CORNERS, [0, 1, 1, 0], (ask, ask)),
        "boundaries": figures.show_boundaries(dict.fromkeys("abcd", (ask, X, labels)), 2),
        "classes": figures.show_classes(
            photo, boxes, grey.astype(int), grey, "abc", ["r", "g", "b"]
        ),
    }
    counts = {name: len(fig.axes) for name, fig in drawn.items()}
    assert counts == {
        "outlines": 2, "neuron": 3, "activations": 4, "price": 3, "steps": 2, "row": 2,
        "overflow": 1, "xor": 3, "boundaries": 4, "classes": 3,
    }  # fmt: skip
    for fig in drawn.values():
        fig.canvas.draw()


def test_the_loss_ends_where_it_becomes_infinite():
    z = np.arange(5.0)
    fig = figures.show_overflow(z, z, {"float32": np.array([0, 1, 2, np.inf, np.inf])})
    assert fig.axes[0].lines[1].get_xdata().max() == 2
    assert "∞ above 2" in [text.get_text() for text in fig.axes[0].texts]
