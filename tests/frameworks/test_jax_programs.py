"""A JAX function is called through one program for each shape, and still shows what it remembers, refuses and changes."""

import functools

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.frameworks import Adapted, framework_named

jax = pytest.importorskip("jax")
jnp = jax.numpy
SOFTMAX = load().get("softmax")


@pytest.fixture
def compilations():
    """The names of what is compiled, as it is compiled."""
    import jax.monitoring

    names = []

    def heard(event, seconds, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            names.append(event)

    jax.monitoring.register_event_duration_secs_listener(heard)
    return names


def softmax(z):
    e = jnp.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def economical(function):
    """The function after its first call, which is compared with a plain one."""
    adapted = Adapted(function, SOFTMAX, "jax").economical()
    adapted(np.arange(3.0))
    return adapted


def rows(n):
    return np.random.default_rng(n).standard_normal((n, 4))


def test_a_new_shape_costs_one_compilation_and_a_known_one_none(compilations):
    adapted = economical(softmax)
    for n in range(31, 35):
        before = len(compilations)
        np.testing.assert_allclose(adapted(rows(n)), SOFTMAX.definition(rows(n)), rtol=1e-13)
        assert len(compilations) == before + 1
        adapted(rows(n) + 1)
        assert len(compilations) == before + 1


def test_a_gradient_is_one_program_too(compilations):
    adapted = economical(softmax)
    w = np.ones((41, 4))
    adapted.vjp({"z": rows(40)}, w[:40], ("z",))  # the first is compared with a plain one
    before = len(compilations)
    gradient = adapted.vjp({"z": rows(41)}, w, ("z",))["z"]
    assert len(compilations) == before + 1
    np.testing.assert_allclose(gradient, 0, atol=1e-14)  # ∑ softmax = 1


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_a_program_rounds_as_plain_calls_do(dtype):
    plain = Adapted(softmax, SOFTMAX, "jax").cast(dtype)
    np.testing.assert_allclose(
        economical(softmax).cast(dtype)(rows(7)),
        plain(rows(7)),
        rtol=0,
        atol=2 * float(jnp.finfo(dtype).eps),
    )


def test_no_formula_is_rewritten_into_one_that_does_not_overflow():
    adapted = economical(lambda z: jnp.log(jnp.exp(z)) + 0 * z)
    assert np.isinf(adapted(np.full((2, 3), 1000.0))).all()


def test_a_count_of_the_calls_shows():
    calls = [0]

    def tired(z):
        calls[0] += 1
        return softmax(z) if calls[0] <= 10 else softmax(z) * 1.001

    adapted = economical(tired)
    results = [adapted(rows(5)) for _ in range(12)]
    np.testing.assert_allclose(results[0], SOFTMAX.definition(rows(5)))
    np.testing.assert_allclose(results[-1], 1.001 * SOFTMAX.definition(rows(5)))


def test_an_array_that_changes_between_calls_shows():
    state = {"shift": np.zeros(4)}

    def drifting(z):
        state["shift"] = state["shift"] + 1.0
        return softmax(z) + jnp.asarray(state["shift"])

    adapted = economical(lambda z: softmax(z) if z.ndim == 1 else drifting(z))
    shifts = [np.mean(adapted(rows(5)) - SOFTMAX.definition(rows(5))) for _ in range(8)]
    assert shifts[0] == pytest.approx(1)
    assert (np.diff(shifts) > 0.99).all()


def test_what_depends_on_the_values_in_python_is_called_as_it_is_written():
    def branching(z):
        return softmax(z) if float(z.sum()) > 0 else -softmax(z)

    adapted = economical(branching)
    for sign in (1.0, -1.0):
        z = sign * np.abs(rows(6))
        np.testing.assert_allclose(adapted(z), sign * SOFTMAX.definition(z))


def test_a_function_that_is_another_while_it_is_traced_is_called_as_it_is_written():
    def two_faced(z):
        return softmax(z) if isinstance(z, jax.core.Tracer) else softmax(z) * 1.001

    np.testing.assert_allclose(economical(two_faced)(rows(6)), 1.001 * SOFTMAX.definition(rows(6)))


def test_its_own_exceptions_are_raised_and_end_nothing():
    def refusing(z):
        if z.ndim != 1:
            raise ValueError("one row at a time")
        return softmax(z)

    adapted = economical(refusing)
    for _ in range(2):
        with pytest.raises(ValueError, match="one row at a time"):
            adapted(rows(3))
    np.testing.assert_allclose(adapted(rows(3)[0]), SOFTMAX.definition(rows(3)[0]))


def test_results_keep_their_structure():
    adapted = economical(lambda z: (softmax(z), {"kind": 1.5, "sum": z.sum(-1)}))
    with framework_named("jax").full_precision():
        own = adapted.convert({"z": rows(4)})
        result, more = adapted.answer(own)
    assert more["kind"] == 1.5
    assert isinstance(result, jax.Array)
    assert more["sum"].shape == (4,)


def test_a_tracer_that_a_function_remembers_is_reported():
    @functools.cache
    def mask(n):
        return jnp.tril(jnp.ones((n, n)))

    def masked(z):
        return softmax(z) + 0 * mask(z.shape[-1]).sum()

    adapted = economical(masked)  # its mask of size 3 is there from a plain call
    assert not adapted.calls.leaked
    for _ in range(2):
        with pytest.raises(jax.errors.UnexpectedTracerError):
            adapted(rows(4)), adapted(rows(5))
    assert adapted.calls.leaked


def test_as_written_compiles_an_operation_at_a_time(compilations):
    adapted = economical(softmax).as_written()
    before = len(compilations)
    adapted(rows(51))
    assert len(compilations) > before + 2
