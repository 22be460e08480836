"""A kernel to type into: a grid of numbers, and a list of kernels to start from.

Used in ``03_1_convolution_and_pooling``.
"""

from types import SimpleNamespace

import ipywidgets
import traitlets

from course_lib import checks


class KernelEditor(ipywidgets.VBox, ipywidgets.ValueWidget):
    """A control for `widgets.play` whose value is a square kernel, a tuple of rows.

    Parameters
    ----------
    kernels : dict of str to (k, k) array_like
        All of one odd size; the first is shown at the start.

    Raises
    ------
    ValueError
        If there is no kernel, or one is not square or of another size.
    """

    value = traitlets.Tuple()
    description = "kernel"

    def __init__(self, kernels):
        if not kernels:
            raise ValueError("kernels is empty; wanted at least one, with its name.")
        size = len(next(iter(kernels.values())))
        self.kernels = {
            name: checks.array(kernel, f"kernel {name!r}", shape=(size, size), dtype=float)
            for name, kernel in kernels.items()
        }
        self.style = SimpleNamespace()  # `play` sets the width of a label that is not there
        narrow = {"width": "5em"}
        self.boxes = [ipywidgets.FloatText(step=0.5, layout=narrow) for _ in range(size * size)]
        self.names = ipywidgets.Dropdown(options=list(self.kernels), description="start from")
        columns = {"grid_template_columns": f"repeat({size}, 5.4em)"}
        grid = ipywidgets.GridBox(self.boxes, layout=columns)
        super().__init__([self.names, grid])
        self._filling = False
        self.names.observe(self._fill, names="value")
        for box in self.boxes:
            box.observe(self._read, names="value")
        self._fill()

    def _fill(self, _change=None):
        """Write the chosen kernel into the boxes; one change of value, not one per box."""
        self._filling = True
        for box, weight in zip(self.boxes, self.kernels[self.names.value].flat, strict=True):
            box.value = float(weight)
        self._filling = False
        self._read()

    def _read(self, _change=None):
        if not self._filling:
            weights, size = [box.value for box in self.boxes], round(len(self.boxes) ** 0.5)
            self.value = tuple(tuple(weights[i : i + size]) for i in range(0, len(weights), size))
