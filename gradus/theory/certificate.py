"""A PAC-Bayes certificate for any module: a law of its weights whose risk on new data is bounded, with its confidence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import function, number, refusal, whole
from gradus.optimization.batch_loss import Loss, checked
from gradus.optimization.unchanged_model import outside_of_inference, unchanged
from gradus.text import Text
from gradus.theory.certified_training import DRAWS, CertifiedTraining
from gradus.theory.gaussian_weights import (
    GaussianWeights,
    Risk,
    Weights,
    drawn_risk,
    relative_deviations,
    zero_one,
)
from gradus.theory.generalisation_bound import GeneralisationBound

__all__ = ["Certificate", "certify"]

UNTRIED = 1 / 32  # where no samples are set apart to choose one

ASSUMED = (
    Text("granted: the samples are independent draws of one law", "须承认：样本是同一分布的独立抽样"),
    Text(
        "granted: the weights that the model came with do not depend on these samples",
        "须承认：模型带来的权重不依赖于这些样本",
    ),
    Text("checked: the risk of every prediction lies in [0, 1]", "已检查：每个预测的风险都在 [0, 1] 内"),
    Text(
        "by construction: the prior was learnt on other samples than those counted here",
        "构造保证：先验是在此处所计样本之外的样本上学得的",
    ),
    Text(
        "it is of the network whose weights are drawn anew for every prediction, not of that with the mean weights",
        "所说的是每次预测都重新抽取权重的网络，而不是取平均权重的网络",
    ),
)


class Certificate(NamedTuple):
    """A normal law of a model's weights, and the bound on its risk.

    Attributes:
        bound: the `GeneralisationBound` of the network whose weights are drawn anew for every prediction.
        mean: means of the weights by name.
        deviation: their standard deviations, independent of each other.
        buffers: the model's buffers, such as running statistics, as they were when it was measured.

    Example:
        >>> law = Certificate(None, {"weight": torch.ones(2)}, {"weight": torch.zeros(2)}, {})
        >>> law.draw(torch.Generator())
        {'weight': tensor([1., 1.])}
    """

    bound: Any
    mean: Weights
    deviation: Weights
    buffers: Weights

    def draw(self, generator: torch.Generator) -> Weights:
        """Weights drawn from the law, and the buffers: what `torch.func.functional_call` takes.

        PyTorch keeps them in the model where one layer of it has two names.

        Args:
            generator: what draws, on the weights' device.

        Raises:
            GradusError: it is no generator.

        Example:
            >>> law = Certificate(None, {"weight": torch.ones(2)}, {"weight": torch.zeros(2)}, {})
            >>> law.draw(torch.Generator())["weight"]
            tensor([1., 1.])
        """
        if not isinstance(generator, torch.Generator):
            raise refusal("generator", ("a torch.Generator", "torch.Generator"), generator, kind=True)
        drawn = {}
        for name, w in self.mean.items():
            z = torch.randn(w.shape, dtype=w.dtype, device=w.device, generator=generator)
            drawn[name] = w + self.deviation[name] * z
        return {**drawn, **self.buffers}


@torch.inference_mode(False)
def certify(
    model: nn.Module,
    loss: Loss,
    data: Any,
    *,
    risk: Risk | None = None,
    delta: float = 0.05,
    prior_share: float = 0.5,
    deviation: float | None = None,
    epochs: int = 30,
    step: float = 0.003,
    batch_size: int = 64,
    rounds: int = 10,
    seed: int = 0,
) -> Certificate:
    r"""A PAC-Bayes certificate: with probability ≥ 1 − δ the drawn network's risk on new data is no larger than the value.

    .. math:: R(\rho)\le\mathrm{kl}^{-1}\Bigl(\hat R^{+}(\rho),\tfrac1n\bigl(\mathrm{KL}(\rho\Vert\pi)+\ln\tfrac{2\sqrt n}{0.8\,\delta}\bigr)\Bigr),\qquad
        \hat R^{+}=\mathrm{kl}^{-1}\Bigl(\hat R_m,\tfrac1m\ln\tfrac1{0.2\,\delta}\Bigr)

    The samples are split at random. On `prior_share` of them the network is trained by `loss`, from the weights it has: these
    are the means of the prior π, and its deviations are chosen there, too. On the n others the posterior ρ is optimised for
    q + √(2qc) + 2c ≥ kl⁻¹(q, c), with the loss for q; it or the prior itself is kept, whichever promises more, and its risk
    is measured by m = rounds·n predictions, each by weights of its own. The model is trained in the mode in which it stands,
    then measured in evaluation mode on single samples, and left as it was.

    Args:
        model: any module from a batch of inputs to outputs, **whose weights do not depend on these data**: untrained, or
            trained on others. A trained network and samples that were held out are certified with `prior_share=0`.
        loss: `loss(outputs, targets)`, one differentiable number ≥ 0, a mean over the batch.
        data: a pair (inputs, targets) of tensors, or batches of such pairs.
        risk: `risk(outputs, targets)`, one number in [0, 1] a sample; by default 1 where the largest output is not the target's.
        delta: δ, the probability with which the certificate may be wrong.
        prior_share: of the samples, for the prior; 0: the prior's means are the weights as they are.
        deviation: of the prior, relative to the root mean square of each tensor of weights; by default chosen on the samples
            set apart, the widest that adds 0.003 to the risk at most, and 1/32 where there are none.
        epochs: over the samples, for the prior and for the posterior each; 0 keeps both as they are.
        step: of Adam, for the prior; the posterior takes three times as much, falling to 0, in units of the prior's deviations.
        batch_size: of both.
        rounds: predictions of each sample for the estimate of the risk.
        seed: of the split, the order, the draws.

    Returns:
        The `Certificate`. Its value is called vacuous where guessing evenly promises as much, 1 − 1/k of k classes (with a
        `risk` of your own: where it is 1). Inverting the divergence gives less than 1 whatever the data; that alone says nothing.

    Raises:
        GradusError: data that do not fit, no parameters to train, a loss that is not finite, or a risk outside of [0, 1].

    Cost: 2·epochs passes of training, and rounds·n draws of all weights.

    Source: Dziugaite and Roy 2017; Pérez-Ortiz et al. 2021; the prior from data: Ambroladze et al. 2006.

    Example:
        >>> import torch
        >>> x = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] > 0).long()
        >>> torch.manual_seed(0)  # doctest: +ELLIPSIS
        <torch._C.Generator ...>
        >>> found = certify(torch.nn.Linear(2, 2), torch.nn.functional.cross_entropy, (x, y), step=0.1, epochs=5)
        >>> found.bound.value < 0.15, found.bound.confidence, found.bound.samples
        (True, 0.95, 200)
    """
    inputs, targets = _collected(model, loss, data)
    δ = number("delta", delta, above=0, below=1)
    share = number("prior_share", prior_share, least=0, below=1)
    if deviation is not None:
        deviation = number("deviation", deviation, above=0)
    epochs = whole("epochs", epochs, least=0)
    step = number("step", step, above=0)
    batch_size = whole("batch_size", batch_size, least=1)
    rounds = whole("rounds", rounds, least=1, most=10**6)
    seed = whole("seed", seed, least=0, most=2**63 - 1)
    if risk is not None:
        function("risk", risk, "lambda outputs, targets: (outputs.argmax(-1) != targets).float()")
    start = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
    if not start:
        raise refusal("model", ("one with parameters to train", "含可训练参数的模型"), model)
    order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(seed)).to(inputs.device)
    apart = round(share * len(inputs))
    n = len(inputs) - apart
    if n < 2:
        raise refusal(
            "data",
            ("two samples or more beside those of the prior", "先验所用样本之外至少两个样本"),
            Text(str(n), str(n)),
        )
    first, second = ((inputs[i], targets[i]) for i in (order[:apart], order[apart:]))
    device = next(iter(start.values())).device
    generator = torch.Generator(device).manual_seed(seed)
    work = CertifiedTraining(model, loss, risk or zero_one, epochs, batch_size, generator)
    with unchanged(model, seed):
        mean = work.trained(start, first, step)
        model.eval()
        with torch.backends.cudnn.flags(
            enabled=False
        ):  # its recurrent layers have no derivative in evaluation mode
            classes = work.classes(mean, second) if risk is None else 0
            wide = deviation if deviation is not None else work.widest(mean, first) if apart else UNTRIED
            prior = GaussianWeights(mean, relative_deviations(mean, wide))
            law = work.optimised(GaussianWeights(mean, prior.deviation), second, δ * (1 - DRAWS), 3 * step)
            promised = [
                work.bounded(candidate, work.tried(candidate, second), n, δ)[0] for candidate in (law, prior)
            ]
            kept = law if promised[0] <= promised[1] else prior
            value, terms = work.bounded(
                kept, drawn_risk(work.call, kept, work.risk, second, rounds, generator), n, δ
            )
        buffers = {name: b.detach().clone() for name, b in model.named_buffers()}
    terms["prior deviation"] = float(wide)
    vacuous = value >= (1 - 1 / classes if classes else 1.0)
    bound = GeneralisationBound("PAC-Bayes", value, terms["risk"], 1 - δ, n, vacuous, ASSUMED, terms)
    return Certificate(bound, *kept.moments(), buffers)


def _collected(model: Any, loss: Any, data: Any) -> tuple[Tensor, Tensor]:
    """All inputs and all targets."""
    pairs = (
        [data] if isinstance(data, (tuple, list)) and len(data) == 2 and isinstance(data[0], Tensor) else data
    )
    if isinstance(pairs, (str, bytes, dict, Tensor)) or not isinstance(pairs, Iterable):
        raise refusal("data", ("a pair (inputs, targets) or batches of such pairs", "一对 (inputs, targets) 或由其构成的批次"), data, kind=True)  # fmt: skip
    parts = [checked(model, loss, pair) for pair in pairs]
    if not parts:
        raise refusal("data", ("at least one batch", "至少一个批次"), Text("none", "没有批次"))
    inputs, targets = (torch.cat([outside_of_inference(part[k]) for part in parts]) for k in (0, 1))
    return inputs.detach(), targets.detach()
