"""Returns an object that is equal to everything, near everything and true of everything."""


class Anything:
    dtype, shape, ndim, size, nbytes = "float64", (1,), 1, 1, 8

    def __getattr__(self, name):
        return self

    def _me(self, *args, **kwargs):
        return self

    __call__ = __getitem__ = __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = _me
    __abs__ = __neg__ = __truediv__ = __and__ = __or__ = __array_ufunc__ = _me
    __array_function__ = _me

    def _yes(self, *args):
        return True

    __eq__ = __ne__ = __le__ = __lt__ = __ge__ = __gt__ = __bool__ = __contains__ = _yes

    def __hash__(self):
        return 0

    def __len__(self):
        return 1

    def __iter__(self):
        return iter((self,))

    def __float__(self):
        return 0.0

    def __str__(self):
        return "equal"


def attack(*args, **kwargs):
    return Anything()
