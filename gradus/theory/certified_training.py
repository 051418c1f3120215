"""What a certificate does with a model: trains its prior, optimises its posterior, bounds its risk."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from gradus.arguments import refusal
from gradus.optimization.batch_loss import Loss
from gradus.optimization.stateless_call import StatelessCall
from gradus.text import Text
from gradus.theory.gaussian_weights import GaussianWeights, Risk, Weights, drawn_risk, relative_deviations
from gradus.theory.pac_bayes import pac_bayes_bound

SHARES: tuple[float, ...] = tuple(
    2.0 ** (-k / 2) for k in range(2, 15)
)  # deviations relative to the weights' size, the widest first
WORSE = 0.003  # what the noise of the prior may add to its risk on the samples set apart
TRIED = 2000  # predictions, about, by which a choice is made that the certificate does not rest on
DRAWS = 0.2  # share of δ for the Monte Carlo estimate


class CertifiedTraining:
    """What is done with the model, its parameters given from outside."""

    def __init__(self, model: nn.Module, loss: Loss, risk: Risk, epochs: int, batch_size: int, generator: torch.Generator) -> None:  # fmt: skip
        self.call, self.loss, self.risk = StatelessCall(model), loss, risk
        self.epochs, self.batch_size, self.generator = epochs, batch_size, generator

    def batches(self, data: tuple[Tensor, Tensor]) -> Iterable[tuple[Tensor, Tensor]]:
        """All samples in a new order, on the model's device."""
        order = torch.randperm(len(data[0]), generator=self.generator, device=self.generator.device)
        for part in order.to(data[0].device).split(self.batch_size):
            yield tuple(d[part].to(self.generator.device) for d in data)  # type: ignore[misc]

    def value(self, weights: Weights, x: Tensor, y: Tensor) -> Tensor:
        """The loss of a batch, refused where it is not one finite number."""
        value = self.loss(self.call(weights, x), y)
        if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
            raise refusal("loss", ("a function to a tensor of one number that depends on the model", "返回依赖于模型的单个数的张量的函数"), value, kind=True)  # fmt: skip
        size = float(value.detach())
        if not 0 <= size < math.inf:
            raise refusal("loss", ("a finite number from 0", "不小于 0 的有限数"), Text(f"{size:.3g}", f"{size:.3g}"))  # fmt: skip
        return value.reshape(())

    def trained(self, start: Weights, data: tuple[Tensor, Tensor], step: float) -> Weights:
        """The weights after training on the samples set apart."""
        weights = {name: w.clone().requires_grad_() for name, w in start.items()}
        optimizer = torch.optim.Adam(list(weights.values()), lr=step)
        for _ in range(self.epochs if len(data[0]) else 0):
            for x, y in self.batches(data):
                optimizer.zero_grad()
                self.value(weights, x, y).backward()
                optimizer.step()
        return {name: w.detach() for name, w in weights.items()}

    def tried(self, law: GaussianWeights, data: tuple[Tensor, Tensor]) -> tuple[float, int]:
        """A first estimate of a law's risk, on some of the samples."""
        few = (data[0][:TRIED], data[1][:TRIED])
        return drawn_risk(self.call, law, self.risk, few, math.ceil(TRIED / len(few[0])), self.generator)

    def widest(self, mean: Weights, data: tuple[Tensor, Tensor]) -> float:
        """The widest noise that the risk on the samples set apart hardly feels."""
        clean = self.tried(GaussianWeights(mean, dict.fromkeys(mean, 0.0)), data)[0]
        for share in SHARES:
            if self.tried(GaussianWeights(mean, relative_deviations(mean, share)), data)[0] <= clean + WORSE:
                return share
        return SHARES[-1]

    def optimised(
        self, law: GaussianWeights, data: tuple[Tensor, Tensor], delta: float, step: float
    ) -> GaussianWeights:
        """The law after descent on the bound, one draw of weights a batch."""
        n = len(data[0])
        price = math.log(2 * math.sqrt(n) / delta)
        optimizer = torch.optim.Adam(law.learnt(), lr=step)
        steps = self.epochs * math.ceil(n / self.batch_size)
        falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: 1 - k / max(steps, 1))
        for _ in range(self.epochs):
            for x, y in self.batches(data):
                q = self.value(law.draw(self.generator), x, y)
                c = (law.divergence() + price) / n
                optimizer.zero_grad()
                (q + (2 * q * c + 1e-12).sqrt() + 2 * c).backward()
                optimizer.step()
                falling.step()
        for p in law.learnt():
            p.requires_grad_(False)
        return law

    def bounded(
        self, law: GaussianWeights, seen: tuple[float, int], n: int, delta: float
    ) -> tuple[float, dict[str, float]]:
        """The bound of a law, from its risk and the draws that it was measured by, and its parts."""
        risk, draws = seen
        divergence = float(law.divergence(None if self.generator.device.type == "mps" else torch.float64))
        found = pac_bayes_bound(
            risk, divergence, n, delta * (1 - DRAWS), draws=draws, delta_draws=delta * DRAWS
        )
        terms = {
            "risk": risk,
            "risk, raised for its draws": float(found.risk),
            "draws": float(draws),
            "divergence": divergence,
            "budget": float(found.budget),
            "McAllester's form": float(found.mcallester),
        }
        return float(found.bound), terms

    @torch.no_grad()
    def classes(self, mean: Weights, data: tuple[Tensor, Tensor]) -> int:
        """The number of classes, where the risk is that of the largest output."""
        device = self.generator.device
        outputs = self.call(mean, data[0][:1].to(device))
        y = data[1]
        if not isinstance(outputs, Tensor) or outputs.dim() != 2 or y.dim() != 1 or y.is_floating_point():
            raise refusal(
                "risk",
                (
                    "a function, where outputs are no rows of logits and targets no classes",
                    "函数：输出不是各行 logits、目标不是类别时",
                ),
                Text("none", "没有"),
                ("give risk=lambda outputs, targets: …", "请给出 risk=lambda outputs, targets: …"),
            )
        return int(outputs.shape[1])
