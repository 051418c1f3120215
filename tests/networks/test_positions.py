"""Positions: the rotary function on all claims of its page, ONNX's and transformers' pairings, precision, the mistakes it names."""

import numpy as np
import pytest
import torch

from gradus.catalogue import concept
from gradus.concepts.networks.positional_encoding import positional_encoding
from gradus.errors import GradusError
from gradus.frameworks.implementations import adapt
from gradus.networks import RotaryEncoding, SinusoidalEncoding, rotary_encoding, sinusoidal_encoding
from gradus.verify import claims_of, judge

DOUBLE = torch.float64
T = torch.arange(5, dtype=DOUBLE)
X = torch.linspace(-1, 1, 2 * 5 * 8, dtype=DOUBLE).reshape(2, 5, 8)


def test_rotations_hold_the_claims_about_them():
    page = concept("positional-encoding")
    rotary = adapt(page, page.implementations[1])
    verdicts = {c.name: judge(page, c, rotary).verdict for c in claims_of(page)}
    assert "fails" not in verdicts.values(), verdicts
    own = {
        "rotations-keep-lengths",
        "scores-depend-on-the-difference",
        "a-turn-is-to-the-left",
        "rows-are-turned-by-their-own-positions",
    }
    assert {verdicts[name] for name in own} == {"holds"}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, DOUBLE])
def test_every_precision_is_as_exact_as_it_can_be(dtype):
    t = torch.tensor([0.0, 1.0, 1e3, 1e5, 1e6], dtype=DOUBLE)
    want = positional_encoding(np.zeros((5, 8)), t.numpy())
    got = sinusoidal_encoding(t, 8, dtype=dtype)
    assert got.dtype == dtype
    np.testing.assert_allclose(got.double(), want, atol=max(torch.finfo(dtype).eps, 1e-9))
    x = X[0].to(dtype)
    turned = rotary_encoding(x, t)
    assert turned.dtype == dtype
    want = positional_encoding(x.double().numpy(), t.numpy(), rotary=True)
    np.testing.assert_allclose(turned.double(), want, atol=max(2 * torch.finfo(dtype).eps, 1e-9))


def test_angles_of_lower_precision_are_off_as_the_page_says():
    assert torch.tensor(257.0, dtype=torch.bfloat16).item() != 257
    assert np.spacing(np.float32(1e5)) / 2 == pytest.approx(0.0039, abs=1e-4)


def test_halves_are_neighbours_in_another_order():
    order = torch.arange(8).reshape(2, 4).T.reshape(-1)  # 0, 4, 1, 5, …
    want = rotary_encoding(X[..., order], T)[..., order.argsort()]
    torch.testing.assert_close(rotary_encoding(X, T, pairs="halves"), want)
    assert not torch.allclose(rotary_encoding(X, T), want)


def rotated_half(x, t, base=10000.0):
    """The rotation as transformers writes it for Llama."""
    d = x.shape[-1]
    angles = t[:, None] * base ** (-torch.arange(0, d, 2, dtype=x.dtype) / d)
    cos, sin = (torch.cat([f, f], -1) for f in (angles.cos(), angles.sin()))
    return x * cos + torch.cat([-x[..., d // 2 :], x[..., : d // 2]], -1) * sin


def test_halves_are_as_in_transformers():
    torch.testing.assert_close(rotary_encoding(X, T, pairs="halves"), rotated_half(X, T))


def test_modules_count_from_zero_unless_told():
    sinusoidal, rotary = SinusoidalEncoding(8), RotaryEncoding(base=100.0, pairs="halves")
    torch.testing.assert_close(sinusoidal(X), X + sinusoidal_encoding(T, 8))
    torch.testing.assert_close(sinusoidal(X, T + 3), X + sinusoidal_encoding(T + 3, 8))
    torch.testing.assert_close(rotary(X), rotary_encoding(X, T, 100.0, "halves"))
    torch.testing.assert_close(rotary(X, T + 3), rotary_encoding(X, T + 3, 100.0, "halves"))
    assert repr(rotary) == "RotaryEncoding(base=100, pairs='halves')"
    assert repr(sinusoidal) == "SinusoidalEncoding(8, base=10000)"
    assert not list(sinusoidal.parameters()) and not list(rotary.parameters())


def test_heads_share_positions_and_rows_have_their_own():
    heads = X.reshape(2, 5, 2, 4).transpose(1, 2)  # (2, 2, 5, 4)
    t = torch.stack([T, T + 2])
    got = rotary_encoding(heads, t[:, None])
    for i in range(2):
        torch.testing.assert_close(got[i], rotary_encoding(heads[i], t[i]))


def test_whole_numbers_are_positions_too():
    assert torch.equal(rotary_encoding(X, torch.arange(5)), rotary_encoding(X, T))
    assert sinusoidal_encoding(torch.arange(5), 8).dtype == torch.get_default_dtype()


def test_gradients():
    x, t = X[0, :3].clone().requires_grad_(), (T[:3] + 0.3).requires_grad_()
    for pairs in ("neighbours", "halves"):
        assert torch.autograd.gradcheck(lambda x, t, p=pairs: rotary_encoding(x, t, 10.0, p), (x, t))
    assert torch.autograd.gradcheck(lambda t: sinusoidal_encoding(t, 6), (t,))


def test_compiled_without_a_break():
    for call, arguments in (
        (rotary_encoding, (X, T)),
        (lambda t: sinusoidal_encoding(t, 8), (T,)),
        (SinusoidalEncoding(8), (X,)),
        (RotaryEncoding(pairs="halves"), (X,)),
    ):
        for dynamic in (None, True):  # with True the base is a symbol, too
            torch.compiler.reset()
            compiled = torch.compile(call, fullgraph=True, backend="eager", dynamic=dynamic)
            torch.testing.assert_close(compiled(*arguments), call(*arguments))


def test_mistakes_are_named():
    with pytest.raises(GradusError, match="d: expected an even width, got 5"):
        sinusoidal_encoding(T, 5)
    with pytest.raises(GradusError, match="x: expected an even width, got 3"):
        rotary_encoding(torch.ones(5, 3), torch.arange(5))
    with pytest.raises(GradusError, match="t: expected the shape"):
        rotary_encoding(X, T[:3])
    with pytest.raises(GradusError, match="pairs: expected"):
        rotary_encoding(X, T, pairs="interleaved")
    with pytest.raises(GradusError, match="x: expected the width 8, got 6"):
        SinusoidalEncoding(8)(torch.ones(5, 6))
    with pytest.raises(GradusError, match=r"dtype: expected a floating-point dtype, got torch\.int64"):
        sinusoidal_encoding(T, 4, dtype=torch.int64)


@pytest.mark.filterwarnings("ignore::UserWarning")  # prototypes of PyTorch
def test_other_layouts_are_refused_with_what_mends_them():
    quantised = torch.quantize_per_tensor(T.float(), 0.1, 0, torch.quint8)
    with pytest.raises(
        GradusError, match=r"t: expected a dense tensor, got a quantised one; give t\.dequantize"
    ):
        sinusoidal_encoding(quantised, 4)
    nested = torch.nested.nested_tensor([torch.zeros(2, 4), torch.zeros(3, 4)])
    with pytest.raises(
        GradusError, match=r"x: expected a dense tensor, got a nested one; give x\.to_padded_tensor"
    ):
        RotaryEncoding()(nested)
    with pytest.raises(
        GradusError, match=r"t: expected a dense tensor, got a sparse_coo one; give t\.to_dense"
    ):
        sinusoidal_encoding(T.to_sparse(), 4)
