"""The features in which a system's images are measured: those of a classifier of our own, trained on the same data, frozen and named."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.systems.contract import SeedRequest
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor

    from gradus.vision.lenet import LeNet

BATCH = 512  # images a pass


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """A frozen LeNet: the 84 numbers before its last layer, and the class that it gives.

    Attributes:
        model: the classifier, which nothing trains any more.
        accuracy: on the test part, which it was not trained on.
        digest: the first digits of the SHA-256 of its weights: distances in the features of other weights are other numbers.
    """

    model: LeNet
    accuracy: float
    digest: str

    def __call__(self, images: Any) -> tuple[Tensor, Tensor]:
        """Features (n, 84) and classes (n,) of images (n, C, H, W) in [0, 1]."""
        import torch

        found: list[tuple[Tensor, Tensor]] = []
        kept: list[Tensor] = []
        handle = self.model.f6.register_forward_hook(lambda m, i, out: kept.append(out.relu()))
        try:
            with torch.no_grad():
                for part in _parts(images):
                    scores = self.model(part)
                    found.append((kept.pop(), scores.argmax(1)))
        finally:
            handle.remove()
        return torch.cat([f for f, _ in found]), torch.cat([c for _, c in found])

    @property
    def text(self) -> Text:
        """What it is, in words."""
        return Text(
            f"LeNet-5 trained on the same training part (test accuracy {self.accuracy:.2%}, weights {self.digest})",
            f"在同一训练部分上训练的 LeNet-5（测试准确率 {self.accuracy:.2%}，权重 {self.digest}）",
        )


@functools.lru_cache(maxsize=1)
def image_features(data: Dataset) -> ImageFeatures:
    """The classifier of `gradus run lenet` on these data, with its seed 0; trained once in a process.

    Raises:
        GradusError: images that LeNet does not take.
    """
    from gradus.systems.vision.lenet import trained

    model, fitted = trained(data, SeedRequest(0, None))
    model.cpu().eval().requires_grad_(False)
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return ImageFeatures(model, float(fitted.history[-1]["validation_accuracy"]), digest.hexdigest()[:12])


def _parts(images: Any) -> Iterator[Tensor]:
    import torch

    x = torch.as_tensor(np.asarray(images) if not isinstance(images, torch.Tensor) else images)
    yield from x.detach().to("cpu", torch.float32).split(BATCH)
