"""A model as a list of steps, so that any part of it can be run and any layer be looked at."""

import weakref
from dataclasses import dataclass, replace

from course_lib import checks, compute

_KNOWN = weakref.WeakKeyDictionary()  # model -> its layers when it was read, its graph


@dataclass(frozen=True)
class Step:
    """One layer at work.

    Attributes
    ----------
    name : str
        The layer's name; a layer inside a nested model is ``model_name/layer_name``.
    layer : keras.Layer or keras.Operation
    args, kwargs : tuple, dict
        What it is called with; symbolic tensors stand for what earlier steps return.
    outputs : list of KerasTensor
        Stand for what it returns: one for nearly every layer.
    """

    name: str
    layer: object
    args: tuple
    kwargs: dict
    outputs: list

    @property
    def inputs(self):
        """The symbolic tensors among its arguments."""
        import keras

        flat = keras.tree.flatten((self.args, self.kwargs))
        return [item for item in flat if isinstance(item, keras.KerasTensor)]


class Graph:
    """The steps of a model, in the order of computing, those of nested models in line.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, built, with one input.

    Raises
    ------
    TypeError
        If it is no Keras model, or one whose layers Keras cannot list.
    ValueError
        If it is not built yet, or has several inputs.
    """

    def __init__(self, model):
        # id of a tensor -> itself (an id is true while its tensor lives), and the tensor that is
        # the same at the other side of a nested model's border
        self._aliases = {}
        self._nested = {}  # name of a nested model -> its output tensor
        self.input, self.steps, output = self._read(_checked(model), prefix="")
        self.output = self.resolve(output)

    def resolve(self, tensor):
        """The tensor that a step of this graph, or its input, is known by."""
        while id(tensor) in self._aliases:
            tensor = self._aliases[id(tensor)][1]
        return tensor

    def named(self, name):
        """The first step of that name; of a nested layer the bare name will do if no other has it.

        The name of a nested model stands for the last of its layers.

        Raises
        ------
        ValueError
            If no layer has that name; near ones are listed.
        """
        names = [step.name for step in self.steps]
        if name not in names and name in list(self._nested):
            tensor = self.resolve(self._nested[name])
            for step in self.steps:
                if any(tensor is output for output in step.outputs):
                    return replace(step, outputs=[tensor])
        if name not in names:
            inner = [full for full in dict.fromkeys(names) if full.rsplit("/", 1)[-1] == name]
            name = inner[0] if len(inner) == 1 else checks.choice(name, "layer", names)
        return self.steps[names.index(name)]

    def run(self, inputs, outputs):
        """Compute some tensors of the graph in inference mode, and nothing that they do not need.

        Parameters
        ----------
        inputs : tensor
            A batch for the model.
        outputs : list of KerasTensor

        Returns
        -------
        list of tensor
        """
        return self._follow(inputs, outputs, lambda layer: layer)

    def fits(self, height, width, outputs):
        """Tell whether anything is left of a picture where some tensors are computed.

        Parameters
        ----------
        height, width : int
            Of the picture, in pixels.
        outputs : list of KerasTensor

        Returns
        -------
        bool
        """
        import keras

        shape = (1, height, width, *self.input.shape[3:])
        picture = keras.KerasTensor(shape, dtype=self.input.dtype)
        try:
            specs = self._follow(picture, outputs, lambda layer: layer.compute_output_spec)
        except ValueError:  # a convolution whose kernel is larger than its input
            return False
        return all(min(length for length in spec.shape if length is not None) > 0 for spec in specs)

    def _follow(self, inputs, outputs, operation):
        """Call `operation(layer)` for each step before the outputs, on values for its tensors."""
        import keras

        symbol = isinstance(inputs, keras.KerasTensor)
        values = {id(self.input): inputs if symbol else keras.ops.convert_to_tensor(inputs)}

        def value(item):
            symbolic = isinstance(item, keras.KerasTensor)
            return values[id(self.resolve(item))] if symbolic else item

        for step in self.needed(outputs):
            args, kwargs = keras.tree.map_structure(value, (step.args, step.kwargs))
            # A layer that is told nothing about training infers; one that was told keeps to it.
            result = operation(step.layer)(*args, **kwargs)
            values |= zip(map(id, step.outputs), keras.tree.flatten(result), strict=True)
        return [values[id(self.resolve(tensor))] for tensor in outputs]

    def needed(self, outputs):
        """The steps that lead to some tensors, in the order of computing."""
        wanted, chosen = {id(self.resolve(tensor)) for tensor in outputs}, []
        for step in reversed(self.steps):
            if wanted & {id(tensor) for tensor in step.outputs}:
                chosen.append(step)
                wanted |= {id(self.resolve(tensor)) for tensor in step.inputs}
        return chosen[::-1]

    def _read(self, model, prefix):
        """Input, steps and output of a model, by calling its layers on symbolic tensors."""
        import keras

        steps = []

        def call(layer, *args, **kwargs):
            output = layer(*args, **kwargs)
            name = prefix + layer.name
            if len(getattr(layer, "inputs", ())) == 1 == len(getattr(layer, "outputs", ())):
                source, inner, result = self._read(layer, f"{name}/")
                self._aliases |= {id(source): (source, args[0]), id(output): (output, result)}
                self._nested.setdefault(name, output)
                steps.extend(inner)
            else:
                steps.append(Step(name, layer, args, kwargs, keras.tree.flatten(output)))
            return output

        source = keras.Input(batch_shape=model.inputs[0].shape, dtype=model.inputs[0].dtype)
        if isinstance(model, keras.Sequential):
            output = source
            for layer in model.layers:
                output = call(layer, output)
            return source, steps, output
        plain = keras.Model(model.inputs[0], model.outputs)
        same = {"clone_function": lambda layer: layer, "call_function": call}
        copy = keras.models.clone_model(plain, input_tensors=source, **same)
        return source, steps, copy.outputs[0]


def graph(model):
    """Read a model's graph, or return the one that was read before.

    Parameters
    ----------
    model : keras.Model
        See `Graph`.

    Returns
    -------
    Graph

    Raises
    ------
    TypeError, ValueError
        As `Graph`.
    """
    model = _checked(model)  # first: what is no model cannot be looked up either
    layers = [id(layer) for layer in getattr(model, "layers", ())]
    if _KNOWN.get(model, (None, None))[0] != layers:  # a layer may have been added since
        _KNOWN[model] = layers, Graph(model)
    return _KNOWN[model][1]


def named_steps(model, layers):
    """Look up one layer or several by their names.

    Parameters
    ----------
    model : keras.Model
        See `Graph`.
    layers : str or sequence of str
        Names as in `layer_names`.

    Returns
    -------
    names : list of str
    steps : list of Step

    Raises
    ------
    TypeError, ValueError
        As `Graph`; also if there is no name, or a layer's name is unknown (near ones are listed).
    """
    read = graph(model)
    try:
        names = [layers] if isinstance(layers, str) else list(layers)
    except TypeError:
        kind = type(layers).__name__
        raise TypeError(f"layers is a {kind}; wanted the name of a layer, or several.") from None
    if not names:
        raise ValueError("layers is empty; wanted at least one layer's name.")
    return names, [read.named(name) for name in names]


def layer_names(model):
    """List the layers of a model by the names that probes know them by.

    Parameters
    ----------
    model : keras.Model
        See `Graph`.

    Returns
    -------
    list of str
        In the order of computing; a layer that is used twice is named once.
    """
    return list(dict.fromkeys(step.name for step in graph(model).steps))


def _checked(model):
    """Refuse what has no graph of layers from one input."""
    compute.backend()  # sets the environment before Keras is imported for the first time
    import keras

    if not isinstance(model, keras.Model):
        raise TypeError(f"model is a {type(model).__name__}; wanted a Keras model.")
    if isinstance(model, keras.Sequential) and not model.built:
        text = "is not built yet; begin it with keras.Input, or call it on a picture once."
        raise ValueError(f"model {model.name!r} {text}")
    inputs = getattr(model, "inputs", None)
    if not inputs:
        kind = type(model).__name__
        raise TypeError(
            f"model is a {kind} that hides its layers; wanted Sequential or functional."
        )
    if len(inputs) > 1:
        raise ValueError(f"model {model.name!r} has {len(inputs)} inputs; wanted one, the picture.")
    return model
