"""The peephole LSTM and both GRUs: gradients, compiled and transformed, padded rows, modules beside PyTorch's."""

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.networks import GRU, PeepholeLSTM, gru, peephole_lstm

B, T, D, N = 3, 4, 2, 3


def drawn(*shapes):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(s, generator=generator, dtype=torch.float64, requires_grad=True) for s in shapes]


def lstm_arguments():
    return drawn((B, T, D), (4, N, D), (4, N, N), (3, N), (4, N), (B, N), (B, N))


def gru_arguments():
    return drawn((B, T, D), (3, N, D), (3, N, N), (3, N), (3, N), (B, N))


LAYERS = {
    "peephole": (peephole_lstm, lstm_arguments, {}),
    "after": (gru, gru_arguments, {}),
    "before": (gru, gru_arguments, {"reset_after": False}),
}
each = pytest.mark.parametrize("name", LAYERS)


@each
@pytest.mark.parametrize("lengths", [None, [4, 2, 0]])
def test_gradients_are_those_of_differences(name, lengths):
    layer, arguments, options = LAYERS[name]
    rows = None if lengths is None else torch.tensor(lengths)
    assert torch.autograd.gradcheck(lambda *a: layer(*a, **options, lengths=rows), arguments())


@each
def test_second_derivatives(name):
    layer, arguments, options = LAYERS[name]
    assert torch.autograd.gradgradcheck(lambda *a: layer(*a, **options), arguments(), fast_mode=True)


@each
def test_compiled_without_a_break(name):
    layer, arguments, options = LAYERS[name]
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    for extra in ({}, {"lengths": torch.tensor([4, 1, 3])}):
        for got, want in zip(
            compiled(*arguments(), **options, **extra), layer(*arguments(), **options, **extra), strict=True
        ):
            torch.testing.assert_close(got, want)


@each
def test_mapped_over_a_batch(name):
    layer, arguments, options = LAYERS[name]
    x, *own = (a.detach() for a in arguments()[:5])
    mapped = torch.func.vmap(lambda row: layer(row, *own, **options)[0])(x)
    torch.testing.assert_close(mapped, layer(x, *own, **options)[0])


@each
def test_padding_that_is_not_a_number_reaches_neither_values_nor_gradients(name):
    layer, arguments, options = LAYERS[name]
    x, *rest = arguments()
    lengths = torch.tensor([4, 2, 1])
    padded = x.detach().clone()
    for row, length in enumerate(lengths.tolist()):
        padded[row, length:] = float("nan")
    padded.requires_grad_()
    results = layer(padded, *rest, **options, lengths=lengths)
    sum(r.sum() for r in results).backward()
    assert all(r.isfinite().all() for r in results)
    assert padded.grad.isfinite().all() and (padded.grad[1, 2:] == 0).all()
    assert all(a.grad.isfinite().all() for a in rest)


@each
def test_one_gradient_alone_is_the_same(name):
    """What needs no gradient does not change the others."""
    layer, arguments, options = LAYERS[name]
    whole = arguments()
    layer(*whole, **options)[0].square().sum().backward()
    for i, want in enumerate(whole):
        alone = [a.detach().requires_grad_(i == j) for j, a in enumerate(arguments())]
        layer(*alone, **options)[0].square().sum().backward()
        torch.testing.assert_close(alone[i].grad, want.grad)


def test_without_peepholes_it_is_torch_lstm():
    ours, theirs = PeepholeLSTM(D, N, batch_first=True).double(), nn.LSTM(D, N, batch_first=True).double()
    with torch.no_grad():
        ours.weight_peephole.zero_()
        theirs.weight_ih_l0.copy_(ours.weight_ih.flatten(0, 1))
        theirs.weight_hh_l0.copy_(ours.weight_hh.flatten(0, 1))
        theirs.bias_ih_l0.copy_(ours.bias.flatten())
        theirs.bias_hh_l0.zero_()
    x, *_, h0, c0 = lstm_arguments()
    mine, (h, c) = ours(x, (h0[None], c0[None]))
    want, (h_want, c_want) = theirs(x, (h0[None], c0[None]))
    for a, b in ((mine, want), (h, h_want), (c, c_want)):
        torch.testing.assert_close(a, b)


def test_reset_after_is_torch_gru():
    ours, theirs = GRU(D, N).double(), nn.GRU(D, N).double()
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(ours.weight_ih.flatten(0, 1))
        theirs.weight_hh_l0.copy_(ours.weight_hh.flatten(0, 1))
        theirs.bias_ih_l0.copy_(ours.bias_ih.flatten())
        theirs.bias_hh_l0.copy_(ours.bias_hh.flatten())
    x = gru_arguments()[0].transpose(0, 1)
    for a, b in zip(ours(x), theirs(x), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@each
def test_lower_precisions_are_kept(name, dtype):
    layer, arguments, options = LAYERS[name]
    low = layer(*(a.detach().to(dtype) for a in arguments()), **options)[0]
    assert low.dtype == dtype
    rough = 8 * T * N * torch.finfo(dtype).eps
    torch.testing.assert_close(low.double(), layer(*arguments(), **options)[0].detach(), rtol=0, atol=rough)


def test_modules_learn_and_show_themselves():
    for module in (PeepholeLSTM(D, N, batch_first=True), GRU(D, N, reset_after=False)):
        x = torch.ones(B, T, D)
        module(x)[0].sum().backward()
        assert all(p.grad.abs().sum() > 0 for p in module.parameters())
        assert "2, 3" in repr(module)
    assert PeepholeLSTM(1, 64).bias[1].mean() > 0.8
    assert GRU(D, N)(torch.ones(T, D))[0].shape == (T, N), "a sequence alone"


def test_mistakes_are_named():
    x, W, U, P, b, *_ = lstm_arguments()
    with pytest.raises(GradusError, match=r"W: expected the shape \(gates, n, d\).*gates is 4 in i, f, g, o"):
        peephole_lstm(x, W[:3], U, P, b)
    with pytest.raises(GradusError, match=r"lengths: expected numbers from 0 to 4"):
        peephole_lstm(x, W, U, P, b, lengths=torch.tensor([5, 1, 1]))
    with pytest.raises(GradusError, match=r"lengths: expected the leading axes of x, \(3,\), got \(2,\)"):
        peephole_lstm(x, W, U, P, b, lengths=torch.tensor([1, 1]))
    with pytest.raises(GradusError, match="hidden_size: expected a whole number"):
        GRU(2, 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_large_and_small_steps_agree(dtype):
    rows, steps, n = 300, 3, 32  # together beyond the size up to which NumPy takes the steps, alone below it
    parts = [a.detach().to(dtype) for a in drawn((rows, steps, D), (4, n, D), (4, n, n), (3, n), (4, n))]
    whole = [a.clone().requires_grad_() for a in parts]
    h, _, c_last = peephole_lstm(*whole)
    (h.square().sum() + c_last.square().sum()).backward()
    single = [a.clone().requires_grad_() for a in parts]
    for some in single[0].split(50):
        own, _, c_own = peephole_lstm(some, *single[1:])
        (own.square().sum() + c_own.square().sum()).backward()
    torch.testing.assert_close(own, h[-50:])
    for a, b in zip(single, whole, strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("part", range(3))
def test_second_derivatives_where_one_output_is_used(part):
    assert torch.autograd.gradgradcheck(lambda *a: peephole_lstm(*a)[part], lstm_arguments(), fast_mode=True)


def test_an_overflow_is_no_warning():
    x = torch.full((1, 2, 1), 3e38, requires_grad=True)
    one = torch.full((1, 1, 1), 3e38).expand(4, 1, 1)
    h, *_ = peephole_lstm(x, one, one, torch.full((3, 1), 3e38), torch.zeros(4, 1))
    (h * 3e38).sum().backward()
    assert h.tolist()[0][0][0] == pytest.approx(0.7615942)
