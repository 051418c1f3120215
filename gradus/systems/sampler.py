"""A trained generative system as what makes images from noise: kept in the run's folder, read again by `gradus sample`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradus.errors import GradusError
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor

STATE = "state"  # of a seed's folder: the weights to sample with


@dataclass(frozen=True)
class Sampler:
    """What makes images from noise.

    Attributes:
        shape: (C, H, W) of an image.
        latent: the shape of an image's noise, standard normal numbers; the same noise gives the same image.
        make: `make(noise, condition, steps, guidance)`: images (n, C, H, W) in [0, 1]; condition is (n,) or None.
        classes: the names of the classes that it can be asked for; empty where it takes none.
        steps: how many it takes unless told otherwise, and at most; None where it makes an image in one go.
        guidance: how far the class is followed unless told otherwise; None where that cannot be chosen.
    """

    shape: tuple[int, int, int]
    latent: tuple[int, ...]
    make: Callable[[Tensor, Tensor | None, int, float], Tensor]
    classes: tuple[str, ...] = ()
    steps: tuple[int, int] | None = None
    guidance: float | None = None

    def noise(self, count: int, seed: int) -> Tensor:
        """The noise of some images, (count, …): the first ones are the same however many there are."""
        import torch

        # PyTorch draws long rows in blocks: a longer tensor of the same seed does not begin with the shorter one
        parts = [
            torch.randn(self.latent, generator=torch.Generator().manual_seed(seed * 2**20 + i))
            for i in range(count)
        ]
        return torch.stack(parts)

    def condition(self, count: int, label: str | None) -> Tensor | None:
        """The class of each image: the one that is named, or each in turn; None where it takes none.

        Raises:
            GradusError: no such class, or none at all.
        """
        import torch

        if not self.classes:
            if label is not None:
                raise GradusError(
                    Text("the system takes no class; leave --class out", "该系统不区分类别；请去掉 --class")
                )
            return None
        if label is None:
            return torch.arange(count) % len(self.classes)
        if label not in self.classes:
            names = ", ".join(self.classes)
            raise GradusError(
                Text(
                    f"expected a class among {names}, got {label!r}", f"类别应为 {names} 之一，得到 {label!r}"
                )
            )
        return torch.full((count,), self.classes.index(label))

    def images(
        self,
        noise: Tensor,
        condition: Tensor | None,
        *,
        steps: int | None = None,
        guidance: float | None = None,
        batch: int = 256,
    ) -> Tensor:
        """Images (n, C, H, W) in [0, 1], on the CPU.

        Args:
            noise: (n, …).
            condition: (n,), or None.
            steps: how many; None for the system's own.
            guidance: how far the class is followed; None for the system's own.
            batch: images at a time.

        Raises:
            GradusError: steps or guidance where there are none to choose, or more steps than there are.
        """
        import torch

        if self.steps is None:
            if steps is not None:
                raise GradusError(
                    Text(
                        "the system makes an image in one go; leave --steps out",
                        "该系统一步生成图像；请去掉 --steps",
                    )
                )
            steps = 1
        elif steps is None:
            steps = self.steps[0]
        elif not 1 <= steps <= self.steps[1]:
            most = self.steps[1]
            raise GradusError(
                Text(
                    f"expected from 1 to {most} steps, got {steps}",
                    f"步数应在 1 到 {most} 之间，得到 {steps}",
                )
            )
        if self.guidance is None and guidance is not None:
            raise GradusError(
                Text("the system has no guidance; leave --guidance out", "该系统没有引导；请去掉 --guidance")
            )
        strength = guidance if guidance is not None else self.guidance or 0.0
        made = []
        with torch.no_grad():
            for i in range(0, len(noise), batch):
                of = None if condition is None else condition[i : i + batch]
                made.append(self.make(noise[i : i + batch], of, steps, strength).float().clamp(0, 1).cpu())
        return torch.cat(made)

    def draw(self, count: int, seed: int, **chosen: Any) -> tuple[Tensor, Tensor | None]:
        """So many images, each class in turn, and the classes; `chosen` are steps and guidance."""
        condition = self.condition(count, None)
        return self.images(self.noise(count, 1000 + seed), condition, **chosen), condition


def between(first: Tensor, last: Tensor, count: int) -> Tensor:
    """Noise on the way from one to another, (count, …), both ends included: along the great circle of their directions, and from length to length.

    The straight line would lead through points shorter than nearly all noise is.
    """
    import torch

    a, b = first.flatten(), last.flatten()
    cosine = torch.dot(a, b) / (a.norm() * b.norm())
    angle = torch.arccos(cosine.clamp(-1, 1))
    share = torch.linspace(0, 1, count)[:, None]
    if float(angle.sin()) < 1e-4:
        way = a + share * (b - a)
    else:
        direction = (
            torch.sin((1 - share) * angle) * a / a.norm() + torch.sin(share * angle) * b / b.norm()
        ) / angle.sin()
        way = direction * ((1 - share) * a.norm() + share * b.norm())
    return way.reshape(count, *first.shape)


def keep(directory: Path | None, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> None:
    """Keeps what a sampler is made from in a seed's folder; of several processes the first does."""
    from gradus.training import save_checkpoint
    from gradus.training.distributed import process_group

    with process_group() as group:
        if directory is not None and group.rank == 0:
            save_checkpoint(
                directory / STATE, {k: v.detach().cpu() for k, v in tensors.items()}, dict(settings)
            )


def kept(directory: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `keep` kept: tensors and settings.

    Raises:
        CheckpointError: nothing whole is there.
    """
    from gradus.training import load_checkpoint

    found = load_checkpoint(directory / STATE)
    return found.tensors, found.state
