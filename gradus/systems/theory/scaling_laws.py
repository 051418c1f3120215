"""Small language models of several sizes on several amounts of text: the law of their losses, and one prediction with it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Characters
from gradus.errors import GradusError
from gradus.progress import Reporter, make_reporter
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.system import System
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gradus.report import Chart, Comparison, SeedResult
    from gradus.theory import ScalingLaw

SETTINGS: dict[str, Any] = {
    "widths": [8, 16, 32, 64, 128],
    "examples_seen": [16000, 32000, 64000, 256000],
    "context": 8,
    "vector_width": 8,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "batch_size": 256,
    "steps": 1000,
}
LOOKS, HELD = 20, 8000  # how often a model is measured on the way, and on how many held-out characters
Run = tuple[int, int, float]  # parameters, examples, the least held-out loss on the way


def train(data: Characters, request: SeedRequest) -> SeedResult:
    """The grid of runs without its largest corner, the law fitted to them, and that corner, predicted and then trained."""
    from gradus.report import SeedResult

    amounts, widths = SETTINGS["examples_seen"], SETTINGS["widths"]
    begun = time.perf_counter()
    total = len(amounts) * len(widths)
    reporter = make_reporter(request.progress, total * SETTINGS["steps"], 0)
    try:
        runs = [
            trained(data, width, amount, request.seed, reporter, (i * len(widths) + j) * SETTINGS["steps"])
            for i, amount in enumerate(amounts)
            for j, width in enumerate(widths)
        ]
    finally:
        reporter.close()
    law, told = law_of(runs[:-1]), None
    if law is not None:
        found = law.extrapolate([runs[-1][:2]])
        told = [float(v[0]) for v in (found.loss, found.run_low, found.run_high)]
    measured = {"runs": runs, "told": told, "law": None if law is None else numbers_of(law)}
    return SeedResult(
        score=miss(runs[-1], told),
        seconds=time.perf_counter() - begun,
        data=data.summary(),
        comparisons=[_table(runs)],
        charts=[_over_size(runs), _over_data(runs)],
        measured=measured,
    )


def next_character(alphabet: int, width: int) -> nn.Sequential:
    """The next character from some before it: vectors of characters, one hidden layer."""
    from torch import nn

    size, context = SETTINGS["vector_width"], SETTINGS["context"]
    return nn.Sequential(
        nn.Embedding(alphabet, size), nn.Flatten(), nn.Linear(size * context, width), nn.ReLU(), nn.Linear(width, alphabet)
    )  # fmt: skip


def pieces(ids: np.ndarray) -> Tensor:
    """All stretches of the text of one character more than the context (n, context + 1)."""
    import torch

    return torch.from_numpy(np.lib.stride_tricks.sliding_window_view(ids, SETTINGS["context"] + 1).copy())


def trained(data: Characters, width: int, amount: int, seed: int, reporter: Reporter, before: int) -> Run:
    """One model on so many examples, drawn from all of the text; all take the same number of steps, the best look counts."""
    import torch
    from torch.nn.functional import cross_entropy

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = next_character(len(data.alphabet), width)
    order = torch.Generator().manual_seed(seed)
    every, held = pieces(data.train), pieces(data.test[:HELD])
    seen = every[torch.randperm(len(every), generator=order)[:amount]]
    steps, best = SETTINGS["steps"], np.inf
    optimizer = torch.optim.Adam(model.parameters(), lr=SETTINGS["learning_rate"], fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(1, steps + 1):
        batch = seen[torch.randint(len(seen), (SETTINGS["batch_size"],), generator=order)]
        loss = cross_entropy(model(batch[:, :-1]), batch[:, -1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % max(1, steps // LOOKS) == 0:
            with torch.no_grad():
                best = min(best, float(cross_entropy(model(held[:, :-1]), held[:, -1])))
            reporter.step(before // steps + 1, before + step, best)
    return sum(p.numel() for p in model.parameters()), len(seen), best


def law_of(runs: Sequence[Run]) -> ScalingLaw | None:
    """L = E + A/N^α + B/D^β through the runs; None where they settle no exponent."""
    from gradus.theory import fit_scaling_law

    try:
        return fit_scaling_law([run[:2] for run in runs], [run[2] for run in runs])
    except GradusError:
        return None


def numbers_of(law: ScalingLaw) -> dict[str, Any]:
    """What the law says, as plain numbers."""
    names = ("irreducible", "exponents[0]", "exponents[1]")
    values = (law.irreducible, *law.exponents)
    return {name: [value, *law.intervals[name]] for name, value in zip(names, values, strict=True)}


def miss(run: Run, told: Sequence[float] | None) -> float:
    """How far the predicted loss is from the measured one, relatively; 1 where there is no prediction."""
    return 1.0 if told is None else abs(told[0] / run[2] - 1)


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words; the laws are those of each seed."""
    said = []
    runs = measured[0]["runs"]
    small, large = (np.mean([m["runs"][i][2] for m in measured]) for i in (0, -1))
    said.append(
        Text(
            f"From {runs[0][0]:,} parameters and {runs[0][1]:,} examples to {runs[-1][0]:,} and {runs[-1][1]:,}, the held-out loss falls from {small:.3f} to {large:.3f} nats a character.",
            f"由 {runs[0][0]:,} 个参数、{runs[0][1]:,} 个样本增至 {runs[-1][0]:,} 个参数、{runs[-1][1]:,} 个样本，留出文本的损失由每字符 {small:.3f} 降到 {large:.3f} 奈特。",
        )
    )
    sizes, amounts, _ = _losses(runs)
    few = np.mean([_losses(m["runs"])[2][0] for m in measured], 0)
    if few.argmin() < len(few) - 1:
        said.append(
            Text(
                f"On {amounts[0]:,} examples the loss is least, {few.min():.3f}, at {sizes[few.argmin()]:,} parameters, and {few[-1]:.3f} at {sizes[-1]:,}: they overfit, for which the law's form has no place.",
                f"只有 {amounts[0]:,} 个样本时，损失在 {sizes[few.argmin()]:,} 个参数处最小，为 {few.min():.3f}，在 {sizes[-1]:,} 个参数处为 {few[-1]:.3f}：出现过拟合，而定律的形式容不下它。",
            )
        )
    for m in measured:
        run = m["runs"][-1]
        if m["told"] is None:
            said.append(
                Text(
                    "One seed's runs settle no exponents: no law is fitted.",
                    "有一个种子的结果不足以确定指数：未拟合定律。",
                )
            )
            continue
        (e, *ends), (a, *of_a), (b, *of_b) = (
            m["law"][k] for k in ("irreducible", "exponents[0]", "exponents[1]")
        )
        loss, low, high = m["told"]
        inside = low <= run[2] <= high
        said.append(
            Text(
                f"Without the largest model on the most text: E = {e:.3g} ({_range(ends)}), α = {a:.3g} ({_range(of_a)}), β = {b:.3g} ({_range(of_b)}), at 95 %. For that run the law says "
                f"{loss:.3f} ({low:.3f} to {high:.3f}); trained, it has {run[2]:.3f}, {'within' if inside else 'outside'} the interval.",
                f"不用“最大模型加最多文本”的那次训练，得 E = {e:.3g}（{_range(ends)}），α = {a:.3g}（{_range(of_a)}），β = {b:.3g}（{_range(of_b)}），置信水平 95 %。对那次训练，定律预测 "
                f"{loss:.3f}（{low:.3f} – {high:.3f}）；训练结果为 {run[2]:.3f}，在区间{'之内' if inside else '之外'}。",
            )
        )
    return said


def _range(ends: Sequence[float]) -> str:
    return " – ".join("∞" if np.isinf(v) else f"{v:.3g}" for v in ends)


RECIPE = Recipe(
    train=train,
    data=("tinyshakespeare",),
    metric="extrapolation-miss",
    targets={"tinyshakespeare": 0.1},
    relation="≤",
    settings=SETTINGS,
    text=Text(
        "The next character from the eight before it, by a network with one hidden layer: each of several widths on each of several numbers of examples, drawn from all of the text; the same number of steps for all, the least "
        "held-out loss on the way counts. The law E + A/N^α + B/D^β, of the number N of parameters and D of examples, is fitted to all runs but the largest on the most, and says what that one will reach. The score is by how much it misses, relatively. "
        "Nothing is tuned for any size, and the steps are few: the law is one of this recipe, not of language. The seed draws weights, examples and batches.",
        "由前八个字符预测下一个字符，网络有一个隐藏层：若干宽度，各在若干样本数上训练，样本取自整个文本；步数都相同，取途中留出文本损失的最小值。对“最大模型加最多文本”以外的全部训练拟合定律 E + A/N^α + B/D^β"
        "（N 为参数个数，D 为样本数），再由它预测余下的那一次。得分为预测的相对误差。没有为任何规模调参，步数也少：这是本配方的定律，而非语言的定律。种子决定权重、样本与批次。",
    ),
    fitting=Fitting(images=False, characters=True),
    about=System(
        "scaling-laws",
        "theory",
        Text("Scaling laws", "缩放定律"),
        Text(
            "The loss of language models falls like powers of the number of parameters and of examples, down to a floor: small runs tell what a larger one will reach.",
            "语言模型的损失随参数个数与样本数按幂律下降，直到一个下限：由小规模训练即可预测更大规模的结果。",
        ),
        ("scaling-laws", "cross-entropy", "adam"),
    ),
    findings=findings,
)


def _losses(runs: Sequence[Run]) -> tuple[list[int], list[int], np.ndarray]:
    """Parameters, examples, and the losses (examples, parameters)."""
    sizes, amounts = (list(dict.fromkeys(int(run[i]) for run in runs)) for i in (0, 1))
    return sizes, amounts, np.array([run[2] for run in runs]).reshape(len(amounts), len(sizes))


def _table(runs: Sequence[Run]) -> Comparison:
    from gradus.report import Comparison

    sizes, amounts, losses = _losses(runs)
    columns = [Text("Examples", "样本数"), *(Text(f"N = {n:,}", f"N = {n:,}") for n in sizes)]
    rows = {Text(f"{d:,}", f"{d:,}"): tuple(map(float, row)) for d, row in zip(amounts, losses, strict=True)}
    caption = Text(
        "Least held-out loss, nats a character, by examples and parameters N.",
        "留出文本的最小损失（奈特/字符），按样本数与参数个数 N。",
    )
    return Comparison(columns, rows, caption)


def _over_size(runs: Sequence[Run]) -> Chart:
    from gradus.report import Chart, Series

    sizes, amounts, losses = _losses(runs)
    series = [
        Series(Text(f"{d:,} examples", f"{d:,} 个样本"), sizes, row)
        for d, row in zip(amounts, losses, strict=True)
    ]
    caption = Text(
        "Held-out loss over the number of parameters, both logarithmic: on little text more parameters do not help.",
        "留出文本的损失随参数个数的变化（双对数坐标）：文本太少时，增加参数并无帮助。",
    )
    return Chart(
        series, Text("loss", "损失"), caption, Text("parameters", "参数个数"), log=True, log_x=True, wide=True
    )


def _over_data(runs: Sequence[Run]) -> Chart:
    from gradus.report import Chart, Series

    sizes, amounts, losses = _losses(runs)
    series = [Series(Text(f"N = {n:,}", f"N = {n:,}"), amounts, losses[:, j]) for j, n in enumerate(sizes)]
    caption = Text(
        "The same over the number of examples, both logarithmic.", "同上，随样本数的变化（双对数坐标）。"
    )
    return Chart(series, Text("loss", "损失"), caption, Text("examples", "样本数"), log=True, log_x=True)
