"""A network whose weights are normal distributions, learnt by climbing the evidence lower bound."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import choice, flag, function, number, refusal, whole
from gradus.arguments.tensors import module, tensor
from gradus.inference.variational.draws import seeded
from gradus.inference.weight_posteriors.local_noise import dense_layers, outputs_drawn
from gradus.inference.weight_posteriors.predictive import PredictiveDraws
from gradus.optimization.model_inputs import taking
from gradus.optimization.stateless_call import StatelessCall
from gradus.text import Text

__all__ = ["BayesByBackprop"]


class BayesByBackprop(nn.Module):
    r"""Any network with an independent normal distribution for each weight (mean field) in place of the weight.

    .. math:: q(w)=\prod_j\mathcal N(\mu_j,\sigma_j^2),\qquad
        F=\mathrm{KL}(q\,\|\,p)-\mathbb E_q\ln p(D\mid w),\qquad
        \mathrm{KL}=\sum_j\Bigl(\ln\frac{s_j}{\sigma_j}+\frac{\sigma_j^2+\mu_j^2}{2s_j^2}-\frac12\Bigr)

    Every call draws the weights anew, in training and in evaluation. Train it by `free_energy`, which gives each batch its share of the
    divergence; predict with `sample`. `model` inside is a copy whose parameters are the means: the point network.

    Args:
        model: any module; it is copied, and left as it was. Its weights are the first means. Dropout in it stays dropout.
        prior_deviation: s > 0 of the prior N(0, s²): of every weight, or by parameter name.
        deviation: the first σ > 0 of every weight.
        names: of the parameters that get a distribution; all that require a gradient unless given. The others are learnt as points.
        local: draw the outputs of dense layers, a sample at a time, in place of their weights: the same distribution of each sample's
            output, and gradients of less variance. Samples are then independent draws; `sample` draws weights all the same.

    Raises:
        GradusError: no module, no parameter to learn, names that are none, deviations that are not positive.

    Cost: one forward pass of the model, and a draw of its weights, a call; twice the parameters.

    Source: Blundell et al. 2015; Graves 2011; local: Kingma et al. 2015.

    Deviates: σ = e^ρ, where Blundell et al. have ln(1 + e^ρ); the prior is one normal distribution, not a mixture of two.

    Example:
        >>> import torch
        >>> net = BayesByBackprop(torch.nn.Linear(3, 2), prior_deviation=1.0, deviation=0.1)
        >>> net
        BayesByBackprop(Linear, 8 weights of 8 drawn)
        >>> x, y = torch.ones(4, 3), torch.tensor([0, 1, 1, 0])
        >>> net.free_energy(torch.nn.functional.cross_entropy, x, y, total=100).backward()
        >>> net.sample(x, draws=5, seed=0)
        PredictiveDraws(5 draws of shape (4, 2))
    """

    def __init__(
        self,
        model: nn.Module,
        prior_deviation: float | Mapping[str, float] = 1.0,
        *,
        deviation: float = 0.05,
        names: Sequence[str] | None = None,
        local: bool = False,
    ) -> None:
        super().__init__()
        module("model", model)
        start = math.log(number("deviation", deviation, above=0))
        self.local = flag("local", local)
        self.model = copy.deepcopy(model)
        self._names = _chosen(self.model, names)
        self._prior = _priors(prior_deviation, self._names)
        own = dict(self.model.named_parameters())
        self.log_deviations = nn.ParameterList(
            nn.Parameter(torch.full_like(own[name], start)) for name in self._names
        )
        self._call = StatelessCall(self.model)
        self._dense = (
            dense_layers(self.model, {n: k for k, n in enumerate(self._names)}) if self.local else {}
        )

    def __repr__(self) -> str:
        drawn = sum(p.numel() for p in self.log_deviations)
        every = sum(p.numel() for p in self.model.parameters())
        return f"BayesByBackprop({type(self.model).__name__}, {drawn} weights of {every} drawn{', local' if self.local else ''})"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters that have a distribution, as the model names them."""
        return self._names

    def means(self) -> dict[str, Tensor]:
        """μ by name: the model's own parameters."""
        own = dict(self.model.named_parameters())
        return {name: own[name] for name in self._names}

    def deviations(self) -> dict[str, Tensor]:
        """σ by name."""
        return {name: p.exp() for name, p in zip(self._names, self.log_deviations, strict=True)}

    def forward(self, *inputs: Any, noise: Mapping[str, Tensor] | None = None, **keywords: Any) -> Any:
        """The model's outputs under one draw of the weights.

        Args:
            inputs: the model's own.
            noise: ε by name, weights being μ + σε; drawn from PyTorch's generator unless given. A part of the names will do: the others
                stay at their means.
            keywords: the model's own.

        Raises:
            GradusError: noise of other names or shapes.

        Example:
            >>> net = BayesByBackprop(nn.Linear(2, 1))
            >>> bool((net(torch.ones(1, 2), noise={}) == net.model(torch.ones(1, 2))).all())
            True
        """
        if noise is not None:
            return self._call(self._moved(noise), *inputs, **keywords)
        apart = {k for pair in self._dense.values() for k in pair}
        own = zip(self._names, self.log_deviations, self.means().values(), strict=True)
        drawn = {n: m + r.exp() * torch.randn_like(r) for k, (n, r, m) in enumerate(own) if k not in apart}
        with outputs_drawn(self._dense, self.log_deviations):
            return self._call(drawn, *inputs, **keywords)

    def _moved(self, noise: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if not isinstance(noise, Mapping) or any(name not in self._names for name in noise):
            listed = ", ".join(self._names)
            raise refusal("noise", (f"tensors by name: {listed}", f"以名称为键的张量：{listed}"), noise, kind=True)  # fmt: skip
        means, deviations = self.means(), self.deviations()
        for name, e in noise.items():
            if not isinstance(e, Tensor) or e.shape != means[name].shape:
                shape = tuple(means[name].shape)
                raise refusal(f"noise[{name!r}]", (f"a tensor {shape}", f"张量 {shape}"), e)
        return {name: means[name] + deviations[name] * e for name, e in noise.items()}

    def divergence(self) -> Tensor:
        """KL(q‖prior) of all weights that have a distribution, in nats.

        Example:
            >>> net = BayesByBackprop(nn.Linear(1, 1, bias=False), prior_deviation=2.0, deviation=2.0)
            >>> _ = net.model.weight.data.fill_(2.0)  # one deviation of the prior away
            >>> net.divergence()
            tensor(0.5000, grad_fn=<AddBackward0>)
        """
        total: Any = 0.0
        for (name, mean), rho in zip(self.means().items(), self.log_deviations, strict=True):
            s = self._prior[name]
            r = rho - math.log(s)
            total = total + ((mean / s).square() + torch.expm1(2 * r) - 2 * r).sum() / 2
        found: Tensor = total
        return found

    def free_energy(
        self,
        loss: Callable[[Any, Any], Tensor],
        inputs: Any,
        targets: Tensor,
        *,
        total: int | None = None,
        draws: int = 1,
        reduction: str = "mean",
        seed: int | None = None,
    ) -> Tensor:
        r"""A batch's free energy a sample: what to minimise.

        .. math:: \frac1nF_B=\frac1{nS}\sum_s\sum_{i\in B}-\ln p(y_i\mid x_i,w_s)+\frac1N\,\mathrm{KL}(q\,\|\,p)

        Times n it is the batch's share F_B: those of any partition of the data add up to F = −ELBO, unequal batches too.

        Args:
            loss: `loss(outputs, targets)`, −ln p in nats such as `cross_entropy`; its constants included, F bounds −ln p(D).
            inputs: of the batch.
            targets: of the batch, (n, …).
            total: N, how many samples the data have; n unless given.
            draws: S, of the weights.
            reduction: "mean" or "sum": what the loss does over the batch.
            seed: of the draws; None draws from PyTorch's own generator, as training does.

        Raises:
            GradusError: a batch larger than the data, a loss that is no number.

        Example:
            >>> net, x, y = BayesByBackprop(nn.Linear(1, 2)), torch.ones(5, 1), torch.ones(5).long()
            >>> bool(net.free_energy(nn.functional.cross_entropy, x, y, total=10**9) > 0)
            True
        """
        function("loss", loss, "torch.nn.functional.cross_entropy")
        x = _inputs(inputs)
        y = tensor("targets", targets, dtype="any", finite=True, meta=False)
        if not y.dim() or not len(y):
            shape = str(tuple(y.shape))
            raise refusal("targets", ("one for each sample of a batch (n, …)", "批中每个样本一个目标 (n, …)"), Text(shape, shape))  # fmt: skip
        n = len(y)
        N = n if total is None else whole("total", total, least=n)
        count = whole("draws", draws, least=1)
        share = 1.0 if choice("reduction", reduction, ("mean", "sum")) == "mean" else 1 / n
        fit: Any = 0.0
        with seeded(seed):
            for _ in range(count):
                with taking("inputs"):
                    outputs = self(x)
                fit = fit + _value(loss, outputs, y) * (share / count)
        found: Tensor = fit + self.divergence() / N
        return found

    @torch.no_grad()
    def sample(self, inputs: Any, draws: int = 100, *, seed: int | None = None) -> PredictiveDraws:
        """The outputs of a batch under draws of the weights, each shared by all samples; in evaluation mode, which is undone.

        Args:
            inputs: of the batch.
            draws: how many.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: inputs that the model does not take, or outputs that are no tensor.

        Example:
            >>> BayesByBackprop(nn.Linear(1, 3)).sample(torch.zeros(2, 1), draws=4).outputs.shape
            torch.Size([4, 2, 3])
        """
        x, count = _inputs(inputs), whole("draws", draws, least=1)
        modes = [(m, m.training) for m in self.modules()]
        self.eval()
        try:
            with seeded(seed), taking("inputs"):
                rows = [self(x, noise=self._noise()) for _ in range(count)]
        finally:
            for part, mode in modes:
                part.training = mode
        if not isinstance(rows[0], Tensor):
            raise refusal("model", ("one that returns one tensor", "返回单个张量的模型"), rows[0], kind=True)
        return PredictiveDraws(torch.stack(rows))

    def _noise(self) -> dict[str, Tensor]:
        return {name: torch.randn_like(p) for name, p in zip(self._names, self.log_deviations, strict=True)}


def _inputs(inputs: Any) -> Any:
    """A tensor is looked at; what else a model may take is its own matter."""
    return (
        tensor("inputs", inputs, dtype="any", finite=True, meta=False)
        if isinstance(inputs, Tensor)
        else inputs
    )


def _value(loss: Callable[[Any, Any], Tensor], outputs: Any, targets: Tensor) -> Tensor:
    with taking("inputs, targets"):
        value = loss(outputs, targets)
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise refusal(
            "loss", ("a function to a tensor of one number", "返回单个数的张量的函数"), value, kind=True
        )
    if not bool(value.isfinite().all()):
        raise refusal("loss, inputs, targets", ("a finite loss", "有限的损失"), value.item())
    return value.reshape(())


def _chosen(model: nn.Module, names: Sequence[str] | None) -> tuple[str, ...]:
    own = {name: p for name, p in model.named_parameters() if p.requires_grad and p.is_floating_point()}
    if names is not None:
        if isinstance(names, (str, bytes)) or not isinstance(names, Sequence):
            raise refusal("names", ("a list of parameter names", "参数名称的列表"), names, kind=True)
        for k, name in enumerate(names):
            if name not in own:
                listed = ", ".join(own)
                raise refusal(f"names[{k}]", (f"one of {listed}", f"{listed} 之一"), name)
    found = tuple(own) if names is None else tuple(dict.fromkeys(names))
    if not found:
        none = Text("none that requires a gradient", "没有需要梯度的参数")
        raise refusal("model", ("one with parameters to learn", "含可学习参数的模型"), none)
    return found


def _priors(value: Any, names: Sequence[str]) -> dict[str, float]:
    if not isinstance(value, Mapping):
        s = float(number("prior_deviation", value, above=0))
        return dict.fromkeys(names, s)
    missing = [name for name in names if name not in value]
    if missing or len(value) > len(names):
        listed = ", ".join(names)
        came = ", ".join(map(str, value))
        raise refusal("prior_deviation", (f"a number, or one for each of {listed}", f"一个数，或为 {listed} 各给一个"), Text(came, came))  # fmt: skip
    return {name: float(number(f"prior_deviation[{name!r}]", value[name], above=0)) for name in names}
