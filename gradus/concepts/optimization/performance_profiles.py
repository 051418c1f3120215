"""Performance profiles: how solvers compare over a set of problems."""

import json
from importlib.resources import files

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, metric, near, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

PROFILES = Concept(
    key="performance-profiles",
    kind="definition",
    title="Performance profiles",
    summary="How solvers compare over a set of problems: for every factor τ the share of problems that a solver solves at no more "
    "than τ times the cost of the best. At τ = 1 stands the share that it wins, at the far end the share that it solves. A problem "
    "that failed counts, and no hard problem drowns the others, as it does in a mean of the costs.",
    formulas=(
        r"r_{ps}=\frac{t_{ps}}{\min_{s'}t_{ps'}}\qquad(r_{ps}=\infty\ \text{if}\ t_{ps}=\infty)",
        r"\rho_s(\tau)=\frac1P\,\bigl|\{p:\ r_{ps}\le\tau\}\bigr|,\qquad\tau\ge1",
        r"\rho_s(1)=\text{share won},\qquad\lim_{\tau\to\infty}\rho_s(\tau)=\text{share solved}",
    ),
    symbols=(
        Symbol(
            "t",
            "costs",
            "P S",
            "cost of solver s on problem p: evaluations, or time; +∞ where it is not solved",
            "positive",
        ),
        Symbol(r"\tau", "factors", "k", "factors, at least 1", "positive"),
        Symbol("r", "", "P S", "ratio to the cost of the best solver on the problem"),
        Symbol(r"\rho_s(\tau)", "", "S k", "the profile"),
        Symbol("P", "", "", "number of problems", "natural"),
        Symbol("S", "", "", "number of solvers", "natural"),
        Symbol("p,\\ s,\\ s'", "", "", "a problem; solvers"),
    ),
    needs=("optimizers", "bfgs", "newton"),
    source="dolan2002benchmarking",
    year=2002,
    people=("Elizabeth D. Dolan", "Jorge J. Moré"),
    aliases="performance profile, Dolan-Moré profile, benchmarking of solvers, data profile, Moré-Garbow-Hillstrom, "
    "性能剖面, 性能剖面图, 性能曲线, 性能图, 求解器比较, 优化软件评测",
    implementations=(
        Implementation("gradus.optimization:performance_profile", "numpy", None, "a sort of each solver's ratios"),
    ),
    readings="dolan2002benchmarking §2; gould2016note; more2009benchmarking §2; more1981testing",
    hypotheses=(
        Hypothesis(
            "one curve above another means the better solver: only these two are compared",
            "a-third-solver-turns-the-order",
        ),
        Hypothesis("“solved” is the same test for every solver", "a-looser-test-wins"),
        Hypothesis(
            "the share is the chance on the next problem: the problems are independent draws of those to come",
            "exponential-costs, copies-count",
        ),
    ),
    conventions=(
        Convention(
            "an unsolved problem",
            "the cost is +∞: it counts in P, and never in the profile, even if nobody solved it",
            r"Dolan and Moré: the ratio is a number $r_M$ beyond all others; the curve is the same below it",
        ),
        Convention("the axis", "τ, on a logarithmic scale", r"often $\log_2\tau$, from 0"),
        Convention(
            "what a cost is divided by",
            "the cost of the best solver on the same problem",
            r"data profiles (Moré and Wild 2009) divide evaluations by $n+1$, the price of a gradient by differences: a curve that does "
            "not depend on who else is compared",
        ),
    ),
    longest_sum=16,
    differentiable=False,
)


@PROFILES.definition
def performance_profile(costs, factors):
    best = costs.min(axis=1, keepdims=True)
    ratios = costs / np.where(np.isfinite(best), best, 1.0)  # ∞ where nobody solved it
    return np.stack([(ratios <= tau).mean(axis=0) for tau in factors], axis=-1)  # (S, k)


METHODS = ("gradient-descent", "bfgs", "lbfgs", "newton-cg", "newton", "trust-region")
NAMES = ("gradient descent", "BFGS", "L-BFGS", "Newton–CG", "Newton", "trust region")


def results():
    """The file of measured results: problems, and for each method the value reached and the cost."""
    return json.loads((files("gradus") / "assets" / "mgh_results.json").read_text(encoding="utf-8"))


def measured(price):
    """Costs (problems, methods) on the 35 problems, in evaluations; a product with the Hessian costs `price`, a Hessian n products."""
    record = results()
    n = [row[2] for row in record["problems"]]

    def cost(spent, size):
        return np.inf if spent is None else spent[0] + price * (spent[2] + size * spent[1])

    return np.array([[cost(record[m][p][1], n[p]) for m in METHODS] for p in range(len(n))], float)


@PROFILES.example
def example():
    costs, factors = (
        np.array([[20.0, 80.0, 30.0], [10.0, 90.0, 40.0], [50.0, 10.0, 100.0]]),
        np.array([1.0, 2.0, 4.0, 10.0]),
    )
    rho, without = performance_profile(costs, factors), performance_profile(costs[:, 1:], factors)
    record, table = results(), measured(0.0)
    solved = np.isfinite(table).sum(axis=0)
    names = ("descent", "bfgs", "lbfgs", "newton_cg", "newton", "region")
    return (
        dict(costs=costs, factors=factors, r=costs / costs.min(axis=1, keepdims=True), A=rho[0], B=rho[1], C=rho[2])
        | dict(B_alone=without[0], C_alone=without[1], mean=costs.mean(axis=0))
        | dict(n=np.array([row[2] for row in record["problems"]]))
        | dict(minimum=np.array([row[3][0] for row in record["problems"]]))
        | {name: table[:, k] for k, name in enumerate(names)}
        | {f"{name}_solved": int(solved[k]) for k, name in enumerate(names)}
        | dict(trigonometric=record["bfgs"][25][0], banded=record["bfgs"][30][0], problems=len(table))
        | dict(far=record["trust-region"][17][0])
    )


@PROFILES.exercise
def half_as_fast():
    costs = np.array([[10.0, 30.0], [20.0, 30.0], [40.0, 20.0], [np.inf, 50.0]])
    rho = performance_profile(costs, np.array([1.0, 2.0]))[0]
    return number(rho[1], left_out=performance_profile(costs[:3], np.array([2.0]))[0, 0], wins=rho[0])


@PROFILES.exercise
def one_above_the_other():
    costs, tau = np.array([[20.0, 80.0, 30.0], [10.0, 90.0, 40.0], [50.0, 10.0, 100.0]]), np.geomspace(1, 20, 300)
    rho = performance_profile(costs, tau)
    above, faster = bool((rho[1] >= rho[2]).all()), (costs[:, 1] < costs[:, 2]).mean()
    return choice(most=above and faster > 0.5, nothing=above and faster < 0.5, every=above and faster == 1)


@PROFILES.exercise
def other_units():
    costs, tau = np.array([[20.0, 80.0], [10.0, 5.0], [3.0, 9.0]]), np.array([1.0, 2.0, 4.0])
    same = np.array_equal(performance_profile(costs, tau), performance_profile(costs * [[60.0], [1.0], [60.0]], tau))
    return choice(longer=not same, nothing=same, mixed=False)


TAU = np.array([1.0, 1.25, 2.0, 3.5, 10.0, 1000.0])


@PROFILES.cases
def cases(rng):
    def some(p, s, share=0.2):
        costs = np.exp(rng.standard_normal((p, s)))
        return np.where(rng.random((p, s)) < share, np.inf, costs)

    yield "random", dict(costs=some(9, 4), factors=TAU)
    yield (
        "counts with ties",
        dict(costs=rng.integers(1, 5, (12, 3)).astype(float), factors=np.array([1.0, 2.0, 3.0, 4.0])),
    )
    yield "one solver", dict(costs=some(6, 1), factors=np.array([1.0, 7.0]))
    yield "one problem", dict(costs=np.array([[3.0, 1.0, 2.0]]), factors=TAU)
    yield "nobody solved the first", dict(costs=np.array([[np.inf, np.inf], [2.0, 1.0], [np.inf, 4.0]]), factors=TAU)
    yield "far apart", dict(costs=np.array([[1e-4, 1.0], [1.0, 1e3]]), factors=np.array([1.0, 500.0, 2e4]))
    yield "square", dict(costs=some(5, 5, 0.0), factors=np.array([1.0, 1.5, 2.0, 4.0, 8.0]))


@PROFILES.invalid
def invalid(rng):
    yield "a cost of 0", dict(costs=np.array([[0.0, 1.0], [2.0, 3.0]]), factors=np.array([1.0]))
    yield "a cost that is no number", dict(costs=np.array([[np.nan, 1.0], [2.0, 3.0]]), factors=np.array([1.0]))


def random_costs(rng, problems=40, solvers=4, failures=0.15):
    costs = np.exp(rng.standard_normal((problems, solvers)))
    return np.where(rng.random(costs.shape) < failures, np.inf, costs)


@PROFILES.claim
def wins_at_one(profile, rng):
    r"""$\rho_s(1)$ is the share of problems that s wins; who ties for the first place wins too, so the shares come to 1 or more where
    every problem is solved by somebody"""
    costs = rng.integers(1, 6, (30, 3)).astype(float)
    won = [(costs[:, s] == costs.min(axis=1)).sum() / 30 for s in range(3)]
    rho = np.asarray(profile(costs, np.array([1.0])))[:, 0]
    yield identical(rho, won)
    yield bound(rho.sum(), 1.0, "≥", Text("a tie counts for each", "并列者各计一次"))


@PROFILES.claim
def solved_in_the_end(profile, rng):
    r"""From the largest finite ratio on $\rho_s$ is the share of all problems that s solves; those that nobody solves count among all"""
    costs = random_costs(rng)
    costs[:3] = np.inf
    rho = np.asarray(profile(costs, np.array([1e6, 1e9])))
    return identical(rho, np.repeat(np.isfinite(costs).mean(axis=0)[:, None], 2, axis=1))


@PROFILES.claim
def exponential_costs(profile, rng):
    r"""For costs of S solvers that are independent and exponentially distributed with one mean $\rho_s(\tau)$ is $\frac{\tau}{\tau+S-1}$ on
    average: 2000 problems as 100 sets of 20"""
    for S in (2, 5):
        sets = rng.exponential(size=(100, 20, S))
        tau = np.array([1.0, 2.0, 8.0])
        rho = np.stack([np.asarray(profile(costs, tau)) for costs in sets])
        for k, t in enumerate(tau):
            yield statistical(rho[:, 0, k], t / (t + S - 1))


@PROFILES.claim
def each_problem_has_its_own_unit(profile, rng):
    """The unit in which the costs of a problem are counted does not matter, and may be another for each"""
    costs = random_costs(rng)
    units = 2.0 ** rng.integers(-20, 20, (len(costs), 1))
    return invariance(profile(costs * units, TAU), profile(costs, TAU))


@PROFILES.claim
def rises_in_steps(profile, rng):
    r"""It rises with τ, and jumps just at the ratios: with the costs 2, 3, 8 beside 2, 2, 2 it is ⅓ at τ = 1, 1.49, ⅔ at 1.5, 3.99, and 1
    at 4"""
    costs = np.array([[2.0, 2.0], [3.0, 2.0], [8.0, 2.0]])
    yield identical(np.asarray(profile(costs, np.array([1.0, 1.49, 1.5, 3.99, 4.0])))[0], np.array([1, 1, 2, 2, 3]) / 3)
    rho = np.asarray(profile(random_costs(rng), np.geomspace(1, 50, 200)))
    yield bound(np.diff(rho, axis=1).min(), 0.0, "≥", Text("no fall", "没有下降"))


@PROFILES.claim
def one_problem_moves_it_by_one_share(profile, rng):
    r"""One problem, whatever its costs, moves no curve by more than $\frac1P$"""
    worst = 0.0
    for size in (1e-6, 1e6, np.inf):
        for last in range(3):  # who is the dearest there
            costs = random_costs(rng, 25, 3)
            before = np.asarray(profile(costs, TAU))
            costs[7] = size * np.roll([1.0, 0.5, 3.0], last + 1)
            worst = max(worst, np.abs(np.asarray(profile(costs, TAU)) - before).max())
    return bound(worst, 1 / 25, "≤", Text("a share of one problem", "一道题所占的比例"))


@PROFILES.claim
def never_below_who_is_never_faster(profile, rng):
    """Who is at least as fast on every problem, and solves all that the other solves, is never below it"""
    costs = random_costs(rng, 30, 3, 0.0)
    costs[:, 0] = costs[:, 1]
    costs[:10, 1], costs[:10, 0] = np.inf, 20 * costs[:10, 2]  # the hard ones: slow beats never
    costs[10:, 0] *= rng.uniform(0.9, 1.0, 20)
    rho = np.asarray(profile(costs, np.geomspace(1, 100, 60)))
    return bound((rho[0] - rho[1]).min(), 0.0, "≥", Text("difference of the curves", "两条曲线之差"))


THREE = np.array([[20.0, 80.0, 30.0], [10.0, 90.0, 40.0], [50.0, 10.0, 100.0]])


@PROFILES.claim
def a_third_solver_turns_the_order(profile, rng):
    r"""Three solvers with the costs (20, 80, 30), (10, 90, 40), (50, 10, 100): the curve of the second is nowhere below that of the third,
    which is faster on two problems of three; without the first the third leads, ⅔ to ⅓, up to τ = 2.25"""
    tau = np.geomspace(1, 20, 200)
    rho, alone = np.asarray(profile(THREE, tau)), np.asarray(profile(THREE[:, 1:], tau))
    yield bound((rho[1] - rho[2]).min(), 0.0, "≥", Text("second less third, all three", "三者同比：第二减第三"))
    yield bound((rho[1] - rho[2]).max(), 1 / 3, "≥", Text("and above at τ = 1", "τ = 1 处高于后者"))
    yield identical(alone[:, tau < 2.25], np.repeat([[1 / 3], [2 / 3]], (tau < 2.25).sum(), axis=1))


@PROFILES.claim
def of_two_it_tells_all(profile, rng):
    r"""Of two solvers it tells how they stand to each other: $1-\rho_1(\tau)$ is the share of problems on which the first costs more than τ
    times as much as the second, or fails"""
    costs = random_costs(rng, 40, 2)
    rho = np.asarray(profile(costs, TAU))[0]
    worse = [(~(costs[:, 0] <= tau * costs[:, 1]) | np.isinf(costs[:, 0])).mean() for tau in TAU]
    return invariance(1 - rho, worse, scale=1.0)


@PROFILES.claim
def a_looser_test_wins(profile, rng):
    r"""One method under two tests: gradient descent, of whose error a step leaves 0.93 to 0.99, stopped at $10^{-2}$ and at $10^{-8}$ of the first. The loose one wins all
    problems, the strict one none below τ = 3.9, all from 4.2 on"""
    factor = rng.uniform(0.93, 0.99, 30)  # by which the error shrinks in a step
    costs = np.ceil(np.log([[1e-2], [1e-8]]) / np.log(factor)).T
    rho = np.asarray(profile(costs, np.array([1.0, 3.9, 4.2])))
    return identical(rho, [[1, 1, 1], [0, 0, 1]])


@PROFILES.claim
def copies_count(profile, rng):
    """A problem that stands in the set nine times counts nine times: of ten problems, nine of them copies, the solver that is faster on
    the copied one wins 0.9, though it is slower on as many kinds of problems as it is faster"""
    costs = np.array([[1.0, 3.0]] * 9 + [[5.0, 1.0]])
    return identical(np.asarray(profile(costs, np.array([1.0, 4.0]))), [[0.9, 0.9], [0.1, 1.0]])


@PROFILES.claim
def the_table_of_this_page(profile, rng):
    r"""Of the 35 problems of Moré, Garbow and Hillstrom five methods of `minimize` (BFGS, L-BFGS, Newton–CG, Newton, trust region) each
    end at a published minimum in at least 32, gradient descent within 2500 evaluations in 17; at least one does in 34"""
    costs = measured(2.0)
    solved = np.asarray(profile(costs, np.array([1e6])))[:, 0] * 35
    yield metric(solved[1:].min(), 32, "≥", Text("of 35, the fewest", "35 题中，最少者"))
    yield near(solved[0], 17, 1e-9, Text("of 35", "35 题中"))
    won = np.asarray(profile(costs, np.array([1.0])))[:, 0].sum() * 35
    yield bound(won, 34 - 1e-9, "≥", Text("problems that somebody wins", "有方法解出的题数"))


@PROFILES.mutant(
    caught_by="solved-in-the-end, never-below-who-is-never-faster, the-table-of-this-page, equals-definition"
)
def failures_left_out(costs, factors):
    """problems that a solver did not solve are left out of its share"""
    rho = performance_profile(costs, factors)
    return rho / np.maximum(np.isfinite(costs).mean(axis=0), 1e-300)[:, None]


@PROFILES.mutant(caught_by="solved-in-the-end, equals-definition")
def nobody_solved_it(costs, factors):
    """problems that nobody solved are left out of P"""
    return performance_profile(costs[np.isfinite(costs).any(axis=1)], factors)


@PROFILES.mutant(caught_by="wins-at-one, rises-in-steps, a-looser-test-wins, equals-definition")
def strictly_below(costs, factors):
    """ratios below τ, not up to it: the best itself is out at τ = 1"""
    best = costs.min(axis=1, keepdims=True)
    ratios = costs / np.where(np.isfinite(best), best, 1.0)
    return np.stack([(ratios < tau).mean(axis=0) for tau in factors], axis=-1)


@PROFILES.mutant(
    caught_by="exponential-costs, wins-at-one, a-third-solver-turns-the-order, of-two-it-tells-all, equals-definition"
)
def against_the_best_on_the_whole(costs, factors):
    """divided by the cost of the solver with the least sum over all problems, not of the best on each"""
    one = np.argmin(
        np.where(np.isfinite(costs), costs, 10 * np.where(np.isfinite(costs), costs, 0).max() + 1).sum(axis=0)
    )
    best = costs[:, [one]]
    ratios = costs / np.where(np.isfinite(best), best, 1.0)
    return np.stack([(ratios <= tau).mean(axis=0) for tau in factors], axis=-1)


@PROFILES.mutant(caught_by="each-problem-has-its-own-unit, rises-in-steps, equals-definition")
def differences(costs, factors):
    """how much more than the best, in units of cost, in place of how many times"""
    best = costs.min(axis=1, keepdims=True)
    more = costs - np.where(np.isfinite(best), best, 0.0)
    return np.stack([(more <= tau - 1).mean(axis=0) for tau in factors], axis=-1)


@PROFILES.mutant(caught_by="exponential-costs, rises-in-steps, of-two-it-tells-all, equals-definition")
def binary_logarithm(costs, factors):
    r"""$\log_2r$ compared with τ: the other axis taken for this one"""
    return performance_profile(costs, 2.0 ** np.minimum(factors, 1000.0))


@PROFILES.mutant(caught_by="one-problem-moves-it-by-one-share, each-problem-has-its-own-unit, equals-definition")
def weighted_by_cost(costs, factors):
    """problems weighted by what the best solver spends on them: long ones outweigh the others"""
    best = costs.min(axis=1, keepdims=True)
    weights = np.where(np.isfinite(best), best, 1.0)
    return np.stack([((costs / weights <= tau) * weights).sum(axis=0) / weights.sum() for tau in factors], axis=-1)


@PROFILES.mutant(caught_by="copies-count, equals-definition, wins-at-one")
def each_row_once(costs, factors):
    """problems with equal costs counted once"""
    return performance_profile(np.unique(costs, axis=0), factors)


PROFILES.erratum(
    "E182",
    common="The profiles of several solvers in one figure rank them: the second curve from above is the second best solver "
    "(a common slip)",
    why="Every ratio is to the best of all solvers in the figure. Where a third solver is fast it pushes two others back, by factors "
    "that say nothing of how the two stand to each other: without it their order may turn round (Gould and Scott 2016).",
    right="The figure shows who is best at τ. To rank the rest, leave the best out and draw it anew, or compare two at a time",
    claims="a-third-solver-turns-the-order, of-two-it-tells-all",
)
PROFILES.erratum(
    "E183",
    common="Compare mean costs over the problems that all solvers solved (a common slip)",
    why="This rewards a solver for failing on the hard problems, for then nobody's cost there counts, and one long problem outweighs all others.",
    right=r"Give a failure the cost +∞ and count shares: $\rho_s$ ends at the share solved, and one problem moves it by $1/P$ at most",
    claims="solved-in-the-end, never-below-who-is-never-faster, one-problem-moves-it-by-one-share",
)


@PROFILES.figure(
    price=Slider(0.0, 4.0, 2.0, "price of a product with the Hessian, in evaluations"),
    tau=Slider(1.0, 30.0, 2.0, "factor τ", log=True),
    without=Slider(0, 4, 2, "how many of the best are left out (second panel)", integer=True),
)
def figure(price, tau, without):
    costs, grid = measured(price), np.geomspace(1, 100, 400)
    kept, at = list(range(len(METHODS))), np.array([tau])
    for _ in range(int(without)):  # the best goes, and the others are compared anew
        kept.pop(int(np.argmax(performance_profile(costs[:, kept], at)[:, 0])))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    for ax, columns in ((left, list(range(len(METHODS)))), (right, kept)):
        curves = performance_profile(costs[:, columns], grid)
        points = performance_profile(costs[:, columns], at)[:, 0]
        for k, curve, point in zip(columns, curves, points, strict=True):
            ax.step(grid, curve, where="post", color=COLOURS[k], lw=1.6, label=NAMES[k])
            ax.plot([tau], [point], "o", color=COLOURS[k], ms=5, mec="white", mew=0.6, zorder=4)
        ax.axvline(tau, color="0.6", lw=0.8, zorder=0)
        ax.set(xscale="log", xlabel="τ", xlim=(1, 100), ylim=(-0.02, 1.02))
        ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    left.set(ylabel="share of problems", title="all six")
    right.set(title=f"without the {int(without)} best")
    left.legend(fontsize=8.5, loc="lower center", bbox_to_anchor=(0.5, 1.1), ncols=2)

    def told(columns, lang):
        shares = performance_profile(costs[:, columns], at)[:, 0]
        order = sorted(zip(-shares, columns, strict=True))
        names = NAMES if lang == "en" else ("梯度下降", "BFGS", "L-BFGS", "牛顿-共轭梯度法", "牛顿法", "信赖域法")
        return (", " if lang == "en" else "、").join(f"{names[k]} {-share:.0%}" for share, k in order)

    everyone = list(range(len(METHODS)))
    words = Text(
        f"35 problems. Solved at no more than {tau:.3g} times the cost of the best: {told(everyone, 'en')}. "
        f"Among the {len(kept)} that are left: {told(kept, 'en')}.",
        f"35 道题。代价不超过最优者 {tau:.3g} 倍而解出的比例：{told(everyone, 'zh')}。"
        f"只比较剩下的 {len(kept)} 种：{told(kept, 'zh')}。",
    )
    return Drawing(fig, words)
