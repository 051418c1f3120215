"""The tangent kernel: equal to plain gradients for every kind of layer, in blocks, symmetric; what it refuses and leaves."""

import copy

import pytest
import torch
from differentiated_models import DOUBLE, MODELS, example, naive_kernel, normal
from torch import nn

from gradus.errors import GradusError
from gradus.theory import tangent_kernel
from gradus.theory.layer_factors import candidates, checked_factors, recorded


def close(one, other, epsilon=1e-12):
    return one.shape == other.shape and float((one - other).abs().max()) <= epsilon * float(other.abs().max())


@pytest.mark.parametrize("name", MODELS)
def test_it_is_the_product_of_plain_jacobians(name):
    model, x, y = example(name)
    for other in (None, y):
        want = naive_kernel(model, x, other)
        assert close(tangent_kernel(model, x, other), want)
        assert close(tangent_kernel(model, x, other, layerwise=False), want)
        assert close(tangent_kernel(model, x, other, kind="trace"), want.diagonal(0, 2, 3).sum(-1))
        last = want.shape[2] - 1
        assert close(tangent_kernel(model, x, other, output=last), want[:, :, last, last])


@pytest.mark.parametrize("name", ["dense", "images, groups", "norms", "experts"])
@pytest.mark.parametrize("kind", ["full", "trace"])
def test_blocks_under_a_small_budget_change_nothing(name, kind):
    model, x, y = example(name, n=11)
    for other in (None, y):
        whole = tangent_kernel(model, x, other, kind=kind)
        with pytest.raises(GradusError, match="at least") as refused:
            tangent_kernel(model, x, other, kind=kind, memory=1)
        least = int(str(refused.value).split("at least ")[1].split()[0])
        for memory in (least, 3 * least):
            assert close(tangent_kernel(model, x, other, kind=kind, memory=memory), whole)
        with pytest.raises(GradusError, match="at least"):
            tangent_kernel(model, x, other, kind=kind, memory=least - 1)


def test_it_is_symmetric_to_the_last_bit_beyond_one_tile():
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    K = tangent_kernel(model, normal(400, 4).float())
    matrix = K.transpose(1, 2).reshape(1200, 1200)
    assert K.shape == (400, 400, 3, 3) and torch.equal(matrix, matrix.mT)
    trace = tangent_kernel(model, normal(700, 4).float(), kind="trace")
    assert torch.equal(trace, trace.mT)
    assert close(trace[:400, :400], K.diagonal(0, 2, 3).sum(-1), 1e-5)


@pytest.mark.parametrize("name, exact", [("dense", 2), ("images, groups", 3), ("a layer twice", 1), ("a weight beside its layer", 0), ("frames", 2)])  # fmt: skip
def test_layers_go_by_their_factors_and_strays_do_not(name, exact):
    model, x, _ = example(name)
    with recorded(candidates(model), len(x)) as layers:
        f = model(x)
    assert sum(made is not None for _, made in checked_factors(layers, f, range(f.shape[1]))) == exact


def test_only_what_is_trained_counts():
    model, x, _ = example("dense")
    model[0].weight.requires_grad_(False)
    assert close(tangent_kernel(model, x), naive_kernel(model, x))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_every_precision(dtype):
    model, x, _ = example("dense")
    model, x = model.to(dtype), x.to(dtype)
    K = tangent_kernel(model, x)
    exact = naive_kernel(model.double(), x.double())
    assert K.dtype == torch.float32
    assert close(K.double(), exact, 40 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("training", [False, True])
def test_the_model_is_left_as_it_was(training):
    model = nn.Sequential(
        nn.Conv1d(2, 3, 3), nn.InstanceNorm1d(3, affine=True), nn.Flatten(), nn.Linear(12, 2)
    ).double()
    model.train(training)
    model[3].weight.grad = torch.ones_like(model[3].weight)
    before, x, state = copy.deepcopy(model), normal(5, 2, 6), torch.get_rng_state()
    with torch.no_grad():
        K = tangent_kernel(model, x)
    assert not K.requires_grad and torch.equal(torch.get_rng_state(), state)
    assert all(
        torch.equal(p, q)
        for p, q in zip(model.state_dict().values(), before.state_dict().values(), strict=True)
    )
    assert (
        torch.equal(model[3].weight.grad, torch.ones_like(model[3].weight)) and model[0].weight.grad is None
    )
    assert model.training is training and not any(m._forward_hooks for m in model.modules())
    with torch.inference_mode():
        assert torch.equal(tangent_kernel(model, x), K)


def test_hooks_go_when_the_model_raises():
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(2, 2))
    with pytest.raises(GradusError, match="x: expected inputs that the model takes, got RuntimeError"):
        tangent_kernel(model, torch.ones(3, 4))
    assert not any(m._forward_hooks for m in model.modules())


class Random(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, x):
        return self.layer(x) + torch.rand(2)


class Centred(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, x):
        return self.layer(x - x.mean(0))


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, x):
        return self.layer(x), x


@pytest.mark.parametrize(
    "model, said",
    [
        (nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2)), "BatchNorm1d 1 in training mode"),
        (nn.Sequential(nn.Linear(4, 2), nn.Dropout(0.1)), "model.eval()"),
        (Random(), "depends on that sample alone"),
        (Centred(), "depends on that sample alone"),
        (Pair(), "one tensor of real numbers"),
        (nn.Sequential(nn.Linear(4, 2), nn.Flatten(0)), "a row for each sample"),
        (nn.Sequential(nn.Tanh()), "parameters to train"),
        (nn.LazyLinear(3), "call it once"),
    ],
)
def test_models_without_a_kernel_are_refused(model, said):
    with pytest.raises(GradusError, match=said):
        tangent_kernel(model, torch.randn(6, 4, generator=torch.Generator().manual_seed(0)))


def test_kinds_and_inputs_are_refused():
    model = nn.Linear(4, 2)
    for wrong in (
        dict(kind=2),
        dict(kind="diagonal"),
        dict(kind=True),
        dict(kind=-1),
        dict(memory=0),
        dict(layerwise=1),
    ):
        with pytest.raises(GradusError):
            tangent_kernel(model, torch.ones(3, 4), **wrong)
    for x in (torch.ones(0, 4), torch.tensor(1.0), [[1.0, 2.0, 3.0, 4.0]]):
        with pytest.raises(GradusError):
            tangent_kernel(model, x)
    with pytest.raises(GradusError, match="finite"):
        tangent_kernel(model, torch.full((3, 4), torch.inf))


def test_outputs_that_no_parameter_reaches_have_a_zero_kernel():
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 2)

        def forward(self, x):
            return x[:, :2] * 2

    assert torch.equal(
        tangent_kernel(Constant(), torch.ones(3, 4, dtype=DOUBLE)), torch.zeros(3, 3, 2, 2, dtype=DOUBLE)
    )
