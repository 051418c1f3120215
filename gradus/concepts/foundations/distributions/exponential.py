"""The exponential law."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.common import Law, like, panels, standard_claims
from gradus.concepts.foundations.distributions.common import exponential as of_logarithm
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, invariance, roundoff, statistical
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, lam):
    from torch.distributions import Exponential

    return log_density(Exponential(*like(x, lam), validate_args=False), x)


EXPONENTIAL = Concept(
    key="exponential",
    kind="definition",
    title=Text("Exponential distribution", "指数分布"),
    summary=Text(
        "How long until the next event when events come at rate λ and nothing is remembered. Among positive laws of a given mean it has the greatest entropy.",
        "事件以速率 λ 无记忆地发生时，到下一事件的等待时间。在均值给定的正值分布中熵最大。",
    ),
    formulas=(
        r"p(x)=\lambda e^{-\lambda x}\ (x\ge0),\qquad \log p(x)=\log\lambda-\lambda x,\qquad F(x)=1-e^{-\lambda x}",
        r"E X=\frac1\lambda,\qquad \operatorname{Var}X=\frac1{\lambda^2},\qquad h=1-\log\lambda,\qquad I(\lambda)=\frac1{\lambda^2}",
        r"P(X>s+t\mid X>s)=P(X>t)",
    ),
    symbols=(
        Symbol("x", "x", "...", Text("waiting times", "等待时间")),
        Symbol(r"\lambda", "lam", "", Text("rate: events per unit of time", "速率：单位时间的事件数"), "positive"),
        Symbol("h", "", "", Text("entropy", "熵"), unit="nat"),
        Symbol("I", "", "", Text("Fisher information", "Fisher 信息")),
        Symbol("F", "", "", Text("distribution function", "分布函数")),
        Symbol("s,\\,t", "", "", Text("times", "时间")),
    ),
    needs=("expectation", "entropy"),
    source="erlang1909theory",
    year=1909,
    people=("Agner Krarup Erlang",),
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            Text("on `torch.distributions.Exponential`; −∞ off the support, where `log_prob` raises, or is wrong without validation", "作用于 `torch.distributions.Exponential`；支撑之外为 −∞，而 `log_prob` 会报错，关闭校验时则给出错误的值"),
        ),
    ),
    readings=(Reading("johnson1994continuous", "ch. 19"), Reading("feller1968introduction", "ch. XVII")),
    deviations=(
        Text("PyTorch takes the rate λ, NumPy and SciPy the scale 1/λ.", "PyTorch 以速率 λ 为参数，NumPy 与 SciPy 以尺度 1/λ 为参数。"),
        Text("`torch.distributions.Exponential(…, validate_args=False)` gives −1 the log-density $\\log\\lambda+\\lambda$.",
             "`torch.distributions.Exponential(…, validate_args=False)` 在 −1 处给出 $\\log\\lambda+\\lambda$。"),
    ),
)  # fmt: skip


@EXPONENTIAL.definition
def exponential(x, lam):
    return np.where(x >= 0, np.log(lam) - lam * x, -np.inf)


@EXPONENTIAL.cases
def cases(rng):
    yield "random", dict(x=rng.exponential(0.5, (2, 5)), lam=np.array(2.0))
    yield "at once", dict(x=np.array([0.0, 1.0]), lam=np.array(0.1))
    yield "far out", dict(x=np.array([1e3, 1e6]), lam=np.array(1.0))
    yield "before the start", dict(x=np.array([-1.0, -1e-12]), lam=np.array(3.0))


@EXPONENTIAL.invalid
def invalid(rng):
    yield "λ = 0", dict(x=np.ones(2), lam=np.array(0.0))
    yield "λ < 0", dict(x=np.ones(2), lam=np.array(-2.0))


def scipy(theta):
    from scipy import stats

    return stats.expon(scale=1 / theta[0])


standard_claims(
    EXPONENTIAL,
    Law(
        examples=((1.0,), (0.1,), (4.0,)),
        arguments=lambda theta: dict(lam=np.array(theta[0])),
        grid=lambda theta: panels(-45 - math.log(theta[0]), 4 - math.log(theta[0]), of_logarithm),
        draw=lambda rng, theta, n: rng.exponential(1 / theta[0], n),
        mean=lambda theta: 1 / theta[0],
        covariance=lambda theta: 1 / theta[0] ** 2,
        entropy=lambda theta: 1 - math.log(theta[0]),
        divergence=lambda p, q: math.log(p[0] / q[0]) + q[0] / p[0] - 1,
        information=lambda theta: 1 / theta[0] ** 2,
        scipy=scipy,
        formulas=dict(
            mean=r"1/\lambda",
            variance=r"1/\lambda^2",
            entropy=r"1-\log\lambda",
            divergence=r"\log\frac{\lambda_1}{\lambda_2}+\frac{\lambda_2}{\lambda_1}-1",
            information=r"1/\lambda^2",
        ),
    ),
)


@EXPONENTIAL.claim(
    Text(
        r"It has no memory: $p(s+t)/P(X>s)=p(t)$, however long the wait has been",
        r"无记忆：无论已等待多久，$p(s+t)/P(X>s)=p(t)$",
    )
)
def no_memory(exponential, rng):
    lam, t = 1.5, rng.exponential(1.0, 20)
    found = []
    for s in (0.5, 4.0, 100.0):
        later = exponential(s + t, np.array(lam)) + lam * s  # P(X > s) = exp(−λs)
        found.append(invariance(later, exponential(t, np.array(lam)), terms=4, scale=lam * (s + 6)))
    return all_of(*found)


@EXPONENTIAL.claim(
    Text("Before the start there is nothing: log-density −∞", "零点之前一无所有：对数密度为 −∞")
)
def nothing_before_the_start(exponential, rng):
    return all_of(
        identical(exponential(np.array([-1e-300, -1.0, -40.0]), np.array(2.0)), np.full(3, -np.inf)),
        roundoff(exponential(np.array([0.0]), np.array(2.0)), [math.log(2)]),
    )


@EXPONENTIAL.claim(
    Text(
        r"The gaps between n points thrown on $[0,n/\lambda]$ become exponential of rate λ: the mean log-density of 4000 gaps is $-h$",
        r"在 $[0,n/\lambda]$ 上随机投 n 个点，间隔趋于速率 λ 的指数分布：4000 个间隔的对数密度均值为 $-h$",
    )
)
def gaps_of_random_points(exponential, rng):
    lam, n = 2.0, 200_000
    points = np.sort(rng.random(n) * n / lam)
    gaps = np.diff(points)[::50][:4000]
    return statistical(exponential(gaps, np.array(lam)), -(1 - math.log(lam)))


@EXPONENTIAL.mutant(
    Text("the scale taken for the rate", "把尺度当作速率"),
    caught_by=["moments", "distribution-function", "sampler", "entropy", "divergence", "no-memory", "gaps-of-random-points"],
)  # fmt: skip
def scale_for_rate(x, lam):
    return exponential(x, 1 / lam)


@EXPONENTIAL.mutant(
    Text("the normaliser λ is missing", "漏掉归一化常数 λ"),
    caught_by=["total-mass-is-one", "entropy", "fisher-information", "nothing-before-the-start"],
)
def no_normaliser(x, lam):
    return exponential(x, lam) - np.log(lam)


@EXPONENTIAL.mutant(
    Text("the support is forgotten", "忘记支撑"),
    caught_by=["nothing-before-the-start", "equals-definition"],
)
def everywhere(x, lam):
    return np.log(lam) - lam * x


@EXPONENTIAL.mutant(
    Text("Laplace's law: half of the mass before the start", "拉普拉斯分布：一半质量在零点之前"),
    caught_by=["total-mass-is-one", "nothing-before-the-start", "distribution-function"],
)
def both_sides(x, lam):
    return np.log(lam / 2) - lam * np.abs(x)


@EXPONENTIAL.figure(
    lam=Slider(0.2, 3.0, 1.0, Text("rate", "速率"), log=True),
    s=Slider(0.0, 4.0, 1.0, Text("time already waited", "已等待的时间")),
)
def figure(lam, s):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.2)
    t = np.linspace(0, 6, 301)
    p = np.exp(exponential(t, np.array(lam)))
    left.plot(t, p, label="p(x)")
    later = t >= s
    left.fill_between(
        t[later], p[later], color=COLOURS[1], alpha=0.3, label=f"P(X > s) = {math.exp(-lam * s):.3f}"
    )
    left.set(
        xlabel="x",
        ylabel="density",
        title=f"mean {1 / lam:.2f}, median {math.log(2) / lam:.2f}",
        ylim=(0, None),
    )
    left.legend(frameon=False)
    right.plot(t, p, lw=4, alpha=0.3, label="from the start")
    right.plot(
        t,
        np.exp(exponential(t + s, np.array(lam)) + lam * s),
        color=COLOURS[1],
        ls="--",
        label=f"after waiting {s:.1f}",
    )
    right.set(xlabel="further wait", ylabel="density", title="no memory", ylim=(0, None))
    right.legend(frameon=False)
    return Drawing(
        fig,
        Text(
            f"At rate {lam:.2f} the mean wait is {1 / lam:.2f}. With probability {math.exp(-lam * s):.3f} nothing has come by {s:.1f}; "
            f"then the further wait has the same law, and the mean {1 / lam:.2f} again.",
            f"速率 {lam:.2f} 时平均等待 {1 / lam:.2f}。到 {s:.1f} 时仍无事件的概率为 {math.exp(-lam * s):.3f}；此后的等待仍服从同一分布，均值仍为 {1 / lam:.2f}。",
        ),
    )  # fmt: skip
