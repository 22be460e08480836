"""compute.tflite and compute.onnx: networks made here, whose answers are known."""

import subprocess
import sys

import numpy as np
import pytest

from course_lib import compute


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A network in TensorFlow Lite's format, and what it was made from."""
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow, which writes the format")
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2)

    class Multiply(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((1, 3), tf.float32)])
        def __call__(self, x):
            return x @ matrix

    module = Multiply()
    make = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.__call__.get_concrete_function()], module
    )
    path = tmp_path_factory.mktemp("lite") / "multiply.tflite"
    path.write_bytes(make.convert())
    return path, matrix


def test_tflite_gives_what_the_network_gives(converted):
    path, matrix = converted
    network = compute.tflite(path, threads=1)
    for x in ([[1, 2, 3]], np.array([[0.5, -1, 4]])):
        (out,) = network(x)
        np.testing.assert_allclose(out, np.asarray(x) @ matrix, rtol=1e-6)


def test_tflite_outputs_are_kept_apart(converted):
    network = compute.tflite(converted[0])
    (first,) = network(np.ones((1, 3)))
    kept = first.copy()
    network(np.zeros((1, 3)))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("arrays", [(), (np.ones((1, 4)),), (np.ones((1, 3)), np.ones((1, 3)))])
def test_tflite_refuses_other_inputs(converted, arrays):
    with pytest.raises(ValueError, match=r"multiply\.tflite takes"):
        compute.tflite(converted[0])(*arrays)


def test_tflite_names_a_missing_or_truncated_file(converted, tmp_path):
    with pytest.raises(FileNotFoundError, match="no network at"):
        compute.tflite(tmp_path / "none.tflite")
    short = tmp_path / "short.tflite"
    short.write_bytes(converted[0].read_bytes()[:200])
    with pytest.raises(ValueError, match=r"short\.tflite is not a whole"):
        compute.tflite(short)
    short.write_bytes(b"<html>blocked</html>")
    with pytest.raises(ValueError, match="fetch it again"):
        compute.tflite(short)


def test_tflite_is_silent(converted):
    code = f"from course_lib import compute; compute.tflite({str(converted[0])!r})([[1, 2, 3]])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def message(number, *values):
    """A field of ONNX's format, Protocol Buffers: numbers, text, or messages."""
    out = b""
    for value in values:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | 2) + _varint(len(value)) + value
    return out


def _varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def tensor_info(name, *shape):
    """What an input or output is: float32, with numbers or names as its sizes."""
    sizes = b"".join(
        message(1, message(1, size) if isinstance(size, int) else message(2, size))
        for size in shape
    )
    return message(1, name) + message(2, message(1, message(1, 1) + message(2, sizes)))


@pytest.fixture
def difference(tmp_path):
    """A network of one operation, first input minus second, of two rows and any columns."""
    node = message(1, "a", "b") + message(2, "c") + message(4, "Sub")
    graph = message(1, node) + message(2, "g")
    graph += message(11, tensor_info("a", 2, "n"), tensor_info("b", 2, "n"))
    graph += message(12, tensor_info("c", 2, "n"))
    path = tmp_path / "difference.onnx"
    path.write_bytes(message(1, 8) + message(7, graph) + message(8, message(2, 13)))
    return path


@pytest.mark.parametrize("columns", [1, 5])
def test_onnx_gives_what_the_network_gives(difference, columns):
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 2, columns), np.float32)
    (out,) = compute.onnx(difference, threads=1)(a, b)
    np.testing.assert_array_equal(out, a - b)  # and not b - a


@pytest.mark.parametrize("arrays", [(), (np.ones((3, 1)), np.ones((3, 1))), (np.ones(2),) * 2])
def test_onnx_refuses_other_inputs(difference, arrays):
    with pytest.raises(ValueError, match=r"difference\.onnx takes"):
        compute.onnx(difference)(*arrays)


@pytest.mark.parametrize("length", [0, 10, 60])
def test_onnx_names_a_missing_or_truncated_file(difference, tmp_path, length):
    with pytest.raises(FileNotFoundError, match="no network at"):
        compute.onnx(tmp_path / "none.onnx")
    difference.write_bytes(difference.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"difference\.onnx is not a whole"):
        compute.onnx(difference)
    difference.write_bytes(b"<html>blocked</html>")
    with pytest.raises(ValueError, match="fetch it again"):
        compute.onnx(difference)


@pytest.mark.parametrize("load", [compute.onnx, compute.tflite])
def test_paths_and_threads_are_checked(load, difference):
    for path in (None, 5, b"x"):
        with pytest.raises(TypeError, match="path is of type"):
            load(path)
    for path in ("", difference.parent):
        with pytest.raises(FileNotFoundError, match="no network at"):
            load(path)
    for threads in (0, -1, 10**6, 1.5, "a", True):
        with pytest.raises((TypeError, ValueError), match="^threads is"):
            load(difference, threads=threads)


def test_inputs_that_are_no_numbers_are_refused(difference, converted):
    for value in ("a", None, np.ones((2, 1)) * 1j, [[1], [1, 2]]):
        with pytest.raises((TypeError, ValueError), match=r"an input of difference\.onnx"):
            compute.onnx(difference)(value, value)
        with pytest.raises((TypeError, ValueError), match=r"an input of multiply\.tflite"):
            compute.tflite(converted[0])(value)


def test_onnx_says_when_shapes_fit_its_inputs_but_not_each_other(difference):
    with pytest.raises(
        ValueError, match=r"difference\.onnx cannot compute with arrays of \(2, 2\)"
    ):
        compute.onnx(difference)(np.ones((2, 2)), np.ones((2, 3)))
