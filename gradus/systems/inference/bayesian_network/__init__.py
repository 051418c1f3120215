"""A Bayesian network learned from a table: its graph by BIC, its tables, what it is worth on held-out cases, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.numbers import true_minus
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import all_rows, resplit, resplit_summary
from gradus.systems.inference.bayesian_network import shown
from gradus.systems.inference.bayesian_network.learning import SETTINGS, cases_of, judged, networks
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Networks learned from four fifths of the rows; the score is how many nats likelier a held-out case is than by independent variables."""
    from gradus.inference import essential_graph
    from gradus.report import SeedResult

    X, y = all_rows(data)
    X = X.reshape(len(X), -1)
    begun = time.perf_counter()
    learn, held = resplit(y, request.seed, SETTINGS["held_out"])
    cases = cases_of(X, y, learn, data)
    found = networks(cases, learn)
    marks = {k: judged(n, cases, held) for k, n in found.items()}
    each = {k: m.pop("each") for k, m in marks.items()}
    for k, m in marks.items():
        m["likelihood"] = float(each[k].mean())
    settled = essential_graph(found["learned"])
    measured: dict[str, Any] = {
        "marks": marks,
        "variables": len(cases.states),
        "beside_tree": paired(each["learned"] - each["tree"]),
        "commonest": float(np.mean(y[held] == np.bincount(y[learn]).argmax())),
        "arrows": [list(a) for a in settled.arrows],
        "lines": [list(a) for a in settled.lines],
        "blanket": list(found["learned"].markov_blanket(cases.target)),
    }
    return SeedResult(
        score=marks["learned"]["likelihood"] - marks["independent"]["likelihood"],
        seconds=time.perf_counter() - begun,
        data=resplit_summary(data),
        comparisons=[shown.compared(marks)],
        pictures=lambda: [
            shown.graph(found["learned"], settled, cases.target),
            shown.tables(found["learned"], cases.target),
            shown.asked(found["learned"], cases.listed(held[:1])[0], cases.target),
        ],
        measured=measured,
    )


def paired(differences: np.ndarray) -> list[float]:
    """The mean of differences case by case, and its standard error."""
    return [float(differences.mean()), float(differences.std(ddof=1) / len(differences) ** 0.5)]


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    n, first = len(measured), measured[0]

    def mean(kind: str, what: str) -> float:
        return float(np.mean([m["marks"][kind][what] for m in measured]))

    gain = mean("learned", "likelihood") - mean("independent", "likelihood")
    ahead = mean("learned", "likelihood") - mean("tree", "likelihood")
    clear = sum(m["beside_tree"][0] > 2 * m["beside_tree"][1] for m in measured)
    behind = sum(m["beside_tree"][0] < -2 * m["beside_tree"][1] for m in measured)
    verdict = (
        Text("better than a tree", "优于树")
        if clear > n / 2
        else Text("worse than a tree", "不如树")
        if behind > n / 2
        else Text("no clear gain over a tree", "与树相比没有明显的增益")
    )
    share = f"{(gain - ahead) / gain:.0%}" if gain > 0 else ""
    alike = Text(
        f", which alone brings {share} of that gain" if share else "",
        f"；仅用树就能得到该增益的 {share}" if share else "",
    )
    own, alone = (true_minus(f"{mean(k, 'likelihood'):.2f}") for k in ("learned", "independent"))
    said = [
        Text(
            f"A held-out case has ln P = {own} under the learned network, {abs(gain):.2f} nats {'more' if gain > 0 else 'less'} than with independent variables ({alone}) and {abs(ahead):.2f} {'more' if ahead > 0 else 'less'} than under the Chow–Liu tree{alike.en}. Beyond two standard errors of the paired cases it is ahead of the tree in {clear} of {n} seeds and behind in {behind}. Verdict: {verdict.en}.",
            f"留出案例在学得的网络下 ln P = {own}，比各变量独立时（{alone}）{'多' if gain > 0 else '少'} {abs(gain):.2f} 奈特，比 Chow–Liu 树{'多' if ahead > 0 else '少'} {abs(ahead):.2f}{alike.zh}。按逐案例配对的两个标准误差计，{n} 个种子中有 {clear} 个优于树，{behind} 个不如树。判定：{verdict.zh}。",
        )
    ]  # fmt: skip
    right, naive = mean("learned", "right"), mean("naive", "right")
    surprise, other = mean("learned", "surprise"), mean("naive", "surprise")
    told = (
        Text("the network tells the class more often and with better probabilities", "网络判断类别更准，概率也更好")
        if right > naive and surprise < other
        else Text("naive Bayes, made for this one question, is at least as good in both", "专为这一个问题而设的朴素贝叶斯在两方面都不逊色")
        if right <= naive and surprise >= other
        else Text("neither is better in both", "两者互有胜负")
    )  # fmt: skip
    said.append(
        Text(
            f"From all other variables the network tells the class rightly in {right:.1%} of the held-out cases (always the commonest: {np.mean([m['commonest'] for m in measured]):.1%}), naive Bayes in {naive:.1%}; the true class gets −ln P = {surprise:.3f} on average, by naive Bayes {other:.3f}. Verdict: {told.en}.",
            f"由其余所有变量，网络对留出案例类别的判断正确率为 {right:.1%}（总取最常见者为 {np.mean([m['commonest'] for m in measured]):.1%}），朴素贝叶斯为 {naive:.1%}；真实类别的平均 −ln P 为 {surprise:.3f}，朴素贝叶斯为 {other:.3f}。判定：{told.zh}。",
        )
    )
    arrows, lines = len(first["arrows"]), len(first["lines"])
    said.append(
        Text(
            f"Of the {arrows + lines} pairs that are joined in the first seed, the independences settle the direction of {arrows}; {lines} may be turned. Given {len(first['blanket'])} of the {first['variables'] - 1} other variables, the rest tell nothing of the class in this network.",
            f"第一个种子中相连的变量对有 {arrows + lines} 对，其中 {arrows} 对的方向由独立性确定，{lines} 对可以反转。在此网络中，已知其余 {first['variables'] - 1} 个变量中的 {len(first['blanket'])} 个后，其他变量不再提供关于类别的信息。",
        )
    )
    if n > 1:
        pairs = [{frozenset(a) for a in (*m["arrows"], *m["lines"])} for m in measured]
        directed = [{tuple(a) for a in m["arrows"]} for m in measured]
        always, ever = set.intersection(*pairs), set.union(*pairs)
        same, some = set.intersection(*directed), set.union(*directed)
        said.append(
            Text(
                f"Learned from other cases of the same table the graph changes: of {len(ever)} pairs that are joined in some of the {n} seeds, {len(always)} are in all; of {len(some)} arrows that some seed settles, {len(same)} are settled in all. "
                "The seeds share most of their cases, so that this says too much of how sure the graph is.",
                f"换用同一张表的其他案例，图会改变：在 {n} 个种子之一中相连的 {len(ever)} 对变量里，有 {len(always)} 对在全部种子中相连；在某个种子中方向已定的 {len(some)} 个箭头里，有 {len(same)} 个在全部种子中已定。"
                "各种子的案例大多相同，因此这里高估了图的可靠程度。",
            )
        )
    return said


RECIPE = Recipe(
    train=train,
    data=("breast-cancer", "wine"),
    metric="gain-over-independence",
    targets={"breast-cancer": 10.0, "wine": 2.5},
    settings=SETTINGS,
    text=Text(
        "Every column is cut at its terciles into low, medium and high; the class is a variable like the others. From four fifths of the rows hill climbing with a tabu list looks for the graph of highest BIC, and its tables are the posterior means under a prior of a few cases. "
        "The held-out fifth judges it, beside independent variables, naive Bayes and the Chow–Liu tree with tables fitted in the same way. The score is how many nats likelier a held-out case is than with independent variables. The seed chooses the held-out fifth; cuts are made by the other rows.",
        "各列按三分位数分为低、中、高；类别与其他变量同等对待。用五分之四的行，以带禁忌表的爬山法寻找 BIC 最高的图，各表取先验（相当于几个案例）下的后验均值。"
        "用留出的五分之一评判，对照为各变量独立、朴素贝叶斯与 Chow–Liu 树，它们的表以相同方式拟合。得分为留出案例的对数概率比各变量独立时高出多少奈特。种子决定留出哪五分之一；分割点只由其余的行确定。",
    ),
    fitting=Fitting(images=False, tables=True, columns=2),
    findings=findings,
)
