"""LeNet-5: two convolutions, each followed by pooling, and three dense layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gradus.arguments import choice, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.errors import GradusError
from gradus.text import Text

Activation = Literal["relu", "tanh", "sigmoid"]
Pooling = Literal["max", "average"]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}
POOLINGS: dict[str, Callable[[int], nn.Module]] = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}
# What is done to an input of this height and width so that C1 gives maps of 28×28: (enlarged to, padding of C1).
SIZES = {28: (28, 2), 32: (32, 0), 8: (32, 0)}


class LeNet(nn.Module):
    r"""LeNet-5 in its modern form.

    x → C1: 6 maps, 5×5 → S2: pool 2×2 → C3: 16 maps, 5×5 → S4: pool 2×2 → C5: 120 → F6: 84 → output: classes,
    with the activation after C1, C3, C5 and F6. 61,706 parameters with one channel and ten classes.

    Shapes: (N, C, H, W) → (N, classes), H = W among 28 (padded by 2, as in the usual modern form), 32 (the 1998
    input) and 8 (enlarged bilinearly to the 32×32 of the bitmaps that scikit-learn's digits were counted from).

    Args:
        classes: number of outputs.
        channels: of the input.
        size: height and width of the input.
        activation: "relu"; "tanh" and "sigmoid" are nearer to 1998.
        pooling: "max"; "average" is nearer to 1998.

    Raises:
        GradusError: for another size, activation or pooling, and for an input of another shape.

    Cost: 416,520 multiplications per image with one channel and ten classes.

    Source: lecun1998gradient, §II.B.

    Deviates: of 1998, C3 sees all six maps (then 10 partial groups), pooling has no weights of its own, and the
    output is linear (then distances to fixed codes).

    Example:
        >>> import torch
        >>> model = LeNet()
        >>> sum(p.numel() for p in model.parameters()), tuple(model(torch.zeros(2, 1, 28, 28)).shape)
        (61706, (2, 10))
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 1,
        *,
        size: int = 28,
        activation: Activation = "relu",
        pooling: Pooling = "max",
    ) -> None:
        super().__init__()
        choice("size", size, SIZES)
        choice("activation", activation, ACTIVATIONS)
        choice("pooling", pooling, POOLINGS)
        classes, channels = whole("classes", classes, least=1), whole("channels", channels, least=1)
        self.shape = (channels, size, size)
        self.activation, self.pooling = activation, pooling
        enlarged, padding = SIZES[size]
        self.enlarge = (
            nn.Upsample((enlarged, enlarged), mode="bilinear") if enlarged != size else nn.Identity()
        )
        self.c1 = nn.Conv2d(channels, 6, 5, padding=padding)
        self.s2 = POOLINGS[pooling](2)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.s4 = POOLINGS[pooling](2)
        self.c5 = nn.Linear(16 * 5 * 5, 120)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, classes)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        """The logits of each image."""
        tensor("x", x)
        same_kind(weights=self.c1.weight, x=x)
        if tuple(x.shape[1:]) != self.shape or x.dim() != 4:
            want = ", ".join(map(str, self.shape))
            raise GradusError(
                Text(
                    f"x: expected images of shape (N, {want}), got {tuple(x.shape)}; "
                    "reshape them, or make the network with their size and channels",
                    f"x：图像的形状应为 (N, {want})，得到 {tuple(x.shape)}；请改变其形状，或按其尺寸与通道数建立网络",
                )
            )
        f = ACTIVATIONS[self.activation]
        x = self.enlarge(x)  # (N, C, 28 or 32, 28 or 32)
        x = self._pooled(self.s2, self.c1(x))  # (N, 6, 14, 14)
        x = self._pooled(self.s4, self.c3(x))  # (N, 16, 5, 5)
        x = f(self.c5(x.flatten(1)))  # (N, 120)
        x = f(self.f6(x))  # (N, 84)
        scores: Tensor = self.output(x)
        return scores

    def layers_in_order(self) -> list[nn.Module]:
        """The same as a sequence of layers, for steps in closed form (see `gradus.training.closed_form`)."""
        kind = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[self.activation]
        first, second = [self.c1, self.s2, kind()], [self.c3, self.s4, kind()]
        if self.pooling == "average":
            first, second = [self.c1, kind(), self.s2], [self.c3, kind(), self.s4]
        dense = [nn.Flatten(), self.c5, kind(), self.f6, kind(), self.output]
        return [self.enlarge, *first, *second, *dense]

    def _pooled(self, pool: nn.Module, x: Tensor) -> Tensor:
        f = ACTIVATIONS[self.activation]
        # A monotone activation commutes with the maximum: the same numbers at a quarter of the work.
        return f(pool(x)) if self.pooling == "max" else pool(f(x))
