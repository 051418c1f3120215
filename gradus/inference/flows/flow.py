"""A normalising flow: layers that lead from data to a simple distribution and back."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from gradus.arguments import refusal, whole
from gradus.inference.flows.conditioner import points
from gradus.inference.variational.draws import distribution, seeded
from gradus.text import Text

__all__ = ["NormalizingFlow"]


class NormalizingFlow(nn.Module):
    r"""A distribution that is a simple one, moved by layers that can be undone.

    .. math:: \ln p(x)=\ln p_0(z)+\ln\Bigl|\det\frac{\partial z}{\partial x}\Bigr|,\qquad z=f_K(\cdots f_1(x))

    Train it by the mean of −log_prob of the data; compute with it by `log_prob`, `sample` and `rsample`.

    Args:
        layers: modules with `features`, `forward(x)` and `inverse(z)`, each of which gives (…, d) and the logarithms (…) of the determinant's
            size: `PlanarLayer`, `AffineCoupling`, `MaskedAutoregressiveLayer`, or your own. The first is the nearest to the data.
        base: p₀, a distribution of `torch.distributions` over vectors of d numbers; None for the standard normal one. Its tensors are
            not the flow's parameters: they do not move with `.to()`.

    Raises:
        GradusError: no layer, layers of different lengths, a module that is no layer, a base over something else.

    Source: Rezende and Mohamed 2015; Papamakarios et al. 2021.

    Example:
        >>> from gradus.inference import AffineCoupling
        >>> flow = NormalizingFlow([AffineCoupling(2), AffineCoupling(2, mask=[False, True])])
        >>> flow
        NormalizingFlow(2 layers over 2 coordinates, 8836 parameters)
        >>> round(flow.log_prob(torch.zeros(2)).item(), 4)  # −ln 2π
        -1.8379
    """

    def __init__(self, layers: Iterable[nn.Module], base: Distribution | None = None) -> None:
        super().__init__()
        found = list(layers) if isinstance(layers, (list, tuple, nn.ModuleList)) else None
        if not found or not all(isinstance(x, nn.Module) for x in found):
            noun = ("a list of layers, such as [PlanarLayer(2)]", "层的列表，例如 [PlanarLayer(2)]")
            raise refusal("layers", noun, layers, kind=found is None or bool(found))
        for i, layer in enumerate(found):
            if not hasattr(layer, "inverse") or not isinstance(getattr(layer, "features", None), int):
                noun = (
                    "a layer with `features`, `forward` and `inverse`",
                    "具有 `features`、`forward` 与 `inverse` 的层",
                )
                raise refusal(f"layers[{i}]", noun, layer, kind=True)
        sizes = [layer.features for layer in found]
        if len(set(sizes)) > 1:
            came = ", ".join(map(str, sizes))
            raise refusal("layers", ("layers over as many coordinates", "坐标个数相同的层"), Text(came, came))
        self._features: int = sizes[0]
        self.layers, self.base = nn.ModuleList(found), base
        if base is not None and (distribution("base", base).event_shape != (sizes[0],) or base.batch_shape):
            shapes = f"{tuple(base.batch_shape)}, {tuple(base.event_shape)}"
            noun = (f"a distribution over vectors of {sizes[0]} numbers", f"{sizes[0]} 维向量的分布")
            mend = (
                "make its axis an event: Independent(base, 1)",
                "请将其轴并为一个事件：Independent(base, 1)",
            )
            raise refusal(
                "base", noun, Text(f"batch and event shapes {shapes}", f"批与事件形状 {shapes}"), mend
            )

    @property
    def features(self) -> int:
        """d, the number of coordinates."""
        return self._features

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """From the data: z and ln|det ∂z/∂x|.

        Args:
            x: (…, d).

        Returns:
            z, (…, d), and the logarithms, (…).

        Raises:
            GradusError: another length, precision or device; NaN or ±∞.

        Example:
            >>> from gradus.inference import RealNVP
            >>> [t.shape for t in RealNVP(2)(torch.zeros(3, 2))]
            [torch.Size([3, 2]), torch.Size([3])]
        """
        z = points("x", x, self.features, self._like(x), finite=True)
        log_det = z.new_zeros(z.shape[:-1])
        for layer in self.layers:
            z, change = layer(z)
            log_det = log_det + change
        return z, log_det

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """To the data: x and ln|det ∂x/∂z|.

        Args:
            z: (…, d).

        Returns:
            x, (…, d), and the logarithms, (…).

        Raises:
            GradusError: another length, precision or device; NaN or ±∞.

        Example:
            >>> from gradus.inference import RealNVP
            >>> [t.shape for t in RealNVP(2).inverse(torch.zeros(3, 2))]
            [torch.Size([3, 2]), torch.Size([3])]
        """
        x = points("z", z, self.features, self._like(z), finite=True)
        log_det = x.new_zeros(x.shape[:-1])
        for layer in reversed(self.layers):
            x, change = getattr(layer, "inverse")(x)  # noqa: B009  of a module that need not be ours
            log_det = log_det + change
        return x, log_det

    def log_prob(self, x: Tensor) -> Tensor:
        """Gives ln p(x), a number a point.

        Args:
            x: (…, d).

        Raises:
            GradusError: another length, precision or device; NaN or ±∞.

        Cost: one pass of each layer.

        Example:
            >>> from gradus.inference import RealNVP
            >>> RealNVP(2).log_prob(torch.zeros(3, 2)).shape
            torch.Size([3])
        """
        z, log_det = self.forward(x)
        return self._base_log_prob(z) + log_det

    def rsample(self, draws: int, *, seed: int | None = None) -> tuple[Tensor, Tensor]:
        """Draws through which derivatives flow to the parameters, and their ln p.

        Args:
            draws: how many.
            seed: of the draws; None draws from PyTorch's own generator.

        Returns:
            x, (draws, d), and ln p(x), (draws,).

        Raises:
            GradusError: no whole number; a base that cannot be drawn from so.

        Cost: one inverse pass of each layer.

        Example:
            >>> from gradus.inference import PlanarFlow
            >>> [t.shape for t in PlanarFlow(2).rsample(3, seed=0)]
            [torch.Size([3, 2]), torch.Size([3])]
        """
        count = whole("draws", draws, least=1)
        with seeded(seed):
            if self.base is None:
                like = self._like(torch.zeros(()))
                z = torch.randn(count, self.features, device=like.device, dtype=like.dtype)
            elif self.base.has_rsample:
                z = self.base.rsample((count,))
            else:
                raise refusal("base", ("a distribution with rsample", "具有 rsample 的分布"), self.base)
        x, log_det = self.inverse(z)
        return x, self._base_log_prob(z) - log_det

    @torch.no_grad()
    def sample(self, draws: int, *, seed: int | None = None) -> Tensor:
        """Draws, (draws, d), without derivatives.

        Args:
            draws: how many.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: no whole number.

        Cost: one inverse pass of each layer.

        Example:
            >>> from gradus.inference import MaskedAutoregressiveFlow
            >>> MaskedAutoregressiveFlow(2).sample(3, seed=0).shape
            torch.Size([3, 2])
        """
        if self.base is None or self.base.has_rsample:
            return self.rsample(draws, seed=seed)[0]
        count = whole("draws", draws, least=1)
        with seeded(seed):
            z = self.base.sample((count,))
        return self.inverse(z)[0]

    def _base_log_prob(self, z: Tensor) -> Tensor:
        if self.base is None:
            return -(z**2).sum(-1) / 2 - self.features * math.log(2 * math.pi) / 2
        found: Tensor = self.base.log_prob(z)
        return found

    def _like(self, otherwise: Tensor) -> Tensor:
        return next(self.parameters(), otherwise)

    def __repr__(self) -> str:
        count = sum(p.numel() for p in self.parameters())
        return f"{type(self).__name__}({len(self.layers)} layers over {self.features} coordinates, {count} parameters)"
