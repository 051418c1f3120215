"""What explain shows as a gradient is what autograd gives, bit by bit, over functions and modules of all kinds."""

from collections import namedtuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from gradus import explain

X = torch.tensor([[0.5, -1.2, 2.0], [1.5, 0.3, -0.7]], dtype=torch.float64)
V = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
Z = torch.tensor([1.0 + 2.0j, -0.5 + 0.3j, 2.0 - 1.0j], dtype=torch.complex128)
Pair = namedtuple("Pair", "a b")


class Cubed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


class ScaledBoth(torch.autograd.Function):
    """Two tensors, a number, two results."""

    @staticmethod
    def forward(ctx, x, factor, y):
        ctx.save_for_backward(x, y)
        ctx.factor = factor
        return factor * x * y, x + y

    @staticmethod
    def backward(ctx, g, h):
        x, y = ctx.saved_tensors
        return ctx.factor * g * y + h, None, ctx.factor * g * x + h


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


def shifted(x):
    with torch.no_grad():
        m = x.max()
    return m + (x - m).exp().sum().log()


def written_without_grad(x):
    y = x * 2
    with torch.no_grad():
        y.mul_(5)
    return (y + 1).sum()


def written_to_data(x):
    y = x + 1
    y.data.mul_(3)
    return (y * x).sum()


def inner_gradient(x, create):
    leaf = (x * 2).sum()
    (g,) = torch.autograd.grad((x**3).sum() * leaf, x, create_graph=create)
    return (g * x).sum()


def penalised(x):
    y = (x**2).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    return y + g.norm() ** 2


def accumulated(x):
    total = torch.zeros_like(x)
    for k in range(4):
        total += x * k
    return (total**2).sum()


def filled(x):
    buffer = x.new_zeros(4, 3)
    buffer[:2] = x
    buffer[2] = x[0] * x[1]
    return (buffer**3).sum()


def rows_written(x):
    y = torch.zeros(2, 3, dtype=x.dtype)
    for i in range(2):
        y[i] = x[i].cumsum(0)
    return (y * y).sum()


def views_written(x):
    y = x.clone()
    a, b = y[0], y.T[1]
    a.mul_(2)
    b.add_(x[:, 0])
    return (a * y[1]).sum() + b.prod()


def as_if_none(x):
    y = x.clone()
    y.index_add_(0, torch.tensor([0, 0]), x)
    y.clamp_(min=-1).sigmoid_()
    return y.sum()


def transformed(x):
    return torch.func.vmap(torch.func.grad(lambda r: (r**3).sum()))(x).sum()


def jacobian_norm(x):
    return torch.func.jacrev(lambda r: torch.tanh(r) * r.sum())(x).pow(2).sum()


def hessian_product(x):
    return torch.func.jvp(torch.func.grad(lambda r: r.sin().prod()), (x,), (torch.ones_like(x),))[1].sum()


def looped(x):
    while x.abs().max() < 50:
        x = x * 1.7 + x.sin()
    return x.sum() if x.sum() > 0 else (x * x).sum()


FUNCTIONS = {
    "no_grad shift": (shifted, [V]),
    "detached shift": (lambda x: x.max().detach() + (x - x.max().detach()).exp().sum().log(), [V]),
    "detach": (lambda x: (x * x.detach()).sum(), [V]),
    "straight through": (lambda x: (x + (x.round() - x).detach()).pow(2).sum(), [V]),
    "zeros_like": (lambda x: (torch.zeros_like(x) + x).exp().sum(), [X]),
    "ones_like": (lambda x: (torch.ones_like(x) * x * x).sum(), [X]),
    "new_zeros": (filled, [X]),
    "full_like": (lambda x: torch.full_like(x, 2.0).pow(x).sum(), [X]),
    "accumulated in place": (accumulated, [X]),
    "rows": (rows_written, [X]),
    "views": (views_written, [X]),
    "in place": (as_if_none, [X]),
    "no_grad write": (written_without_grad, [V]),
    "data write": (written_to_data, [V]),
    "inner gradient": (lambda x: inner_gradient(x, True), [V]),
    "inner gradient, constant": (lambda x: inner_gradient(x, False), [V]),
    "gradient penalty": (penalised, [V]),
    "vmap of grad": (transformed, [X]),
    "jacrev": (jacobian_norm, [V]),
    "jvp of grad": (hessian_product, [V]),
    "vmap": (lambda x: torch.vmap(torch.dot)(x, x).exp().sum(), [X]),
    "Function": (lambda x: Cubed.apply(x * 2).sum(), [X]),
    "Function of two": (lambda x, y: sum(r.prod() for r in ScaledBoth.apply(x, 3.0, y)), [V, V + 1]),
    "Function, one result": (lambda x, y: ScaledBoth.apply(x, 3.0, y)[1].prod(), [V, V + 1]),
    "Function, straight through": (lambda x: (StraightThrough.apply(x) ** 2).sum(), [X]),
    "checkpoint": (lambda x: checkpoint(lambda t: t.sin().exp() * t, x, use_reentrant=False).sum(), [X]),
    "where": (lambda x: torch.where(x > 0, x, x.exp()).sum(), [X]),
    "masked_fill": (lambda x: x.masked_fill(x < 0, -1e9).softmax(1).pow(2).sum(), [X]),
    "masked_select": (lambda x: x[x > 0].prod(), [X]),
    "index_put": (lambda x: x.index_put((torch.tensor([0, 1]), torch.tensor([2, 2])), x[:, 0] * 3).pow(2).sum(), [X]),
    "index_put accumulate": (lambda x: torch.zeros(2, dtype=x.dtype).index_put((torch.tensor([0, 0, 1]),), x, accumulate=True).pow(2).sum(), [V]),
    "gather": (lambda x: (x.gather(1, torch.tensor([[0, 0], [2, 1]])) ** 2).sum(), [X]),
    "scatter": (lambda x: torch.zeros(2, 4, dtype=x.dtype).scatter_add(1, torch.tensor([[0, 1, 0], [3, 3, 3]]), x).pow(3).sum(), [X]),
    "cumsum": (lambda x: x.cumsum(1).pow(2).sum(), [X]),
    "cumprod": (lambda x: x.cumprod(1).sum(), [X]),
    "logsumexp": (lambda x: x.logsumexp(1).sum(), [X]),
    "sort": (lambda x: (x.sort(1).values * torch.arange(3)).sum(), [X]),
    "max over an axis": (lambda x: x.max(1)[0].prod(), [X]),
    "topk": (lambda x: x.topk(2, 1).values.prod(), [X]),
    "median": (lambda x: x.median(1).values.prod(), [X]),
    "split": (lambda x: (x.split([1, 2], 1)[0] * x.split([1, 2], 1)[1]).sum(), [X]),
    "unbind": (lambda x: x.unbind(0)[0] @ x.unbind(0)[1], [X]),
    "stack and cat": (lambda x: torch.cat([torch.stack([x, x * x]), x[None]]).prod(), [X]),
    "einsum": (lambda x: torch.einsum("ij,kj->ik", x, x).pow(2).sum(), [X]),
    "matmul with itself": (lambda x: (x @ x.T).det(), [X]),
    "inverse": (lambda x: torch.linalg.inv(x @ x.T).sum(), [X]),
    "eigenvalues": (lambda x: torch.linalg.eigvalsh(x @ x.T).pow(2).sum(), [X]),
    "singular values": (lambda x: torch.linalg.svd(x, full_matrices=False)[1].prod(), [X]),
    "broadcast": (lambda x, y: (x[:, None] * y + y).pow(2).sum(), [V, V.exp()]),
    "expand": (lambda x: (x.expand(4, 3) * torch.arange(4)[:, None]).pow(2).sum(), [V]),
    "alpha": (lambda x, y: torch.add(x, y, alpha=3).pow(2).sum(), [V, V + 1]),
    "rsub": (lambda x: torch.rsub(x, x, alpha=2).pow(2).sum() + (3 - x).prod(), [V]),
    "std": (lambda x: x.std(1, correction=0).sum() + x.var(), [X]),
    "norm": (lambda x: x.norm(dim=1).prod(), [X]),
    "fft": (lambda x: torch.fft.rfft(x).abs().sum(), [V]),
    "tie of maxima": (lambda x: torch.maximum(x, x.flip(0)).prod(), [V]),
    "loop": (looped, [V]),
    "scalar": (lambda x: x.sin() * x, [torch.tensor(0.7)]),
    "float32": (lambda x: (x.exp() / x.exp().sum()).pow(2).sum(), [V.float()]),
    "bfloat16": (lambda x: (x * x).sum() + x.prod(), [V.bfloat16()]),
    "float16": (lambda x: (x * x).sum() + x.tanh().prod(), [V.half()]),
    "two types": (lambda x, y: (x * y).sum(), [V.float(), V]),
    "integers beside": (lambda x, i: x[i].prod() * i.sum(), [V, torch.tensor([0, 2])]),
    "complex": (lambda z: (z * z.conj()).real.sum(), [Z]),
    "complex product": (lambda z: (z**2 + 3j * z).abs().sum(), [Z]),
    "complex from real": (lambda x: torch.complex(x, x * x).exp().abs().prod(), [V]),
    "complex and real": (lambda z, x: (z * x).imag.pow(3).sum(), [Z, V]),
    "complex in place": (lambda z: torch.view_as_real(z.clone().mul_(z)).pow(2).sum(), [Z]),
    "complex matrix": (lambda z: torch.linalg.inv(torch.outer(z, z.conj()) + torch.eye(3)).abs().sum(), [Z]),
    "sparse": (lambda x: torch.sparse.mm(torch.eye(2, dtype=torch.float64).to_sparse(), x).pow(2).sum(), [X]),
    "dropout": (lambda x: F.dropout(x, 0.5).pow(2).sum(), [X]),
    "random": (lambda x: (x * torch.randn(2, 3)).exp().sum(), [X]),
    "rsample": (lambda x: torch.distributions.Normal(x, x.exp()).rsample().pow(2).sum(), [X]),
    "list": (lambda xs: (xs[0] * xs[1]["b"]).sum(), [[V, {"b": V + 1}]]),
    "namedtuple": (lambda p: (p.a * p.b).sum(), [Pair(V, V + 1)]),
    "inf": (lambda x: torch.where(x > 1, x.log(), x / 0).clamp(max=9).sum(), [V]),
    "under inference_mode inside": (lambda x: (x * _inferred(x)).sum(), [V]),
}  # fmt: skip


def _inferred(x):
    with torch.inference_mode():
        y = x * 2
    return y.clone()


def leaves_of(inputs):
    floating = []

    def leaf(value):
        if not isinstance(value, torch.Tensor) or not (value.is_floating_point() or value.is_complex()):
            return value
        floating.append(value.detach().clone().requires_grad_())
        return floating[-1]

    return torch.utils._pytree.tree_map(leaf, list(inputs)), floating


def gradients(f, inputs):
    """What autograd gives by the inputs, None where the result does not depend on one."""
    given, floating = leaves_of(inputs)
    result = f(*given)
    outputs = [
        r for r in torch.utils._pytree.tree_leaves(result) if isinstance(r, torch.Tensor) and r.requires_grad
    ]
    total = outputs[0].sum()
    total = total.real if total.is_complex() else total
    return torch.autograd.grad(total, floating, allow_unused=True)


def dense(g):
    g = g.to_dense() if g.layout != torch.strided else g
    return g.to(torch.complex128 if g.is_complex() else torch.float64).numpy()


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # torch.func uses it within
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    f, inputs = FUNCTIONS[name]
    torch.manual_seed(3)
    explanation = explain(f, *inputs)
    torch.manual_seed(3)
    wanted = gradients(f, inputs)
    shown = [n.name for n in explanation.nodes if n.leaf]
    assert len(shown) == sum(g is not None for g in wanted)
    by_name = {n.name: n for n in explanation.nodes}
    # leaves come in the order of the arguments
    for node, g in zip((by_name[n] for n in shown), (g for g in wanted if g is not None), strict=True):
        np.testing.assert_array_equal(node.adjoint, dense(g))
        assert node.adjoint.dtype == (complex if g.is_complex() else float)
    assert explanation.text and explanation.svg
