"""Results and callables that are not what they say: about their shape, their type, their text, their order, their time."""

import contextlib
import sys
import time

import numpy as np
import torch


class Shapeless:
    """It says one shape and gives another."""

    shape, ndim, dtype = (3, 5), 2, np.dtype(float)

    def __array__(self, dtype=None, copy=None):
        return np.zeros((2, 2))

    def __len__(self):
        return -1 & 0x7FFFFFFF


# relu: structure|exception: lies about its shape and its length
def lies_about_shape(x):
    return Shapeless()


class Chatty:
    """Its representation prints, sleeps and raises."""

    def __repr__(self):
        print("\x1b]0;owned\x07\x1b[2J" * 50)
        raise RuntimeError("\x1b[31mno text\x1b[0m")

    __str__ = __repr__


# relu: structure: an object whose text prints escape sequences and raises
def text_raises(x):
    return Chatty()


class Recursive:
    """It holds itself through __array__."""

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self)


# relu: structure|exception RecursionError: an array that is made of itself
def array_of_itself(x):
    return Recursive()


class Endless:
    """A sequence without an end."""

    def __len__(self):
        return sys.maxsize

    def __getitem__(self, index):
        return 0.0


# relu: structure|memory|time limit|exception: a sequence that never ends
def endless_sequence(x):
    return Endless()


class Equal(np.ndarray):
    """A subclass whose comparisons are true and whose ufuncs answer with the first argument."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return np.zeros_like(np.asarray(inputs[0])) if ufunc is np.subtract else NotImplemented

    def __array_function__(self, function, types, args, kwargs):
        return np.True_


# relu: wrong: a subclass that answers for NumPy's functions
def answers_for_numpy(x):
    return np.abs(x).view(Equal)


class Tensor(torch.Tensor):
    """A subclass of tensors whose every function gives the right answer's type and zeros."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        result = super().__torch_function__(function, types, args, kwargs or {})
        return result * 0 if isinstance(result, torch.Tensor) and result.is_floating_point() else result


# relu: wrong|exception|structure: a subclass of tensors that multiplies everything by 0
def tensor_subclass(x):
    return torch.as_tensor(x).abs().as_subclass(Tensor)


# relu: structure: an iterator over the rows, empty after its first reading
def iterator_of_rows(x):
    return iter(np.maximum(x, 0))


# relu: structure: a context manager
@contextlib.contextmanager
def manager(x):
    yield np.maximum(x, 0)


# relu: structure: an asynchronous generator
async def asynchronous(x):
    yield np.maximum(x, 0)


class Every:
    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return np.maximum(x, 0) * (1 + 1e-6 * (self.calls % 4 == 3))


# relu: wrong: an instance that is wrong at every fourth call
every_fourth = Every()


class Stale:
    def __init__(self):
        self.seen = {}

    def __call__(self, x):
        key = np.asarray(x).tobytes()
        self.seen[key] = self.seen.get(key, 0) + 1
        return np.maximum(x, 0) * (1 if self.seen[key] < 2 else 1.01)


# relu: wrong: an instance that is wrong the second time that it sees a value
wrong_the_second_time = Stale()


# relu: wrong: right while nobody measures time
def by_the_clock(x):
    return np.maximum(x, 0) if time.process_time() % 0.01 < 0.005 else np.abs(x)


# relu: wrong: right when its caller is no claim of values
def looks_at_its_caller(x):
    frame, names = sys._getframe(1), []
    while frame:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return np.maximum(x, 0) if "compare" in names else np.abs(x)
