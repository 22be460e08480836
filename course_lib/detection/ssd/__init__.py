"""The published SSD-MobileNet detectors: their default boxes, their raw outputs, and what follows.

`detect` finds things in pictures. `defaults`, `coding` and `selection` are what happens after the
network, by hand; `networks` runs the graphs through ``cv2.dnn``; `video` does it for every frame;
`drawing` draws. Taught in ``05_2_mobilenet_ssd``.
"""

from .coding import VARIANCES, decode, encode
from .defaults import box_shapes, default_boxes, map_sizes
from .detecting import detect
from .networks import GraphError, Network, Raw, load
from .selection import select, sigmoid

__all__ = [
    "VARIANCES",
    "GraphError",
    "Network",
    "Raw",
    "box_shapes",
    "decode",
    "default_boxes",
    "detect",
    "encode",
    "load",
    "map_sizes",
    "select",
    "sigmoid",
]
