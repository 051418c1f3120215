"""Networks that see: architectures, augmentation, detection, segmentation."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.vision.augmentation import random_affine
    from gradus.vision.lenet import LeNet

__all__ = [
    "LeNet",
    "random_affine",
]

export(
    __name__,
    {
        "augmentation": ["random_affine"],
        "lenet": ["LeNet"],
    },
)
