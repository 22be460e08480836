"""Detection: boxes and what is done with them (part 05; the face detector uses `boxes` already).

``detection.detect(image)`` finds things in a photograph and returns `Detections`; both come with
their first use. For the rest import the module that you need, for example
``from course_lib.detection import boxes``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"detections": ["Detections"], "ssd.detecting": ["detect"]}
)
