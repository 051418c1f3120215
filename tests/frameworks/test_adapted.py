"""Adapted implementations: one claim judges NumPy, PyTorch, JAX and plain Python."""

import ast
import math

import numpy as np
import pytest
import torch

from gradus.catalogue import load
from gradus.errors import GradusError
from gradus.frameworks import Adapted, adapt_function
from gradus.frameworks.memory import peak_memory
from gradus.page.not_applicable import NotApplicable
from gradus.verify import claims_of, judge, verify, verify_concept

ATTENTION = load().get("attention")


def numpy_attention(q, k, v):
    scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ v


def torch_attention(q, k, v):
    return torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), -1) @ v


def jax_attention(q, k, v):
    import jax
    import jax.numpy as jnp

    return jax.nn.softmax(q @ jnp.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1]), -1) @ v


def python_attention(q, k, v):
    def row(query):
        scores = [sum(a * b for a, b in zip(query, key, strict=True)) / math.sqrt(len(query)) for key in k]
        top = max(scores)
        e = [math.exp(s - top) for s in scores]
        return [sum(w * value[j] for w, value in zip(e, v, strict=True)) / sum(e) for j in range(len(v[0]))]

    if len({len(k[0]), len(q[0])}) != 1 or len(k) != len(v):
        raise ValueError("shapes")
    return [row(query) for query in q]


@pytest.mark.parametrize(
    "function",
    [numpy_attention, torch_attention, pytest.param(jax_attention, marks=pytest.mark.slow)],
    ids=lambda f: f.__name__,
)
def test_right_implementations_hold(function):
    if function is jax_attention:
        pytest.importorskip("jax")
    adapted = adapt_function(ATTENTION, function)
    results = [
        judge(ATTENTION, c, adapted)
        for c in claims_of(ATTENTION)
        if c.required and (c.universal or adapted.framework.name != "jax")
    ]
    assert [(r.claim.name, str(r.evidence), r.reason) for r in results if r.verdict == "fails"] == []
    assert sum(r.verdict == "holds" for r in results) > 5


def test_plain_python_lists():
    adapted = Adapted(python_attention, ATTENTION, "python")
    Q, K, V = np.ones((2, 3)), np.eye(4, 3), np.ones((4, 2))
    np.testing.assert_allclose(adapted(Q, K, V), ATTENTION.definition(Q, K, V), rtol=1e-14)


def test_an_option_that_the_function_lacks_is_not_applicable_unless_it_is_the_default():
    adapted = adapt_function(ATTENTION, numpy_attention)
    Q = np.ones((2, 2))
    adapted(Q, Q, Q, causal=False)
    with pytest.raises(NotApplicable, match="causal"):
        adapted(Q, Q, Q, causal=True)
    skipped = {r.claim.name for r in verify_concept(ATTENTION, adapted) if r.verdict == "skipped"}
    assert "causal-mask-leaks-nothing" in skipped


def test_scaling_left_out_fails_and_names_claim_and_smallest_case():
    def unscaled(q, k, v):
        e = np.exp(q @ np.swapaxes(k, -1, -2))
        return e / e.sum(-1, keepdims=True) @ v

    report = verify([ATTENTION], adapt_function(ATTENTION, unscaled))
    failed = {r.claim.name for r in report.results if r.verdict == "fails"}
    assert {"equals-definition", "scores-have-unit-variance"} <= failed
    ((_, example),) = report.counterexamples
    sizes = {name.en: np.shape(ast.literal_eval(value.en)) for name, value in example.rows[:2]}
    assert sizes["Q"] == (1, 2)  # one query of width 2: the smallest width at which the scale matters
    assert sizes["K"] == (2, 2)
    assert example.origin.en == "shrunk"


@pytest.mark.parametrize(("dtype", "low"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_cast_computes_in_the_other_precision(dtype, low):
    seen = []

    def spy(q, k, v):
        seen.append(q.dtype)
        return torch_attention(q, k, v)

    Adapted(spy, ATTENTION, "torch", dtype=dtype)(np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2)))
    assert seen == [low]


def test_vjp_of_torch_and_jax_agree():
    pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    arguments = dict(
        Q=rng.standard_normal((3, 4)), K=rng.standard_normal((5, 4)), V=rng.standard_normal((5, 2))
    )
    w = rng.standard_normal((3, 2))
    a = adapt_function(ATTENTION, torch_attention).vjp(arguments, (w,), ("Q", "K", "V"))
    b = adapt_function(ATTENTION, jax_attention).vjp(arguments, (w,), ("Q", "K", "V"))
    for name in "QKV":
        np.testing.assert_allclose(a[name], b[name], atol=1e-14)


def test_jax_runs_in_float64_without_changing_the_users_setting():
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    out = adapt_function(ATTENTION, jax_attention)(
        np.ones((2, 2)), np.eye(2), np.array([[1.0, 1e-12], [1.0, 0]])
    )
    assert abs(out[0, 1] - 5e-13) < 1e-26 or out[0, 1] > 0
    assert jax.config.jax_enable_x64 == before


def test_misuse_is_named():
    with pytest.raises(GradusError, match="expected one of numpy"):
        Adapted(numpy_attention, ATTENTION, "tensorflow")
    with pytest.raises(GradusError, match="not callable"):
        adapt_function(ATTENTION, 3)


def test_a_dictionary_or_a_tuple_of_results_becomes_a_tuple():
    for several in (lambda q, k, v: {"a": q, "b": k}, lambda q, k, v: (q, k), lambda q, k, v: [q, k]):
        got = Adapted(several, ATTENTION, "torch")(np.ones((1, 2)), np.zeros((1, 2)), np.ones((1, 2)))
        assert isinstance(got, tuple)
        np.testing.assert_array_equal(got, [[[1, 1]], [[0, 0]]])


def test_results_that_are_no_numbers_are_named():
    with pytest.raises(GradusError, match="returned NoneType, expected an array or a number"):
        Adapted(lambda q, k, v: None, ATTENTION, "numpy")(np.ones((1, 2)), np.ones((1, 2)), np.ones((1, 2)))


def test_peak_memory_counts_what_the_call_holds():
    ones = {k: np.ones((1, 2)) for k in "QKV"}

    def holds_a_megabyte(q, k, v):
        return np.ones(2**17)

    def holds_a_megabyte_of_tensor(q, k, v):
        return torch.ones(2**17, dtype=torch.float64)

    for function, framework in ((holds_a_megabyte, "numpy"), (holds_a_megabyte_of_tensor, "torch")):
        peak = peak_memory(Adapted(function, ATTENTION, framework), **ones)
        assert 2**20 <= peak < 2**20 + 2**16
