"""Where a definition gives several results, its page says of each what it is called, its shape and what it means."""

import inspect

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.frameworks.structure import flatten


def sizes(concept, arguments):
    """The size of each named dimension of the arguments, and the whole numbers among them and their defaults."""
    defaults = {n: p.default for n, p in inspect.signature(concept.definition).parameters.items()}
    known = {n: v for n, v in {**defaults, **arguments}.items() if type(v) is int}
    for symbol in concept.symbols:
        value = arguments.get(symbol.argument)
        names = symbol.dimensions
        if isinstance(value, np.ndarray) and value.ndim >= len(names):
            known |= dict(zip(names, value.shape[value.ndim - len(names) :], strict=True))
    return known


def assert_fits(shape, actual, known):
    """Every dimension has the size that its name has elsewhere; `steps+1` is one more."""
    names = shape.split()
    if names[:1] == ["..."]:
        names = names[1:]
        actual = actual[len(actual) - len(names) :]
    assert len(names) == len(actual), (shape, actual)
    for dimension, size in zip(names, actual, strict=True):
        name, _, more = dimension.partition("+")
        assert known.setdefault(name, size - int(more or 0)) == size - int(more or 0), (shape, actual, known)


@pytest.mark.parametrize("concept", list(load()), ids=lambda c: c.key)
def test_several_results_have_name_shape_and_meaning(concept):
    for label, arguments in concept.cases(np.random.default_rng(0)):
        with np.errstate(all="ignore"):
            result = concept.definition(**arguments)
        several = isinstance(result, (tuple, list, dict))
        if several and len(concept.returns) == 1:  # as many as there are parameters
            assert concept.returns[0].meaning.en.startswith("a tuple")
            continue
        assert len(concept.returns) == (len(flatten(result)) if several else 0), label
        known = sizes(concept, arguments)
        for entry, value in zip(concept.returns, flatten(result) if several else (), strict=True):
            assert_fits(entry.shape, np.shape(value), known)
    assert len({entry.name for entry in concept.returns}) == len(concept.returns)
    assert all(entry.name.isidentifier() and entry.meaning.en for entry in concept.returns)
