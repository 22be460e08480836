"""The library of the computer-vision course.

Conventions, said once: pictures are RGB ``float32`` in [0, 1] of shape ``(H, W, 3)``, or ``(H, W)``
when grey; boxes are ``(x0, y0, x1, y1)`` in pixels, y down, in continuous coordinates; keypoints
are ``(x, y, score)``; batches lead. A function that departs from this says so.

Importing the package loads none of its modules: each comes with its first use.
"""

import lazy_loader

_MODULES = [
    "catalog",
    "checks",
    "classic",
    "compute",
    "datasets",
    "detection",
    "exercise",
    "fetch",
    "generation",
    "images",
    "models",
    "networks",
    "plot",
    "pose",
    "transfer",
    "translation",
    "widgets",
]

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=_MODULES)
__version__ = "0.1.0"
