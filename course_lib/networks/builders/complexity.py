"""What a network costs: parameters, multiply-adds, depth, and how far it sees.

Taught in ``03_4_architectures``.
"""

import math
from dataclasses import dataclass, field

from course_lib import checks
from course_lib.networks import probes
from course_lib.networks.convolution import receptive_fields
from course_lib.networks.probes.graph import graph
from course_lib.networks.probes.pictures import check_size

WEIGHTED = {"Conv2D", "Dense", "DepthwiseConv2D", "SeparableConv2D"}
POOLS = {"AveragePooling2D", "MaxPooling2D"}
WHOLE_PICTURE = {"GlobalAveragePooling2D", "GlobalMaxPooling2D"}


@dataclass(frozen=True)
class Row:
    """One layer of a network.

    Attributes
    ----------
    name, kind : str
        The layer's name and the name of its class.
    shape : tuple of int
        What it returns for one picture, such as (height, width, channels).
    depth : int
        Layers with weights from the input to here, on the longest way.
    parameters : int
        Its values, the moving averages of batch normalisation included, as Keras counts.
    multiply_adds : int
        Products that it computes and adds up for one picture; those with the zeros of padding
        count. Only convolutions and dense layers have any: the rest costs little.
    """

    name: str
    kind: str
    shape: tuple
    depth: int
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Summary:
    """A network in one line.

    Attributes
    ----------
    name : str
    depth : int
        Layers with weights on the longest way through it.
    parameters, multiply_adds : int
    field : int
        Height in pixels of what a position sees in the last map before the whole picture is
        brought together; may be more than the picture has.
    rows : list of Row
        What `table` returns; empty for a `stack`.
    """

    name: str
    depth: int
    parameters: int
    multiply_adds: int
    field: int
    rows: list = field(default_factory=list, repr=False)


def convolution_parameters(kernel, inputs, outputs, *, groups=1, bias=True):
    """Count the parameters of a convolution.

    Parameters
    ----------
    kernel : int
        Height and width of its windows.
    inputs, outputs : int
        Channels.
    groups : int
        Into how many parts the channels are split; each output channel looks at one of them.
    bias : bool

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If a number is not whole or below 1, or the groups do not divide the channels.
    """
    _check_convolution(kernel, inputs, outputs, groups)
    return kernel**2 * (inputs // groups) * outputs + bool(bias) * outputs


def convolution_multiply_adds(kernel, inputs, outputs, positions, *, groups=1):
    """Count the multiply-adds of a convolution for one picture.

    Parameters
    ----------
    kernel, inputs, outputs, groups : int
        See `convolution_parameters`.
    positions : int
        Places where the windows stop: height times width of the maps that come out.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        As `convolution_parameters`.
    """
    positions = checks.number(positions, "positions", low=1, integer=True)
    counts = {"groups": groups, "bias": False}
    return positions * convolution_parameters(kernel, inputs, outputs, **counts)


def stack(depth, width, kernel, *, size, channels=3, stride=1):
    """Tell what a stack of equal convolutions costs, without building it.

    Parameters
    ----------
    depth : int
        How many convolutions.
    width : int
        Channels of each.
    kernel : int
        Height and width of their windows.
    size : int
        Height and width of the picture; padded, so that a stride alone makes maps smaller.
    channels : int
        Of the picture.
    stride : int
        Of every second convolution.

    Returns
    -------
    Summary

    Raises
    ------
    TypeError, ValueError
        If a number is not whole or below 1.
    """
    for name, value in (("depth", depth), ("size", size), ("stride", stride)):
        checks.number(value, name, low=1, integer=True)
    parameters = multiply_adds = 0
    strides = [stride if number % 2 else 1 for number in range(depth)]
    for step in strides:
        size = math.ceil(size / step)
        parameters += convolution_parameters(kernel, channels, width)
        multiply_adds += convolution_multiply_adds(kernel, channels, width, size**2)
        channels = width
    seen = int(receptive_fields([(kernel, step) for step in strides])[0][-1])
    return Summary(f"{depth} x {kernel}x{kernel}", depth, parameters, multiply_adds, seen)


def table(model, *, size=None):
    """List what each layer of a network costs.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, also nested, with one input of pictures.
    size : int, optional
        Height and width of the picture; the model's own where it has one.

    Returns
    -------
    list of Row
        In the order of computing, for every layer that has parameters or pools.

    Raises
    ------
    TypeError, ValueError
        If the model hides its layers; it takes pictures of any size and none is given, or of
        another one; the picture is too small for it; or a layer has weights whose products are not
        known, such as a transposed convolution.
    """
    read = graph(model)
    picture = _picture(read, size)
    check_size(model, read.steps[-1:], *picture.shape[1:3])
    specs, depths, seen, rows = _specs(read, picture), {}, set(), []
    for step in read.steps:
        layer, kind = step.layer, type(step.layer).__name__
        before = [id(read.resolve(tensor)) for tensor in step.inputs]
        depth = max(depths.get(tensor, 0) for tensor in before) + (kind in WEIGHTED)
        depths |= dict.fromkeys(map(id, step.outputs), depth)
        parameters = layer.count_params() if hasattr(layer, "count_params") else 0
        if parameters or kind in POOLS | WHOLE_PICTURE:
            shapes = specs[before[0]].shape[1:], specs[id(step.outputs[0])].shape[1:]
            products = _multiply_adds(step, *shapes)
            own = 0 if id(layer) in seen else parameters  # a layer that is used twice
            rows.append(Row(step.name, kind, shapes[1], depth, own, products))
        seen.add(id(layer))
    return rows


def summarise(model, *, size=None):
    """Tell what a network costs in all, and how far it sees.

    Parameters
    ----------
    model, size
        See `table`.

    Returns
    -------
    Summary

    Raises
    ------
    TypeError, ValueError
        As `table`, or if no layer returns maps.
    """
    rows = table(model, size=size)
    sides = {} if size is None else {"size": (size, size)}
    seen = probes.receptive_field(model, _last_map(model, size), **sides).size[0]
    counts = (sum(getattr(row, name) for row in rows) for name in ("parameters", "multiply_adds"))
    return Summary(model.name, max(row.depth for row in rows), *counts, seen, rows)


def _last_map(model, size):
    """Name of the last layer that returns maps: of branches, what joins them."""
    read = graph(model)
    specs = _specs(read, _picture(read, size))
    names = [
        step.name
        for step in read.steps
        if len(specs[id(step.outputs[0])].shape) == 4
        and type(step.layer).__name__ not in WHOLE_PICTURE
    ]
    if not names:
        raise ValueError(f"model {model.name!r} has no layer that returns maps (H, W, C).")
    return names[-1]


def _check_convolution(kernel, inputs, outputs, groups):
    numbers = {"kernel": kernel, "inputs": inputs, "outputs": outputs, "groups": groups}
    for name, value in numbers.items():
        checks.number(value, name, low=1, integer=True)
    if inputs % groups or outputs % groups:
        raise ValueError(f"{inputs} and {outputs} channels do not split into {groups} groups.")


def _picture(read, size):
    """A symbol for one picture of the size."""
    import keras

    own = read.input.shape
    if len(own) != 4:
        raise ValueError(f"the model takes {own}; wanted pictures (N, H, W, C).")
    if size is not None:
        checks.number(size, "size", low=1, integer=True)
    sides = [side or size for side in own[1:3]]
    if None in sides or (size and sides != [size, size]):
        wanted = "any size; tell one, such as size=224" if None in sides else f"{sides} px"
        raise ValueError(f"size is {size}; the model takes pictures of {wanted}.")
    return keras.KerasTensor((1, *sides, own[3]), dtype=read.input.dtype)


def _specs(read, picture):
    """What each tensor of a graph looks like for the picture: id -> KerasTensor."""
    import keras

    specs = {id(read.input): picture}

    def spec(item):
        symbolic = isinstance(item, keras.KerasTensor)
        return specs[id(read.resolve(item))] if symbolic else item

    for step in read.steps:
        args, kwargs = keras.tree.map_structure(spec, (step.args, step.kwargs))
        result = step.layer.compute_output_spec(*args, **kwargs)
        specs |= zip(map(id, step.outputs), keras.tree.flatten(result), strict=True)
    return specs


def _multiply_adds(step, before, after):
    """Products of one layer, from the shapes of what goes in and comes out."""
    layer, kind = step.layer, type(step.layer).__name__
    if kind not in WEIGHTED:
        if hasattr(layer, "kernel"):
            raise ValueError(f"layer {step.name!r} is a {kind}, whose products are not known.")
        return 0
    positions = math.prod(after[:-1])
    if kind == "Dense":
        return positions * before[-1] * after[-1]
    taps = math.prod(layer.kernel_size)
    if kind == "Conv2D":
        return positions * taps * before[-1] // layer.groups * after[-1]
    filtered = positions * taps * before[-1] * layer.depth_multiplier
    mixed = positions * before[-1] * layer.depth_multiplier * after[-1]
    return filtered + (mixed if kind == "SeparableConv2D" else 0)
