"""Restricted Boltzmann machines: exact where one layer is small, by contrastive divergence and annealed importance sampling elsewhere."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gradus.arguments import refusal, whole
from gradus.arguments.shapes import Sizes
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.inference.boltzmann.results import AnnealedPartition, BoltzmannGradient
from gradus.inference.boltzmann.unit_states import log_bernoulli
from gradus.inference.variational.draws import seeded
from gradus.text import Text

__all__ = ["RestrictedBoltzmann"]

MOST_ENUMERATED = 20  # units of the smaller layer: a million states
MOST_IN_A_MATRIX = 10  # visible units whose states are the rows of a matrix


class RestrictedBoltzmann:
    r"""Binary visible and hidden units, connected between the layers only.

    .. math:: p(v,h)=\frac1Ze^{v^{\mathsf T}Wh+b^{\mathsf T}v+c^{\mathsf T}h},\quad v\in\{0,1\}^n,\ h\in\{0,1\}^m,\qquad p(v)=\frac{e^{-F(v)}}Z,\quad
        F(v)=-b^{\mathsf T}v-\sum_j\ln\bigl(1+e^{c_j+\sum_iv_iW_{ij}}\bigr)

    Args:
        weights: W, (n, m).
        visible_bias: b, (n,).
        hidden_bias: c, (m,).

    Raises:
        GradusError: shapes that do not fit, numbers that are not finite.

    Cost: O(nm) a state and Gibbs step; what is exact takes 2 to the power of the smaller layer.

    Source: Smolensky 1986; Hinton 2002; Salakhutdinov and Murray 2008.

    Deviates: `sklearn.neural_network.BernoulliRBM` trains by persistent chains, and keeps W transposed; it has neither Z nor a likelihood.

    Example:
        >>> import torch
        >>> rbm = RestrictedBoltzmann(torch.tensor([[1.0], [-1.0]]), torch.zeros(2), torch.zeros(1))
        >>> rbm.log_partition()
        tensor(2.2068)
        >>> rbm.log_probability(torch.tensor([[1.0, 0.0], [0.0, 1.0]])).exp()
        tensor([0.4092, 0.1505])
    """

    def __init__(self, weights: Tensor, visible_bias: Tensor, hidden_bias: Tensor) -> None:
        sizes = Sizes()
        self.weights = tensor("weights", weights, "n>=1 m>=1", sizes, finite=True, meta=False)
        self.visible_bias = tensor("visible_bias", visible_bias, "n", sizes, finite=True, meta=False)
        self.hidden_bias = tensor("hidden_bias", hidden_bias, "m", sizes, finite=True, meta=False)
        same_kind(weights=weights, visible_bias=visible_bias, hidden_bias=hidden_bias)

    def free_energy(self, v: Tensor) -> Tensor:
        """F(v), (…,), of states (…, n) of 0 and 1: minus the ln of what all hidden states together weigh.

        Raises:
            GradusError: other shapes, or numbers other than 0 and 1.
        """
        return self._free_energy(self._states("v", v, len(self.visible_bias)))

    def hidden_probabilities(self, v: Tensor) -> Tensor:
        """The probabilities (…, m) that hidden units are 1, given visible states (…, n); given them they are independent.

        Raises:
            GradusError: other shapes, or numbers other than 0 and 1.
        """
        return torch.sigmoid(self._states("v", v, len(self.visible_bias)) @ self.weights + self.hidden_bias)

    def visible_probabilities(self, h: Tensor) -> Tensor:
        """The probabilities (…, n) that visible units are 1, given hidden states (…, m).

        Raises:
            GradusError: other shapes, or numbers other than 0 and 1.
        """
        return torch.sigmoid(
            self._states("h", h, len(self.hidden_bias)) @ self.weights.mT + self.visible_bias
        )

    def log_partition(self) -> Tensor:
        """Ln Z, exactly, by all states of the smaller layer; differentiable.

        Raises:
            GradusError: both layers have more than 20 units.
        """
        n, m = self.weights.shape
        if min(n, m) > MOST_ENUMERATED:
            raise self._too_large(min(n, m), MOST_ENUMERATED, "annealed_log_partition(…)")
        W, own, other = self.weights, self.visible_bias, self.hidden_bias
        if m < n:
            W, own, other = W.mT, other, own
        total: Tensor = torch.logsumexp(
            torch.cat([s @ own + softplus(s @ W + other).sum(-1) for s in self._all(len(own)).split(2**14)]),
            0,
        )
        return total

    def log_probability(self, v: Tensor) -> Tensor:
        """Ln p(v), (…,), of visible states (…, n); differentiable.

        Raises:
            GradusError: other shapes, numbers other than 0 and 1, or both layers have more than 20 units.
        """
        return -self.free_energy(v) - self.log_partition()

    def exact_gradient(self, data: Tensor) -> BoltzmannGradient:
        """The derivative of the mean ln p(v) over data (N, n): statistics of the data less those of the model; differentiable.

        Raises:
            GradusError: other shapes, numbers other than 0 and 1, or both layers have more than 20 units.
        """
        v, parameters = self._data(data), (self.weights, self.visible_bias, self.hidden_bias)
        learnt = torch.is_grad_enabled() and any(p.requires_grad for p in parameters)
        with torch.enable_grad():
            W, b, c = (p if learnt and p.requires_grad else p.detach().requires_grad_() for p in parameters)
            machine = RestrictedBoltzmann(W, b, c)._wide()
            mean = -machine.free_energy(v.detach().to(machine.weights.dtype)).mean() - machine.log_partition()
            found = torch.autograd.grad(mean, (W, b, c), create_graph=learnt)
        return BoltzmannGradient(found[0], found[1], found[2], None)

    def contrastive_divergence(
        self, data: Tensor, steps: int = 1, *, chains: Tensor | None = None, seed: int | None = None
    ) -> BoltzmannGradient:
        """CD-k: statistics of the data less those at the end of short chains. It is not the gradient; see `expected_contrastive_divergence`.

        Args:
            data: (N, n).
            steps: k ≥ 1, each of a hidden and a visible layer.
            chains: (M, n), where chains start; None for the data themselves. Give back the `states` of the last call for persistent chains.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: other shapes, numbers other than 0 and 1.
        """
        v, k = self._data(data), whole("steps", steps, least=1)
        start = v if chains is None else self._data(chains, "chains")
        ends = self._chain(start.detach(), k, seed)
        return BoltzmannGradient(*self._differences(v, ends), ends)

    def expected_contrastive_divergence(self, data: Tensor, steps: int = 1) -> BoltzmannGradient:
        """The mean of CD-k over all its draws, exactly, for at most 10 visible units; as k grows it tends to `exact_gradient`.

        Raises:
            GradusError: other shapes, numbers other than 0 and 1, or more than 10 visible units.
        """
        v, k, kind, wide = self._data(data), whole("steps", steps, least=1), self.weights.dtype, self._wide()
        T, v = wide.transition_matrix(), v.to(wide.weights.dtype)
        n = v.shape[-1]
        place = (v @ (2.0 ** torch.arange(n - 1, -1, -1, dtype=v.dtype, device=v.device))).round().long()
        p = torch.bincount(place, minlength=2**n).to(v.dtype) / len(v)
        for _ in range(k):
            p = p @ T
        W, b, c = wide._differences(v, wide._all(n), p)
        return BoltzmannGradient(W.to(kind), b.to(kind), c.to(kind), None)

    def transition_matrix(self) -> Tensor:
        """One Gibbs step, hidden then visible, as a matrix (2ⁿ, 2ⁿ) from a visible state (row) to another; state i is i in binary digits.

        Raises:
            GradusError: there are more than 10 visible units, or more than 20 hidden ones.
        """
        n, m = self.weights.shape
        if n > MOST_IN_A_MATRIX or m > MOST_ENUMERATED:
            most = MOST_IN_A_MATRIX if n > MOST_IN_A_MATRIX else MOST_ENUMERATED
            raise self._too_large(n if n > MOST_IN_A_MATRIX else m, most, "contrastive_divergence(…)")
        v, total = self._all(n), self.weights.new_zeros(2**n, 2**n)
        for h in self._all(m).split(2**10):
            forth = log_bernoulli(h, v @ self.weights + self.hidden_bias)  # (2ⁿ, h)
            back = log_bernoulli(v, h @ self.weights.mT + self.visible_bias)  # (h, 2ⁿ)
            total = total + forth.exp() @ back.exp()
        return total

    def sample(
        self, draws: int, *, steps: int = 100, start: Tensor | None = None, seed: int | None = None
    ) -> Tensor:
        """Visible states (draws, n), each the end of a chain of its own.

        Args:
            draws: how many.
            steps: of each chain; whether that is enough, only the machine knows: chains may stay where they began for very long.
            start: (draws, n); None for fair coins.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: other shapes, numbers other than 0 and 1.
        """
        count, k, n = whole("draws", draws, least=0), whole("steps", steps, least=1), len(self.visible_bias)
        with seeded(seed):
            if start is None:
                coins = torch.rand(count, n, dtype=self.weights.dtype, device=self.weights.device)
                return self._chain((coins < 0.5).to(self.weights.dtype), k, None)
            given = self._states("start", start, n)
            if given.shape != (count, n):
                raise refusal("start", (f"the shape ({count}, {n})", f"形状 ({count}, {n})"), start)
            return self._chain(given, k, None)

    def annealed_log_partition(
        self,
        *,
        chains: int = 100,
        temperatures: int = 1000,
        base: Tensor | None = None,
        seed: int | None = None,
    ) -> AnnealedPartition:
        """Ln Z by annealed importance sampling from independent units.

        Args:
            chains: how many, 2 at least.
            temperatures: steps from the base to the machine; more make the weights more alike.
            base: (n,), biases of the visible units at the start, best the ln odds of the data; None for 0.
            seed: of the draws; None draws from PyTorch's own generator.

        Raises:
            GradusError: a base of another shape, too few chains.
        """
        N, steps = whole("chains", chains, least=2), whole("temperatures", temperatures, least=1)
        W, b, c = (p.detach() for p in (self.weights, self.visible_bias, self.hidden_bias))
        a = torch.zeros_like(b) if base is None else tensor("base", base, "n", Sizes(), finite=True)
        same_kind(weights=W, base=a)
        if a.shape != b.shape:
            raise refusal("base", (f"the shape ({len(b)},)", f"形状 ({len(b)},)"), a)
        log_weights = (softplus(a).sum() + len(c) * math.log(2)).expand(N).clone()
        with seeded(seed), torch.no_grad():
            v = (torch.rand(N, len(b), dtype=W.dtype, device=W.device) < torch.sigmoid(a)).to(W.dtype)
            last = RestrictedBoltzmann(0 * W, a, 0 * c)
            for step in range(1, steps + 1):
                beta = step / steps
                now = RestrictedBoltzmann(beta * W, beta * b + (1 - beta) * a, beta * c)
                log_weights += last._free_energy(v) - now._free_energy(v)
                v, last = now._chain(v, 1, None), now
        value = torch.logsumexp(log_weights, 0) - math.log(N)
        w = torch.exp(log_weights - log_weights.max())
        error = w.std() / (w.mean() * math.sqrt(N))
        return AnnealedPartition(value, error, w.sum() ** 2 / w.square().sum(), log_weights)

    def _wide(self) -> RestrictedBoltzmann:
        """The machine in float32 at least: differences of means lose all digits of a half precision."""
        given = (self.weights, self.visible_bias, self.hidden_bias)
        return RestrictedBoltzmann(*(p.to(torch.promote_types(p.dtype, torch.float32)) for p in given))

    def _free_energy(self, v: Tensor) -> Tensor:
        energy: Tensor = -(v @ self.visible_bias) - softplus(v @ self.weights + self.hidden_bias).sum(-1)
        return energy

    def _chain(self, v: Tensor, steps: int, seed: int | None) -> Tensor:
        W, b, c = (p.detach() for p in (self.weights, self.visible_bias, self.hidden_bias))
        with seeded(seed), torch.no_grad():
            for _ in range(steps):
                h = torch.bernoulli(torch.sigmoid(v @ W + c))
                v = torch.bernoulli(torch.sigmoid(h @ W.mT + b))
        return v

    def _differences(
        self, data: Tensor, ends: Tensor, p: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Means of v hᵀ, v and h at the data less those at the ends, which have the probabilities p; h by its probabilities."""
        share = torch.full_like(ends[:, 0], 1 / len(ends)) if p is None else p
        up, down = (torch.sigmoid(v @ self.weights + self.hidden_bias) for v in (data, ends))
        model = ends * share.unsqueeze(-1)
        return (
            data.mT @ up / len(data) - model.mT @ down,
            data.mean(0) - model.sum(0),
            up.mean(0) - share @ down,
        )

    def _data(self, data: Tensor, name: str = "data") -> Tensor:
        given = tensor(name, data, "N>=1 n", Sizes(), finite=True, meta=False)
        return self._states(name, given, len(self.visible_bias))

    def _states(self, name: str, v: Tensor, units: int) -> Tensor:
        tensor(name, v, "... n", Sizes(), finite=True, meta=False)
        same_kind(**{"weights": self.weights, name: v})
        if v.shape[-1] != units:
            raise refusal(name, (f"{units} units", f"{units} 个单元"), v)
        if concrete(v) and not bool(((v == 0) | (v == 1)).all()):
            raise refusal(name, ("states of 0 and 1", "由 0 与 1 组成的状态"), v)
        return v

    def _all(self, units: int) -> Tensor:
        """All states, (2^units, units), in the order of binary numbers."""
        number = torch.arange(2**units, device=self.weights.device).unsqueeze(-1)
        places = torch.arange(units - 1, -1, -1, device=self.weights.device)
        return ((number >> places) & 1).to(self.weights)

    @staticmethod
    def _too_large(units: int, most: int, instead: str) -> Exception:
        expected = (f"a machine of at most {most} units there", f"该层至多 {most} 个单元的模型")
        came = Text(f"{units} units", f"{units} 个单元")
        return refusal("weights", expected, came, (f"take {instead}", f"请用 {instead}"))

    def __repr__(self) -> str:
        return f"RestrictedBoltzmann({self.weights.shape[0]} visible, {self.weights.shape[1]} hidden)"
