"""LeNet as a system: it repeats itself, its settings can be changed, it reaches its targets; its page trains alike."""

import pytest
import torch

from gradus.catalogue import load as load_catalogue
from gradus.data import load
from gradus.errors import GradusError
from gradus.systems import SeedRequest
from gradus.systems.vision.lenet import TARGETS, trained


def train(name, seed=0, settings=None, **more):
    return trained(load(name), SeedRequest(seed, TARGETS.get(name, 0.0), **more), settings)


def test_training_leaves_global_state_and_repeats_itself(tmp_path):
    before = torch.random.get_rng_state()
    first, fitted = train("digits", 3, epochs=1, directory=tmp_path / "run")
    assert torch.equal(torch.random.get_rng_state(), before)
    second, _ = train("digits", 3, epochs=1)
    other, _ = train("digits", 4, epochs=1)
    assert torch.equal(first.output.weight, second.output.weight)
    assert not torch.equal(first.output.weight, other.output.weight)
    assert fitted.steps == 45 and {"validation_accuracy", "accuracy"} <= set(fitted.history[0])
    assert (tmp_path / "run" / "gradient_norms.jsonl").is_file()


def test_settings_can_be_changed_one_by_one():
    _, fitted = train("digits", settings={"epochs": 1, "batch_size": 500, "augmentation": None})
    assert fitted.steps == 3
    with pytest.raises(GradusError, match=r"expected settings among epochs, .* got momentum"):
        train("digits", settings={"momentum": 0.9})


def test_data_without_images_are_refused():
    with pytest.raises(GradusError, match="square images with classes, got iris"):
        train("iris")


@pytest.mark.slow
def test_digits_reach_the_target():
    accuracies = [train("digits", s)[1].history[-1]["validation_accuracy"] for s in range(3)]
    assert sum(accuracies) / 3 >= TARGETS["digits"]


@pytest.mark.slow
def test_the_page_trains_as_the_recipe_does():
    """The page states its settings by itself: they are the recipe's, and so are the weights, bit for bit."""
    measure = load_catalogue().get("lenet").claims["reads-digits"].measure
    weights = measure.__globals__["trained"](0)
    model, _ = train("digits", 0)
    for ours, theirs in zip(weights.values(), model.parameters(), strict=True):
        assert (ours == theirs.detach().double().numpy()).all()


@pytest.mark.slow
@pytest.mark.real_data
def test_mnist_reaches_the_target_in_ten_epochs(real_data):
    _, fitted = trained(load("mnist", real_data), SeedRequest(0, TARGETS["mnist"]))
    assert fitted.epochs <= 10
    assert fitted.history[-1]["validation_accuracy"] >= TARGETS["mnist"]
