"""The claims that every concept gets can fail: each catches the fault it is there for."""

import importlib.util

import numpy as np
import pytest
import torch

from gradus.catalogue import load
from gradus.frameworks import adapt_function
from gradus.verify import judge, universal_claims

ATTENTION = load().get("attention")
SDPA = torch.nn.functional.scaled_dot_product_attention


def right(q, k, v):
    return SDPA(q, k, v)


def verdict(function, claim, framework="torch"):
    adapted = adapt_function(ATTENTION, function, framework)
    return judge(ATTENTION, {c.name: c for c in universal_claims(ATTENTION)}[claim], adapted).verdict


def off_by_little(q, k, v):
    return right(q, k, v) * (1 + 1e-12)


def off_in_single(q, k, v):
    return right(q, k, v) * (1 + (1e-4 if q.dtype == torch.float32 else 0))


def off_in_bfloat16(q, k, v):
    return right(q, k, v) * (1 + (0.5 if q.dtype == torch.bfloat16 else 0))


def widens(q, k, v):
    return right(q, k, v).double()


def contiguous_only(q, k, v):
    return right(*(torch.as_strided(t, t.shape, torch.empty(t.shape).stride()) for t in (q, k, v)))


def spoils_input(q, k, v):
    out = right(q, k, v)
    v.mul_(2)
    return out


def wrong_gradient(q, k, v):
    return right(q.detach(), k, v)


def mixes_the_batch(q, k, v):
    out = right(q, k, v)
    return out.flip(0) if out.ndim == 3 and out.shape[0] == 2 and q.shape[-1] == 4 else out


def forgets_the_empty_batch(q, k, v):
    out = right(q, k, v)
    return out.reshape(0) if out.numel() == 0 else out


MEMORY = {}


def remembers_by_the_first_entry(q, k, v):
    key = (q.dtype, q.shape, k.shape, v.shape, float(q.reshape(-1)[0].detach()))
    return MEMORY.setdefault(key, right(q, k, v))


def hides_nan(q, k, v):
    return torch.nan_to_num(right(q, k, v))


def accepts_anything(q, k, v):
    try:
        return right(q, k, v)
    except RuntimeError:
        return torch.zeros(1)


def remembers_the_shape(q, k, v, known={}):  # noqa: B006
    key = (tuple(q.shape), tuple(k.shape), tuple(v.shape))
    return known.setdefault(key, right(q, k, v))


def swallows_nan(q, k, v):
    return right(q, k, v).nan_to_num()


FAULTS = [
    (off_by_little, "equals-definition"),
    (remembers_the_shape, "depends-on-every-entry"),
    (swallows_nan, "propagates-nonfinite"),
    (off_in_single, "equals-definition-float32"),
    (off_in_bfloat16, "equals-definition-bfloat16"),
    (widens, "keeps-dtype-and-device"),
    (contiguous_only, "accepts-strided-input"),
    (spoils_input, "leaves-input-unchanged"),
    (wrong_gradient, "gradient-equals-definition"),
    (wrong_gradient, "tape-gradient"),
    (mixes_the_batch, "accepts-batches"),
    (forgets_the_empty_batch, "accepts-empty-batch"),
    (remembers_by_the_first_entry, "depends-on-every-entry"),
    (hides_nan, "propagates-nonfinite"),
    (accepts_anything, "rejects-invalid-input"),
]


@pytest.mark.parametrize(("fault", "claim"), FAULTS, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_each_universal_claim_catches_its_fault(fault, claim):
    assert verdict(right, claim) == "holds"
    assert verdict(fault, claim) == "fails"


def test_every_universal_claim_has_its_fault():
    assert {claim for _, claim in FAULTS} == {c.name for c in universal_claims(ATTENTION)}


def test_numpy_may_answer_in_float64_and_not_in_a_third_precision():
    def plain(q, k, v):
        return ATTENTION.definition(q, k, v)

    def widening(q, k, v):
        return np.asarray(ATTENTION.definition(q, k, v), np.float64)

    def narrowing(q, k, v):
        return ATTENTION.definition(q, k, v).astype(np.float32)

    assert verdict(plain, "equals-definition-float32", "numpy") == "holds"
    assert verdict(widening, "keeps-dtype-and-device", "numpy") == "skipped"
    assert verdict(narrowing, "keeps-dtype-and-device", "numpy") == "fails"
    assert verdict(plain, "gradient-equals-definition", "numpy") == "skipped"


def test_arrays_that_jax_makes_by_itself_may_widen():
    jnp = pytest.importorskip("jax").numpy

    def of(function):
        page = load().get("relu")
        claim = next(c for c in universal_claims(page) if c.name == "keeps-dtype-and-device")
        return judge(page, claim, adapt_function(page, function, "jax", "mine")).verdict

    assert of(lambda x: jnp.maximum(x, jnp.zeros_like(x))) == "holds"
    assert of(lambda x: jnp.maximum(x, jnp.zeros(1))) == "skipped"
    assert of(lambda x: jnp.maximum(x, 0).astype(jnp.float16)) == "fails"


def test_sensitivity_widens_the_tolerance_where_the_problem_is_ill_conditioned():
    from gradus.verify.universal import compare

    rng = np.random.default_rng(1)
    arguments = dict(
        Q=rng.standard_normal((3, 4)), K=rng.standard_normal((5, 4)), V=rng.standard_normal((5, 2))
    )
    mild = compare(ATTENTION, adapt_function(ATTENTION, right), arguments).tolerance
    hard = compare(
        ATTENTION, adapt_function(ATTENTION, right), {**arguments, "K": 300 * arguments["K"]}
    ).tolerance
    assert mild < 1e-13
    assert hard > mild


def test_a_precision_that_the_framework_lacks_is_skipped_and_other_errors_are_not():
    def without_kernel(q, k, v):
        return torch.linalg.qr(right(q, k, v)).Q if q.dtype == torch.bfloat16 else right(q, k, v)

    def broken(q, k, v):
        if q.dtype == torch.bfloat16:
            raise RuntimeError("broken")
        return right(q, k, v)

    def without_kernel_in_jax(q, k, v):
        import jax.numpy as jnp

        scores = q @ jnp.swapaxes(k, -1, -2) / q.shape[-1] ** 0.5
        e = jnp.exp(scores - scores.max(-1, keepdims=True))
        return jnp.linalg.inv(jnp.eye(1, dtype=q.dtype)) * (e / e.sum(-1, keepdims=True) @ v)

    assert verdict(without_kernel, "equals-definition-bfloat16") == "skipped"
    if importlib.util.find_spec("jax") is not None:
        assert verdict(without_kernel_in_jax, "equals-definition", "jax") == "holds"
        assert verdict(without_kernel_in_jax, "equals-definition-bfloat16", "jax") == "skipped"
    assert verdict(broken, "equals-definition-bfloat16") == "fails"
