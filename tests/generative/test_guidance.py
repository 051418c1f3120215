"""Guidance: exact models led by their class, and by a classifier; what stands for no class."""

import pytest
import torch

from gradus.errors import GradusError
from gradus.generative import DenoisingUNet, NoiseSchedule, classifier_guided, ddim_sample, guided

SCHEDULE = NoiseSchedule.linear(400, 1e-4, 0.05)
MEANS = torch.tensor([-1.0, 1.0, 0.0], dtype=torch.float64)


def at(t):
    a = SCHEDULE.alpha_bars[t]
    return a.sqrt()[:, None], (1 - a)[:, None]


def exact(x, t, c):
    """The guess of the noise of two normal classes N(±1, ½); class 2 stands for none."""
    root, level = at(t)
    v = root**2 / 2 + level
    means = root[..., None] * MEANS[:2]
    each = (x[..., None] - means) / v[..., None]
    share = torch.softmax(-((x[..., None] - means) ** 2) / (2 * v[..., None]), -1)
    both = torch.cat((each, (share * each).sum(-1, keepdim=True)), -1)
    return level.sqrt() * both.gather(-1, c[:, None, None].expand(-1, 1, 1))[..., 0]


def log_class_one(x, t):
    root, level = at(t)
    v = root**2 / 2 + level
    logits = -((x[..., None] - root[..., None] * MEANS[:2]) ** 2) / (2 * v[..., None])
    return torch.log_softmax(logits, -1)[:, 0, 1]


def test_the_flow_of_a_normal_class_ends_at_the_power_of_its_variance():
    def normal(x, t, c):
        root, level = at(t)
        m, v = MEANS[c][:, None] + 1, torch.where(c == 2, 1.0, 0.25)[:, None]
        return level.sqrt() * (x - root * torch.where(c[:, None] == 2, 0.0, m)) / (root**2 * v + level)

    start = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    for s in (1.0, 2.0, 3.0):
        model = guided(normal, torch.tensor([1, 1]), s, none=2)
        a, b = ddim_sample(model, (2, 1), SCHEDULE, steps=400, start=start)[:, 0]
        assert abs(float(b - a) - 0.25 ** (s / 2)) < 0.01


def test_a_classifier_leads_as_the_difference_does():
    x, t = torch.randn(8, 1, dtype=torch.float64), torch.randint(1, 401, (8,))
    ones, none = torch.ones(8, dtype=torch.long), torch.full((8,), 2)
    by_class = guided(exact, ones, 2.5, none=2)(x, t)
    by_classifier = classifier_guided(lambda x, t: exact(x, t, none), log_class_one, SCHEDULE, 2.5)(x, t)
    torch.testing.assert_close(by_class, by_classifier)


def test_one_batch_unless_one_answer_is_enough():
    sizes = []

    def model(x, t, c):
        sizes.append((len(x), c.tolist()))
        return x * c[:, None]

    x, t = torch.ones(2, 3), torch.tensor([4, 5])
    for scale, said in ((1.0, (2, [0, 1])), (0.0, (2, [7, 7])), (3.0, (4, [0, 1, 7, 7]))):
        guided(model, torch.tensor([0, 1]), scale, none=7)(x, t)
        assert sizes.pop() == said


def test_what_stands_for_none():
    model = DenoisingUNet(1, 4, width=4, multipliers=(1,), classes=3, heads=2)
    x, t, c = torch.randn(2, 1, 4, 4), torch.tensor([1, 2]), torch.tensor([0, 1])
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(0)))
        torch.testing.assert_close(guided(model, c, 0.0)(x, t), model(x, t))
        led = guided(model, c, 2.0)(x, t)
        torch.testing.assert_close(led, 2 * model(x, t, c) - model(x, t), rtol=1e-3, atol=1e-4)

    def sum_of(x, t, c):
        return x + c.sum(1)[:, None]

    words = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    found = guided(sum_of, words, 2.0, none=torch.tensor([1.0, 0.0]))(torch.zeros(2, 1), t)
    torch.testing.assert_close(found, torch.tensor([[5.0], [13.0]]))


def test_rescaled_to_the_deviation_with_the_class():
    x, t = torch.randn(3, 2, 4, 4), torch.tensor([1, 2, 3])
    other = torch.randn(3, 2, 4, 4)

    def model(x, t, c):
        return torch.where(c[:, None, None, None] == 0, torch.cat((other,) * (len(x) // 3)), x)

    found = guided(model, torch.zeros(3), 5.0, none=1, rescale=1.0)(x, t)
    torch.testing.assert_close(found.flatten(1).std(1), other.flatten(1).std(1))
    flat = guided(lambda x, t, c: 0 * x, torch.zeros(3), 5.0, none=1, rescale=1.0)(x, t)
    assert not flat.any()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: guided(lambda x, t, c: x, torch.tensor([0]), 2.0), "none"),
        (lambda: guided(lambda x, t, c: x, torch.tensor(0), 2.0, none=1), "condition"),
        (lambda: guided(lambda x, t, c: x, torch.tensor([0]), 2.0, none=torch.zeros(3)), "none"),
        (lambda: guided(lambda x, t, c: x, torch.tensor([0]), 2.0, none=1)(torch.zeros(2, 1), torch.tensor([1, 1])), "2 samples"),
        (lambda: guided(lambda x, t, c: x[:1], torch.tensor([0]), 2.0, none=1)(torch.zeros(1, 1), torch.tensor([1])), "model"),
        (lambda: classifier_guided(lambda x, t: x, lambda x, t: torch.zeros(2), SCHEDULE)(torch.zeros(2, 1), torch.tensor([1, 1])), "depends on x"),
    ],
)  # fmt: skip
def test_what_does_not_fit(call, says):
    with pytest.raises(GradusError, match=says):
        call()
