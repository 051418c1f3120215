"""The U-Net: what it is told matters, what it is not told does not, and it begins at zero."""

import pytest
import torch

from gradus.errors import GradusError
from gradus.generative import DenoisingUNet, NoiseSchedule, diffusion_loss


def woken(**settings):
    """A U-Net whose last layers are not zero."""
    torch.manual_seed(0)
    model = DenoisingUNet(**{"channels": 1, "size": 8, "width": 8, "multipliers": (1, 2), **settings})
    with torch.no_grad():
        for p in model.parameters():
            if not p.any():
                p.normal_(std=0.1)
    return model.eval()


@pytest.mark.parametrize(
    ("channels", "size", "multipliers"),
    [(1, 8, (1, 2)), (3, 32, (1, 1, 2)), (1, 28, (1, 2, 2)), (2, 5, (1,))],
)
def test_shapes_and_zero_at_first(channels, size, multipliers):
    model = DenoisingUNet(channels, size, width=8, multipliers=multipliers, classes=3)
    x, t = torch.randn(2, channels, size, size), torch.tensor([1, 900])
    assert not model(x, t).any()
    assert model(x, t).shape == x.shape


def test_time_and_class_matter_and_each_image_is_for_itself():
    model = woken(classes=3)
    x, t, c = torch.randn(4, 1, 8, 8), torch.tensor([1, 10, 100, 1000]), torch.tensor([0, 1, 2, 3])
    whole = model(x, t, c)
    one_by_one = torch.cat([model(x[i : i + 1], t[i : i + 1], c[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(whole, one_by_one, rtol=1e-4, atol=1e-5)
    assert (model(x, t + 1, c) - whole).flatten(1).abs().amax(1).min() > 1e-4
    assert (model(x, t, (c + 1) % 3) - whole).flatten(1).abs().amax(1).min() > 1e-4
    torch.testing.assert_close(model(x, t), model(x, t, torch.full((4,), model.no_class)))


def test_each_pixel_sees_each():
    """By the halvings and the attention a pixel of one corner matters in the other."""
    model = woken(multipliers=(1, 2, 2))
    x = torch.randn(1, 1, 8, 8, requires_grad=True)
    model(x, torch.tensor([5]))[0, 0, 0, 0].backward()
    assert x.grad[0, 0, 7, 7] != 0


def test_it_learns_and_all_of_it_gets_a_gradient():
    torch.manual_seed(1)
    model = DenoisingUNet(1, 8, width=8, multipliers=(1, 2), classes=2)
    schedule, x = NoiseSchedule.cosine(50), torch.ones(64, 1, 8, 8)
    classes = torch.arange(64) % 2
    x[classes == 1] = -1
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(60):
        loss = diffusion_loss(lambda y, t: model(y, t, classes), x, schedule, prediction="velocity")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.2 * sum(losses[:5])
    unused = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    assert not unused


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (dict(size=10, multipliers=(1, 2, 2)), "multiple of 4"),
        (dict(width=10), "multiple of 4"),
        (dict(multipliers=()), "multipliers"),
        (dict(heads=3), "divisor"),
        (dict(dropout=1.0), "dropout"),
    ],
)
def test_sizes_that_do_not_divide(given, says):
    with pytest.raises(GradusError, match=says):
        DenoisingUNet(**{"channels": 1, "size": 8, "multipliers": (1, 2), **given})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (dict(x=torch.zeros(2, 1, 7, 7)), "images of the shape"),
        (dict(x=torch.zeros(2, 1, 8, 8, dtype=torch.float64)), "float64"),
        (dict(t=torch.tensor([1])), "one number a sample"),
        (dict(t=torch.tensor([1.0, float("nan")])), "finite"),
        (dict(t=5), "tensor"),
        (dict(condition=torch.tensor([0, 4])), "classes from 0 to 3"),
        (dict(condition=torch.tensor([0, -1])), "classes from 0 to 3"),
        (dict(condition=torch.tensor([0.0, 1.0])), "whole numbers"),
    ],
)
def test_what_does_not_fit(change, says):
    given = dict(x=torch.zeros(2, 1, 8, 8), t=torch.tensor([1, 2]), condition=torch.tensor([0, 3])) | change
    with pytest.raises(GradusError, match=says):
        woken(classes=3)(**given)


def test_no_classes_where_it_knows_none():
    with pytest.raises(GradusError, match="knows no classes"):
        woken()(torch.zeros(1, 1, 8, 8), torch.tensor([1]), torch.tensor([0]))
