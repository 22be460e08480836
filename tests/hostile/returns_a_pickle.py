"""Returns objects that run code where they are unpickled, copied, printed or compared."""

import os


class Gift:
    def __reduce__(self):
        return os.system, (f"touch {CANARY}/was_here.txt",)

    def __repr__(self):
        os.system(f"touch {CANARY}/was_here.txt")
        return "array([1.0])"

    __str__ = __repr__

    def __deepcopy__(self, memo):
        return self


def attack(*args, **kwargs):
    return Gift()
