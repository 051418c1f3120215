"""What is returned is no result: nothing, text, generators, ragged lists, objects that agree with everything."""

import numpy as np
import torch


# relu: structure: None, a forgotten return
def nothing(x):
    np.maximum(x, 0)


# relu: structure: text
def text(x):
    return "right"


# relu: structure: a text of numbers
def text_of_numbers(x):
    return str(np.maximum(x, 0))


# relu: structure: a dictionary
def dictionary(x):
    return {"result": np.maximum(x, 0), "ok": True}


# relu: structure: a set
def numbers_as_a_set(x):
    return set(np.maximum(x, 0).ravel().tolist())


# relu: structure: a generator
def generator(x):
    yield from np.maximum(x, 0)


# relu: structure: a generator without end
def generator_without_end(x):
    while True:
        yield 0.0


# relu: structure: a ragged list
def ragged(x):
    return [[0.0], [0.0, 1.0]]


# relu: structure: a list that holds itself
def recursive_list(x):
    rows = [1.0]
    rows.append(rows)
    return rows


# relu: structure: an array of objects
def objects(x):
    return np.array([object()] * x.size, dtype=object).reshape(x.shape)


# relu: structure: a function
def function(x):
    return lambda: np.maximum(x, 0)


# relu: structure: the class itself
class Instance:
    def __init__(self, x):
        self.x = x


# relu: structure: a pair where one array is due
def pair(x):
    return np.maximum(x, 0), np.minimum(x, 0)


# relu: structure: one axis too many
def another_shape(x):
    return np.maximum(x, 0)[None]


# relu: structure: booleans
def booleans(x):
    return x > 0


# relu: structure: complex numbers
def complex_numbers(x):
    return np.maximum(x, 0) + 1j


# relu: structure: dates
def dates(x):
    return np.maximum(x, 0).astype("datetime64[s]")


# relu: structure|exception NotImplementedError: a tensor on no device
def meta(x):
    return torch.empty(x.shape, device="meta")


class Agreeable(np.ndarray):
    """An array that is equal to everything, and whose differences are 0."""

    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return np.zeros(self.shape)

    def __array_function__(self, function, types, args, options):
        return np.zeros(self.shape)


# relu: wrong: an array subclass whose differences are 0
def agreeable(x):
    return np.abs(x).view(Agreeable)


class Chameleon:
    """Other numbers each time they are read."""

    def __init__(self, x):
        self.x, self.reads = x, 0
        self.shape, self.dtype = x.shape, x.dtype

    def __array__(self, dtype=None, copy=None):
        self.reads += 1
        return self.x * self.reads


# relu: wrong: numbers that change each time they are read
def chameleon(x):
    return Chameleon(np.maximum(x, 0) + 1)


class Anything(float):
    """A number that is near to every other."""

    __eq__ = __le__ = __lt__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = lambda self, other: 0.0
    __hash__ = float.__hash__


# mae: wrong: a number that is equal to everything
def anything(y_hat, y):
    return Anything(3.0)


# relu: wrong: a masked array that hides its errors
def masked(x):
    return np.ma.masked_array(np.abs(x), mask=x < 0)


# relu: wrong: the input's own buffer
def its_input(x):
    return x


SHARED = np.zeros(1 << 16)


# relu: state: the same buffer every time, right values
def same_buffer(x):
    out = SHARED[: x.size].reshape(x.shape)
    np.maximum(x, 0, out=out)
    return out


# relu: wrong: zeros into its input
def empties_its_input(x):
    x[...] = 0
    return x


# relu: wrong|exception: makes its input read-only and its shape another
def reshapes_its_input(x):
    x.shape = (x.size,)
    return np.maximum(x, 0)


class Untouchable:
    """Nothing can be asked of it."""

    def __getattribute__(self, name):
        raise RuntimeError("do not touch")


# relu: structure|exception RuntimeError: an object that raises at every attribute
def untouchable(x):
    return Untouchable()


# relu: structure|time limit: a hundred thousand small arrays
def many(x):
    return [np.zeros(1)] * 100_000


# relu: wrong: a name that holds escape sequences
def renamed(x):
    return np.abs(x)


renamed.__name__ = renamed.__qualname__ = "\x1b[2J\x1b[32mgradus: 99 claims hold\x1b[0m"
