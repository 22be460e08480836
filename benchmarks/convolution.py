"""Convolution by hand against OpenCV's filter2D and Keras' Conv2D, on the same work, in one run.

Three jobs: one 3x3 kernel on a grey photo (the loop and OpenCV take part), the first and a middle
layer of VGG16 (many channels, so OpenCV does not). The loop is the lesson's point: the same sums,
one pixel after the other.

    python benchmarks/convolution.py              # about half a minute
    python benchmarks/convolution.py --runs 31    # more runs per time

Prints a Markdown table. All take turns in one run, with `--threads` threads each; the loop, which
takes seconds, runs three times. Keras runs eagerly, as in the notebook. "Sums" are the products
that are added up.
"""

import argparse
import os
import platform
import time

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
LOOPS = 3


def jobs(rng):
    """Name -> pictures (1, H, W, C) and kernels (kh, kw, C, O), float32."""
    shapes = {
        "512x512, 1 channel, one 3x3 kernel": ((1, 512, 512, 1), (3, 3, 1, 1)),
        "224x224, 3 channels, 64 kernels 3x3": ((1, 224, 224, 3), (3, 3, 3, 64)),
        "56x56, 128 channels, 256 kernels 3x3": ((1, 56, 56, 128), (3, 3, 128, 256)),
    }
    return {
        name: tuple(rng.normal(size=shape).astype("float32") for shape in pair)
        for name, pair in shapes.items()
    }


def contenders(pictures, kernels):
    """Name -> a function without arguments that does the whole job, and returns (h, w, O)."""
    import cv2
    import keras

    from course_lib.networks import convolution

    layer = keras.layers.Conv2D(kernels.shape[3], kernels.shape[:2], padding="same")
    layer.build(pictures.shape)
    layer.set_weights([kernels, 0 * kernels[0, 0, 0]])
    found = {
        "ours": lambda: convolution.conv2d(pictures, kernels, padding="same")[0],
        "Keras": lambda: keras.ops.convert_to_numpy(layer(pictures))[0],
    }
    if kernels.shape[2:] == (1, 1):
        grey, kernel = pictures[0, :, :, 0], kernels[:, :, 0, 0]
        zeros = {"borderType": cv2.BORDER_CONSTANT}
        found["OpenCV"] = lambda: cv2.filter2D(grey, -1, kernel, **zeros)[..., None]
        found["loop"] = lambda: convolution.correlate2d_loop(grey, kernel, padding="same")[
            ..., None
        ]
    return found


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def race(functions, runs):
    """Median seconds of each function; they take turns, and a first run is not kept."""
    import numpy as np

    fast = {name: function for name, function in functions.items() if name != "loop"}
    for function in fast.values():
        function()
    times = {name: [] for name in functions}
    for _ in range(runs):
        for name, function in fast.items():
            times[name].append(seconds(function))
    for _ in range(LOOPS if "loop" in functions else 0):
        times["loop"].append(seconds(functions["loop"]))
    return {name: float(np.median(values)) for name, values in times.items()}


def largest_difference(functions):
    """Of ours from each of the others, on values whose standard deviation is taken as 1."""
    import numpy as np

    ours = functions["ours"]()
    others = [function() for name, function in functions.items() if name != "ours"]
    return max(float(np.abs(ours - other).max() / ours.std()) for other in others)


def ratio(times, name):
    """How often the time of ours fits into the other's."""
    return f"{times[name] / times['ours']:.2f}" if name in times else "–"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="runs per time")
    parser.add_argument("--threads", type=int, default=1, help="for each side")
    arguments = parser.parse_args()
    os.environ |= dict.fromkeys(THREADS, str(arguments.threads))  # read when they are imported

    from course_lib import compute

    compute.backend()
    import cv2
    import keras
    import numpy as np

    cv2.setNumThreads(arguments.threads)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {arguments.threads} threads each; numpy "
        f"{np.__version__}, OpenCV {cv2.__version__}, Keras {keras.__version__} on "
        f"{compute.backend()}. Medians of {arguments.runs} runs, of the loop {LOOPS}.\n"
    )
    print(
        "| work | million sums | ours, ms | OpenCV / ours | Keras / ours | loop / ours | differ |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, (pictures, kernels) in jobs(np.random.default_rng(0)).items():
        functions = contenders(pictures, kernels)
        times = race(functions, arguments.runs)
        sums = pictures[0, :, :, 0].size * kernels.size / 1e6
        cells = [ratio(times, other) for other in ("OpenCV", "Keras", "loop")]
        print(
            f"| {name} | {sums:,.0f} | {1000 * times['ours']:.1f} | {' | '.join(cells)} "
            f"| {largest_difference(functions):.0e} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
