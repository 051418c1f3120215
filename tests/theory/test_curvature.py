"""Products with Hessian, Gauss–Newton and empirical Fisher matrices against dense ones, layer by layer; models stay as they are."""

import warnings

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, jacrev
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils import parametrizations

from gradus.errors import GradusError
from gradus.theory import Curvature


def by_differences(gradient, theta, h=1e-5):
    """Columns of the Jacobian of a gradient, by central differences: an oracle without second derivatives."""
    shifts = h * torch.eye(len(theta), dtype=theta.dtype)
    return torch.stack([(gradient(theta + e) - gradient(theta - e)) / (2 * h) for e in shifts], 1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(x + self.attention(x, x, x, need_weights=False)[0]).mean(1)


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layer, self.head = kind(3, 3, batch_first=True), nn.Linear(3, 3)

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(5, 3)
        self.head = nn.Linear(3, 5, bias=False)
        self.head.weight = self.table.weight

    def forward(self, x):
        return self.head(torch.tanh(self.table(x).mean(1)))


def flat(*layers):
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(3))


def hooked():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 3)), nn.Tanh(), nn.Linear(3, 3))


def models():
    yield "dense", nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)), (6, 4)
    yield "relu", nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)), (6, 4)
    yield "conv1d", flat(nn.Conv1d(2, 3, 3), nn.Tanh()), (5, 2, 5)
    yield "conv2d with groups", flat(nn.Conv2d(2, 4, 2, groups=2), nn.Softplus()), (5, 2, 3, 3)
    yield "transposed", flat(nn.ConvTranspose1d(2, 2, 2), nn.Tanh()), (5, 2, 3)
    yield "batch norm", flat(nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3), nn.Tanh()), (5, 2, 4)
    yield "group norm", flat(nn.Conv1d(2, 4, 2), nn.GroupNorm(2, 4), nn.GELU()), (5, 2, 3)
    yield "layer norm and dropout", nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Dropout(), nn.Linear(4, 3)), (6, 4)  # fmt: skip
    yield "attention", Attention(), (4, 3, 4)
    for kind in (nn.RNN, nn.LSTM, nn.GRU):
        yield kind.__name__, Recurrent(kind), (4, 3, 3)
    yield "tied embedding", Tied(), None
    yield "weight norm", nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 3)), nn.Tanh(), nn.Linear(3, 3)), (6, 4)  # fmt: skip
    yield "weight norm by a hook", hooked(), (6, 4)


CASES = list(models())


def made(model, shape):
    generator = torch.Generator().manual_seed(1)
    if shape is None:
        x, classes = torch.randint(5, (6, 3), generator=generator), 5
    else:
        x, classes = torch.randn(shape, dtype=torch.float64, generator=generator), 3
    model = model.double()
    model(x)
    torch.manual_seed(0)
    for p in model.parameters():
        nn.init.normal_(p, std=0.5)
    return model.eval(), x, torch.randint(classes, (len(x),), generator=generator)


def at(model, theta):
    parts = theta.split([p.numel() for p in model.parameters()])
    pairs = zip(model.named_parameters(), parts, strict=True)
    return {name: part.reshape(p.shape) for (name, p), part in pairs}


def dense(model, x, y, kind, loss=cross_entropy):
    theta = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        if kind == "hessian":
            value = grad(lambda t: loss(functional_call(model, at(model, t), (x,)), y))
            return by_differences(value, theta)
        J = jacrev(lambda t: functional_call(model, at(model, t), (x,)))(theta)  # (N, C, P)
    z = functional_call(model, at(model, theta), (x,))
    if kind == "gauss-newton":
        M = jacrev(jacrev(lambda o: loss(o, y)))(z)
        return torch.einsum("nap,namb,mbq->pq", J, M, J)
    g = torch.stack([jacrev(lambda o, k=k: loss(o[None], y[k : k + 1]))(z[k]) @ J[k] for k in range(len(x))])
    return g.mT @ g / len(x)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("kind", ["hessian", "gauss-newton", "empirical-fisher"])
@pytest.mark.parametrize(("name", "model", "shape"), CASES, ids=[c[0] for c in CASES])
def test_products_equal_the_dense_matrix(name, model, shape, kind):
    model, x, y = made(model, shape)
    want = dense(model, x, y, kind)
    curvature = Curvature(model, cross_entropy, (x, y), kind=kind)
    assert curvature.shape == want.shape
    got = curvature @ torch.eye(len(want), dtype=torch.float64)
    near = dict(rtol=1e-6, atol=1e-8) if kind == "hessian" else dict(rtol=1e-9, atol=1e-11)
    assert torch.allclose(got, want, **near) and torch.allclose(got, got.mT, atol=1e-12)
    split = Curvature(model, cross_entropy, [(x[:1], y[:1]), (x[1:], y[1:])], kind=kind)
    assert torch.allclose(split @ want[:, 0], got @ want[:, 0], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ["hessian", "gauss-newton", "empirical-fisher"])
def test_the_model_is_left_as_it_was(kind):
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), nn.Linear(5, 3)).eval()
    model[0].train()
    model[0].weight.grad = torch.ones(5, 4)
    model[3].bias.requires_grad_(False)
    called = []
    model[0].register_forward_hook(lambda *_: called.append(1))
    x, y = torch.randn(8, 4), torch.randint(3, (8,))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    versions = [p._version for p in model.parameters()]
    generator, modes = torch.get_rng_state(), [m.training for m in model.modules()]
    with torch.no_grad():
        curvature = Curvature(model, cross_entropy, [(x[:4], y[:4]), (x[4:], y[4:])], kind=kind)
        product = curvature @ torch.ones(curvature.shape[0])
    assert curvature.shape[0] == sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert product.isfinite().all() and product.any() and not product.requires_grad
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert versions == [p._version for p in model.parameters()]
    assert torch.equal(torch.get_rng_state(), generator)
    assert modes == [m.training for m in model.modules()]
    assert torch.equal(model[0].weight.grad, torch.ones(5, 4)) and model[3].weight.grad is None
    assert len(model[0]._forward_hooks) == 1 and called


def test_a_sum_of_losses_and_a_mean_differ_by_the_number_of_samples():
    x, y = torch.randn(6, 2), torch.randn(6, 1)
    model = nn.Linear(2, 1)
    mean = Curvature(model, mse_loss, (x, y)) @ torch.ones(3)
    batches = [(x[:2], y[:2]), (x[2:], y[2:])]
    total = Curvature(model, nn.MSELoss(reduction="sum"), batches, mean=False) @ torch.ones(3)
    assert torch.allclose(total, 6 * mean, rtol=1e-5)


def test_the_hessian_of_a_linear_model_is_gauss_newtons_matrix():
    x, y = torch.randn(9, 3).double(), torch.randint(3, (9,))
    model = nn.Linear(3, 3).double()
    v = torch.randn(12).double()
    one, other = (Curvature(model, cross_entropy, (x, y), kind=k) @ v for k in ("hessian", "gauss-newton"))
    assert torch.allclose(one, other, rtol=1e-10)


def test_half_precision_and_a_loss_without_curvature():
    x, y = torch.randn(6, 2).bfloat16(), torch.randn(6, 1).bfloat16()
    model = nn.Linear(2, 1).bfloat16()
    product = Curvature(model, mse_loss, (x, y)) @ torch.ones(3)
    assert product.dtype == torch.float32 and product.any()
    assert not (Curvature(model, lambda o, t: o.mean(), (x, y)) @ torch.ones(3)).any()
    flat = Curvature(model, lambda o, t: o.mean(), (x, y), kind="gauss-newton")
    assert not (flat @ torch.ones(3)).any()


def weighted(outputs, targets):
    return cross_entropy(outputs, targets, weight=torch.tensor([1.0, 5.0, 1.0]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m, x, y: Curvature(nn.Sequential(m, nn.BatchNorm1d(3)), cross_entropy, (x, y)), "BatchNorm1d 1"),
        (lambda m, x, y: Curvature(nn.Sequential(m, nn.Dropout(0.5)), cross_entropy, (x, y)), "Dropout 1"),
        (lambda m, x, y: Curvature(nn.Sequential(m, nn.BatchNorm1d(3, track_running_stats=False)).eval(), cross_entropy, (x, y)), "mode|mixes"),
        (lambda m, x, y: Curvature(m, weighted, [(x[:4], y[:4]), (x[4:], y[4:])]), "mean over the samples"),
        (lambda m, x, y: Curvature(m, weighted, (x, y), kind="empirical-fisher"), "mean over the samples"),
        (lambda m, x, y: Curvature(m, cross_entropy, iter([(x, y)])), "gone through again"),
        (lambda m, x, y: Curvature(m, cross_entropy, []), "at least one batch"),
        (lambda m, x, y: Curvature(m, lambda o, t: torch.tensor(1.0), (x, y)), "depends on the model"),
        (lambda m, x, y: Curvature(m, lambda o, t: cross_entropy(o, t) * torch.nan, (x, y)), "finite loss"),
        (lambda m, x, y: Curvature(m, cross_entropy, (x, y)) @ torch.ones(4), r"a vector \(15,\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused(change, words):
    torch.manual_seed(0)
    x, y = torch.randn(9, 4), torch.tensor([0, 1, 1, 1, 2, 0, 0, 2, 1])
    with pytest.raises(GradusError, match=words):
        change(nn.Linear(4, 3), x, y)


class DrawsByAFunction(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return nn.functional.dropout(self.layer(x), 0.5, self.training)


def test_draws_that_no_layer_shows_and_parameters_without_shapes_are_refused():
    x, y = torch.randn(6, 4), torch.randint(3, (6,))
    with pytest.raises(GradusError, match="the same loss for the same batch"):
        Curvature(DrawsByAFunction(), cross_entropy, (x, y))
    assert (Curvature(DrawsByAFunction().eval(), cross_entropy, (x, y)) @ torch.ones(15)).any()
    with pytest.raises(GradusError, match="have shapes"):
        Curvature(nn.LazyLinear(3), cross_entropy, (x, y))


def test_products_in_inference_mode():
    x, y = torch.randn(6, 4), torch.randint(3, (6,))
    model = nn.Linear(4, 3)
    want = Curvature(model, cross_entropy, (x, y)) @ torch.ones(15)
    with torch.inference_mode():
        got = Curvature(model, cross_entropy, (x.clone(), y.clone())) @ torch.ones(15)
    assert torch.equal(got, want)


def test_parameters_that_have_changed_are_refused():
    x, y = torch.randn(6, 2), torch.randn(6, 1)
    model = nn.Linear(2, 1)
    curvature = Curvature(model, mse_loss, (x, y))
    with torch.no_grad():
        model.weight.add_(1)
    with pytest.raises(GradusError, match="changed since"):
        curvature @ torch.ones(3)
