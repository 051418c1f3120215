"""A generative system's images by other numbers of steps and other guidance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gradus.data import Dataset
from gradus.systems.sample_quality import quality_of
from gradus.systems.sampler import Sampler
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Comparison

OF_A_CHOICE = 360  # images, by which each is measured


def sampling_choices(made: Sampler, data: Dataset, choices: Mapping[str, Sequence[Any]]) -> Comparison:
    """What other numbers of steps and other guidance give: fidelity is bought with variety.

    Args:
        made: of a trained system.
        data: that it was trained on.
        choices: "steps" and "guidance" to try.
    """
    from gradus.report import Comparison

    assert made.steps is not None
    usual, rows = made.steps[0], {}
    for steps, guidance in [(k, made.guidance) for k in choices["steps"]] + [
        (usual, g) for g in choices["guidance"]
    ]:
        found = quality_of(partial(made.draw, steps=steps, guidance=guidance), data, images=OF_A_CHOICE)
        name = Text(f"{steps} steps, guidance {guidance:g}", f"{steps} 步，引导 {guidance:g}")
        rows[name] = [found[k] for k in ("quotient", "precision", "recall", "accuracy")]
    columns = [
        Text("Sampling", "采样"),
        Text("Fréchet distance over that of real images", "Fréchet 距离与真实图像之比"),
        Text("Precision", "精确率"),
        Text("Recall", "召回率"),
        Text("Class as asked for", "类别符合要求"),
    ]
    caption = Text(
        f"Other numbers of steps, and other guidance: 1 takes the class as it is, 0 leaves it out, more leads away from what the network says without one. One set of {OF_A_CHOICE} images each.",
        f"不同步数与不同引导强度：1 为按类别原样，0 为不用类别，更大则远离不给类别时的预测。各用一组 {OF_A_CHOICE} 张图像。",
    )
    return Comparison(columns, rows, caption)
