"""Let a plain ``import keras`` pass without the lines that TensorFlow writes to stderr."""

import importlib.abc
import importlib.util
import os
import sys
import tempfile


class QuietTensorFlow(importlib.abc.MetaPathFinder):
    """Imports TensorFlow quietly.

    Its C++ code writes the lines while it loads, before it reads any setting. Where the import
    fails they are written after all.
    """

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: quietly(load, module)
        return spec


def quietly(function, *args):
    """Call a function with the process' stderr set aside; shown only if it raises."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            return function(*args)
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
