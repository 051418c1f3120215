"""The framework of a function is read off its code."""

import numpy as np
import pytest
import torch

from gradus.frameworks import detect


def of_numpy(x):
    return np.exp(x)


def of_torch(x):
    return torch.exp(x)


def of_jax(x):
    import jax

    return jax.nn.relu(x)


def through_another(x):
    return of_torch(x)


@pytest.mark.parametrize(
    ("function", "framework"),
    [
        (of_numpy, "numpy"),
        (of_torch, "torch"),
        (of_jax, "jax"),
        (through_another, "torch"),
        (torch.nn.functional.scaled_dot_product_attention, "torch"),
        (torch.nn.Linear, "torch"),
        (torch.nn.Identity(), "torch"),
        (len, "numpy"),
    ],
)
def test_framework_is_detected(function, framework):
    if framework == "jax":
        pytest.importorskip("jax")
    assert detect(function) == framework


def test_a_framework_imported_inside_the_function_is_detected():
    def inside(q, k, v):
        import jax.numpy as jnp

        return jnp.exp(q)

    assert detect(inside) == "jax"


def test_a_compiled_function_is_of_the_framework_that_compiled_it():
    jax = pytest.importorskip("jax")
    assert detect(jax.jit(of_numpy)) == "jax"


nn = torch.nn  # a name of this file that is an attribute of another framework


def of_jax_beside_torch(x):
    import jax

    return [jax.nn.relu(v) for v in x]


def test_an_attribute_is_not_a_name_of_the_file():
    assert detect(of_jax_beside_torch) == "jax"
