"""Tables and pictures of the learned network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from gradus.systems.inference.bayesian_network.drawing import drawn
from gradus.systems.inference.bayesian_network.learning import NAMES
from gradus.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gradus.inference import BayesianNetwork, PartiallyDirectedGraph
    from gradus.report import Comparison, Picture

PANELS = 6
STATES = {
    "low": Text("low", "低"),
    "medium": Text("medium", "中"),
    "high": Text("high", "高"),
    "any": Text("any", "任意"),
}


def compared(found: Mapping[str, Mapping[str, float]]) -> Comparison:
    """The four networks on the held-out cases."""
    from gradus.report import Comparison

    columns = [
        Text("Network", "网络"),
        Text("ln P of a case", "每个案例的 ln P"),
        Text("Class told rightly, %", "类别判断正确率（%）"),
        Text("−ln P of the true class", "真实类别的 −ln P"),
        Text("free numbers", "自由参数个数"),
    ]
    rows = {
        NAMES[k]: (m["likelihood"], 100 * m["right"], m["surprise"], float(m["numbers"]))
        for k, m in found.items()
    }
    caption = Text(
        "Held-out cases under four networks whose tables are fitted in the same way: the probability of a whole case, and the class told from all other variables.",
        "四个网络（表以相同方式拟合）在留出案例上的表现：整个案例的概率，以及由其余所有变量判断类别。",
    )
    return Comparison(columns, rows, caption)


def graph(network: BayesianNetwork, settled: PartiallyDirectedGraph, target: str) -> Picture:
    """The network in rows, the class and its Markov blanket coloured."""
    from gradus.page.figures import COLOURS

    blanket = network.markov_blanket(target)
    marked = dict.fromkeys(blanket, COLOURS[0]) | {target: COLOURS[1]}
    parents = {v: list(network.graph.predecessors(v)) for v in network.states}
    caption = Text(
        "The learned network of the first seed. Arrows with a head are settled: every network that implies the same independences has them. Dashed lines may be turned. "
        "In orange the class, in blue its Markov blanket: once these are known, nothing else tells of it. An arrow is no proof of a cause.",
        "第一个种子学得的网络。带箭头者方向已定：凡蕴含相同独立性的网络都有它；虚线的方向可以反转。"
        "橙色为类别，蓝色为其马尔可夫毯：已知这些变量后，其余变量不再提供关于类别的信息。箭头并不证明因果。",
    )
    below = "; ".join(f"{v} ← {', '.join(p)}" for v, p in parents.items() if p)
    alt = Text(f"Each variable and its parents: {below}", f"各变量及其父变量：{below}")
    return both(lambda lang, narrow: drawn(parents, settled.lines, marked, narrow), caption, alt, "network")


def tables(network: BayesianNetwork, target: str) -> Picture:
    """The variables around the class: how often each state comes in each class, and in all."""
    from gradus.inference import infer
    from gradus.page.figures import COLOURS, canvas, canvas_width

    shown = (network.markov_blanket(target) or [v for v in network.states if v != target])[:PANELS]
    classes = network.states[target]
    given = infer(network, [{target: c} for c in classes])
    plain = infer(network)

    def draw(lang: str, narrow: bool) -> Figure:
        across = min(2 if narrow else 3, len(shown))
        down = -(-len(shown) // across)
        with canvas_width(False):
            figure, axes = canvas(across, down, 3.9 if narrow else 7.6, (1.5 if narrow else 1.9) * down + 0.3)
        flat = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
        for ax in flat[len(shown) :]:
            ax.set_axis_off()
        for ax, v in zip(flat, shown, strict=False):
            places = np.arange(len(network.states[v]))
            wide = 0.8 / len(classes)
            for i, c in enumerate(classes):
                ax.bar(
                    places - 0.4 + wide * (i + 0.5),
                    given[v][i],
                    wide,
                    color=COLOURS[i % len(COLOURS)],
                    label=c,
                )
            for place, p in zip(places, plain[v], strict=True):
                ax.plot([place - 0.42, place + 0.42], [p, p], color="#000000", linewidth=1.2)
            ax.set_xticks(places, [STATES[s].get(lang) for s in network.states[v]])
            ax.set_yticks([0, 0.5, 1])
            ax.set_ylim(0, 1.02)
            ax.set_title(v.replace("$", r"\$"), fontsize=9)
            ax.tick_params(labelsize=8.5)
        handles, labels = flat[0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=min(len(classes), 2 if narrow else 4),
            frameon=False,
            fontsize=9,
        )
        return figure

    caption = Text(
        "Marginals of the variables around the class: bars, given each class; lines across, without a finding. Inferred, not counted.",
        "类别周围各变量的边缘概率：条形为给定各类别时，横线为没有任何证据时。由推断得到，而非计数。",
    )
    said = [
        (v, ", ".join(f"{c}: {' '.join(f'{p:.2f}' for p in given[v][i])}" for i, c in enumerate(classes)))
        for v in shown
    ]
    words = "; ".join(f"{v}: {numbers}" for v, numbers in said)
    alt = Text(f"Probabilities from low to high, by class: {words}", f"各类别下由低到高的概率：{words}")
    return both(draw, caption, alt, "marginals")


def asked(network: BayesianNetwork, case: Mapping[str, str], target: str) -> Picture:
    """The class of one case as its findings come in."""
    from gradus.inference import infer
    from gradus.page.figures import COLOURS, canvas, canvas_width

    order = [v for v in network.markov_blanket(target) if v != target][: 2 * PANELS]
    sets = [{v: case[v] for v in order[:i]} for i in range(len(order) + 1)]
    rest = {v: s for v, s in case.items() if v != target}
    classes = network.states[target]
    steps = [infer(network, s)[target] for s in (*sets, rest)]
    true = case[target]

    def draw(lang: str, narrow: bool) -> Figure:
        with canvas_width(False):
            figure, ax = canvas(width=3.9 if narrow else 7.2, height=0.34 * len(steps) + 0.8)
        words = [Text("nothing known", "一无所知").get(lang)]
        words += [f"{Text('and', '又知').get(lang)} {v}: {STATES[case[v]].get(lang)}" for v in order]
        words.append(Text("all findings", "全部证据").get(lang))
        if narrow:
            words = [
                w if len(w) <= 22 else f"{w[: w.index(':') + 1]}\n{w[w.index(':') + 2 :]}" if ":" in w else w
                for w in words
            ]
        left = np.zeros(len(steps))
        for i, c in enumerate(classes):
            p = np.array([s[i] for s in steps])
            ax.barh(range(len(steps)), p, left=left, color=COLOURS[i % len(COLOURS)], height=0.7, label=c)
            left += p
        ax.set_yticks(
            range(len(steps)), [w.replace("$", r"\$") for w in words], fontsize=7.5 if narrow else 9.5
        )
        ax.invert_yaxis()
        ax.set_xlim(0, 1)
        ax.set_xticks([0, 0.5, 1])
        ax.set_xlabel(Text("probability of the class", "类别的概率").get(lang))
        figure.legend(
            loc="outside upper right", ncols=min(len(classes), 2 if narrow else 4), frameon=False, fontsize=9
        )
        return figure

    caption = Text(
        f"A held-out case, whose class is {true}: the class as the findings of its Markov blanket come in one by one. The last bar knows all other variables too"
        f"{', which changes nothing' if np.allclose(steps[-1], steps[-2], atol=1e-9) else ''}.",
        f"一个留出的案例，其类别为 {true}：马尔可夫毯中的证据逐一加入时类别的概率。最后一条还知道其余所有变量"
        f"{'，结果不变' if np.allclose(steps[-1], steps[-2], atol=1e-9) else ''}。",
    )
    said = ", ".join(f"{s[classes.index(true)]:.3f}" for s in steps)
    alt = Text(f"Probability of {true}, step by step: {said}", f"{true} 的概率，逐步为：{said}")
    return both(draw, caption, alt, "query")


def both(draw: Callable[[str, bool], Figure], caption: Text, alt: Text, name: str) -> Picture:
    """A picture in two widths, of which a reader sees the one that fits."""
    from gradus.page.figures import svg
    from gradus.report import Picture

    def drawing(narrow: bool) -> Callable[[str], str]:
        return lambda lang: svg(draw(lang, narrow), name=f"{name}-{narrow}")

    return Picture(drawing(False), caption, alt, wide=True, narrow=drawing(True))
