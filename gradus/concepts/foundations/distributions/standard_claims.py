"""The claims that every distribution must keep, from its closed forms and by quadrature over its support."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradus.concepts.foundations.distributions.quadrature import Grid, size_of
from gradus.page import Text
from gradus.page.evidence import all_of, bound, roundoff, statistical

H = 2.0**-10  # step of the differences by which scores are taken, in units of the parameter's standard error


@dataclass(frozen=True)
class Distribution:
    """A family of distributions and its closed forms, all functions of the parameter vector θ.

    Attributes:
        examples: parameter vectors; the divergence is taken from each to the next.
        arguments: θ as the definition's arguments after x.
        grid: quadrature over the support.
        draw: (rng, θ, n) -> n outcomes, by NumPy's sampler.
        mean, covariance, entropy: of θ.
        divergence: D(p_θ ‖ p_η) of (θ, η).
        information: Fisher information of the free parameters.
        scipy: θ as SciPy's frozen distribution; None for distributions of several dimensions.
        reach: how far each free parameter is from where the distribution ends; bounds the steps of the differences.
        free: indices of the parameters that may vary continuously; all unless given.
        formulas: LaTeX of mean, variance, entropy, divergence, information for the statements.
    """

    examples: tuple[Any, ...]
    arguments: Callable[..., dict[str, Any]]
    grid: Callable[..., Grid]
    draw: Callable[..., np.ndarray]
    mean: Callable[..., Any]
    covariance: Callable[..., Any]
    entropy: Callable[..., float]
    divergence: Callable[..., float]
    information: Callable[..., Any] | None
    formulas: dict[str, str] = field(default_factory=dict)
    scipy: Callable[..., Any] | None = None
    reach: Callable[..., Any] | None = None
    free: tuple[int, ...] | None = None

    def thetas(self):
        """The examples as vectors."""
        return [np.asarray(theta, float) for theta in self.examples]


def log_density(density, distribution, theta, x):
    """Log p(x|θ) by the implementation."""
    return density(x, **distribution.arguments(theta))


def expectation(density, distribution, theta, f=None):
    """E f(X) as Σ w p(x) f(x), where f takes (x, log p); the mass where there is no f. Points without mass do not
    count."""
    grid = distribution.grid(theta)
    log_p = log_density(density, distribution, theta, grid.x)
    mass = grid.w * np.exp(log_p)
    if f is None:
        return mass.sum()
    value = np.asarray(f(grid.x, np.where(mass > 0, log_p, 0.0)))
    rest = value.ndim - mass.ndim
    mass = mass.reshape(mass.shape + (1,) * rest)
    return np.where(mass > 0, mass * value, 0.0).sum(axis=(0, 1))


def from_scipy(name: str, parameters: Callable[[Any], Any] = tuple) -> Callable[[Any], Any]:
    """From θ to SciPy's frozen distribution of that name, whose own parameters `parameters` makes of θ; θ itself unless given."""

    def frozen(theta: Any) -> Any:
        from scipy import stats

        return getattr(stats, name)(*parameters(theta))

    return frozen


def standard_claims(concept, distribution):
    """Adds the claims that every distribution must keep; their names are the functions' below."""
    t = distribution.formulas
    concept.claim(
        Text(
            "The total mass is 1, by quadrature or by summation over the support",
            "总概率为 1：在支撑集上数值积分或求和",
        )
    )(_named("total_mass_is_one", _mass, distribution))
    concept.claim(
        Text(
            f"Its mean is ${t['mean']}$, its variance ${t['variance']}$",
            f"均值为 ${t['mean']}$，方差为 ${t['variance']}$",
        )
    )(_named("moments", _moments, distribution))
    if distribution.scipy is not None:
        concept.claim(
            Text(
                "What the density adds up to from the left is SciPy's distribution function",
                "密度（或概率质量）自左起的累积等于 SciPy 的分布函数",
            )
        )(_named("distribution_function", _distribution_function, distribution))
        concept.claim(
            Text(
                "NumPy's sampler draws it: the empirical distribution function of 2000 draws stays within the Dvoretzky–Kiefer–Wolfowitz bound",
                "NumPy 的抽样器服从该分布：2000 次抽样的经验分布函数落在 Dvoretzky–Kiefer–Wolfowitz 界内",
            )
        )(_named("sampler", _sampler, distribution))
    else:
        concept.claim(
            Text(
                r"NumPy's sampler draws it: over 4000 draws the mean of $-\log p$ is the entropy, the mean of the draws the distribution's",
                r"NumPy 的抽样器服从该分布：4000 次抽样的 $-\log p$ 之均值为熵，抽样均值为分布的均值",
            )
        )(_named("sampler", _sampler_of_vectors, distribution))
    concept.claim(Text(f"Its entropy is ${t['entropy']}$ nats", f"熵为 ${t['entropy']}$（奈特）"))(
        _named("entropy", _entropy, distribution)
    )
    concept.claim(
        Text(
            f"The divergence of two members is ${t['divergence']}$ nats",
            f"两个同族分布的散度为 ${t['divergence']}$（奈特）",
        )
    )(_named("divergence", _divergence, distribution))
    if distribution.information is not None:
        concept.claim(
            Text(
                f"The score has mean 0; its variance, and minus the mean second derivative of $\\log p$, are the Fisher information ${t['information']}$",
                f"得分函数均值为 0；其方差与 $\\log p$ 二阶导数均值的相反数都等于 Fisher 信息 ${t['information']}$",
            )
        )(_named("fisher_information", _fisher, distribution))


def _named(name, measure, distribution):
    def claim(density, rng):
        return measure(density, rng, distribution)

    claim.__name__ = name
    claim.__wrapped__ = measure  # so that a page shows the code that measures
    return claim


def _mass(density, rng, distribution):
    evidence = []
    for theta in distribution.thetas():
        grid = distribution.grid(theta)
        evidence.append(roundoff(expectation(density, distribution, theta), 1.0, terms=size_of(grid)))
    return all_of(*evidence)


def _moments(density, rng, distribution):
    evidence = []
    for theta in distribution.thetas():
        n, mean, spread = (
            size_of(distribution.grid(theta)),
            np.asarray(distribution.mean(theta)),
            distribution.covariance(theta),
        )
        if mean.ndim == 0:
            first = expectation(density, distribution, theta, lambda x, _: x)
            second = expectation(density, distribution, theta, lambda x, _, m=mean: (x - m) ** 2)
        else:
            first = expectation(density, distribution, theta, lambda x, _: x)
            second = expectation(
                density, distribution, theta, lambda x, _, m=mean: (x - m)[..., :, None] * (x - m)[..., None, :]
            )
        size = float(np.abs(spread).max())
        evidence.append(roundoff(first, mean, terms=n, scale=float(np.abs(mean).max()) + math.sqrt(size)))
        evidence.append(roundoff(second, spread, terms=n, scale=size))
    return all_of(*evidence)


def _cumulative(density, distribution, theta):
    grid = distribution.grid(theta)
    return (grid.w * np.exp(log_density(density, distribution, theta, grid.x))).sum(axis=1).cumsum(), grid


def _distribution_function(density, rng, distribution):
    evidence = []
    for theta in distribution.thetas():
        F, grid = _cumulative(density, distribution, theta)
        evidence.append(roundoff(F, distribution.scipy(theta).cdf(grid.ends), terms=size_of(grid), scale=1.0))
    return all_of(*evidence)


def _sampler(density, rng, distribution):
    n, evidence = 2000, []
    limit = math.sqrt(math.log(2 / 5.7e-7) / (2 * n))
    why = Text(f"2exp(−2nε²) = 5.7e-7, as rare as |z| > 5; n={n}", f"2exp(−2nε²) = 5.7e-7，与 |z| > 5 同样罕见；n={n}")
    for theta in distribution.thetas():
        F, grid = _cumulative(density, distribution, theta)
        drawn = np.searchsorted(np.sort(distribution.draw(rng, theta, n)), grid.ends, side="right") / n
        evidence.append(bound(np.abs(drawn - F).max(), limit, "≤", why))
    return all_of(*evidence)


def _sampler_of_vectors(density, rng, distribution):
    evidence = []
    for theta in distribution.thetas():
        x = distribution.draw(rng, theta, 4000)
        evidence.append(statistical(-log_density(density, distribution, theta, x), distribution.entropy(theta)))
        evidence += [statistical(c, m) for c, m in zip(x.T, distribution.mean(theta), strict=True)]
    return all_of(*evidence)


def _entropy(density, rng, distribution):
    evidence = []
    for theta in distribution.thetas():
        size = max(1.0, float(expectation(density, distribution, theta, lambda x, l: np.abs(l))))
        got = expectation(density, distribution, theta, lambda x, l: -l)
        evidence.append(roundoff(got, distribution.entropy(theta), terms=size_of(distribution.grid(theta)), scale=size))
    return all_of(*evidence)


def _divergence(density, rng, distribution):
    evidence = []
    for p, q in zip(distribution.thetas()[:-1], distribution.thetas()[1:], strict=True):

        def gain(x, log_p, q=q):
            return log_p - log_density(density, distribution, q, x)

        size = max(1.0, float(expectation(density, distribution, p, lambda x, l, g=gain: np.abs(l) + np.abs(g(x, l)))))
        evidence.append(
            roundoff(
                expectation(density, distribution, p, gain),
                distribution.divergence(p, q),
                terms=size_of(distribution.grid(p)),
                scale=size,
            )
        )
    return all_of(*evidence)


def derivatives(density, distribution, theta, x, steps):
    """First and second derivatives of log p(x|θ) by the free parameters, by central differences of fourth order."""
    free = distribution.free or tuple(range(len(theta)))
    k = len(free)
    e = np.zeros((k, len(theta)))
    e[range(k), free] = steps

    def at(move):
        return log_density(density, distribution, theta + move, x)

    near, far = ([(at(c * e[i]), at(-c * e[i])) for i in range(k)] for c in (1.0, 2.0))  # f(θ ± h), f(θ ± 2h)
    middle = at(np.zeros(len(theta)))
    first = np.stack(
        [(8 * (a - b) - (c - d)) / (12 * h) for (a, b), (c, d), h in zip(near, far, steps, strict=True)], axis=-1
    )
    second = np.zeros((*middle.shape, k, k))
    for i in range(k):
        (a, b), (c, d) = near[i], far[i]
        second[..., i, i] = (16 * (a + b) - (c + d) - 30 * middle) / (12 * steps[i] ** 2)
        for j in range(i):
            # (f(+,+) − f(+,−) − f(−,+) + f(−,−))/4h² at h and 2h, extrapolated
            one, two = (
                at(s * (e[i] + e[j])) - at(s * (e[i] - e[j])) - at(s * (e[j] - e[i])) + at(-s * (e[i] + e[j]))
                for s in (1.0, 2.0)
            )
            second[..., i, j] = second[..., j, i] = (16 * one - two) / (48 * steps[i] * steps[j])
    return first, second


def _fisher(density, rng, distribution):
    evidence = []
    for theta in distribution.thetas():
        want = np.atleast_2d(distribution.information(theta))
        scale = np.sqrt(np.diag(want))
        grid = distribution.grid(theta)
        log_p = log_density(density, distribution, theta, grid.x)
        mass = grid.w * np.exp(log_p)
        steps = H / scale if distribution.reach is None else H * np.minimum(1 / scale, distribution.reach(theta))
        score, bend = derivatives(density, distribution, theta, grid.x, steps)
        score, bend = score / scale, bend / np.outer(scale, scale)  # in units of the standard errors
        want = want / np.outer(scale, scale)
        # what rounding of log p leaves in a first and in a second difference; truncation (h⁴) lies below it
        size, h = (1.0 + float((mass * np.abs(np.where(mass > 0, log_p, 0.0))).sum()), float((steps * scale).min()))
        mean = np.einsum("ab,abi->i", mass, score)
        square = np.einsum("ab,abi,abj->ij", mass, score, score)
        curve = -np.einsum("ab,abij->ij", mass, bend)
        evidence.append(roundoff(mean, np.zeros_like(mean), terms=16, scale=size / h))
        evidence.append(roundoff(square, want, terms=16, scale=size / h))
        evidence.append(roundoff(curve, want, terms=8, scale=size / h**2))
    return all_of(*evidence)
