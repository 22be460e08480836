"""Probes: what a trained network sees, asked of any Keras model.

A *model*, the name of a *layer*, a *score* (a function of what the layer answers) and a *picture*
are separate ideas, so that each may be replaced: `activations` records, `maximize` paints what a
score likes best, `occlusion` covers parts of a picture, `receptive_field` tells what a position of
a map can see. Taught in ``03_3_what_vgg16_sees``.
"""

from course_lib.networks.probes.ascent import channel, maximize, unit
from course_lib.networks.probes.covering import occlusion
from course_lib.networks.probes.fields import ReceptiveField, receptive_field
from course_lib.networks.probes.graph import layer_names
from course_lib.networks.probes.patches import Peak, cut, strongest
from course_lib.networks.probes.recording import activations

__all__ = ["Peak", "ReceptiveField", "activations", "channel", "cut", "layer_names", "maximize"]
__all__ += ["occlusion", "receptive_field", "strongest", "unit"]
