"""The LSTM with peepholes where time is the signal: a spike so many steps after another, or how far apart two spikes are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data.generated import Generated
from gradus.systems.contract import Option, Recipe, SeedRequest
from gradus.systems.several_networks import Networks
from gradus.systems.spike_timing import (
    INTERVAL,
    at_the_step,
    gaps,
    spike_loss,
    spikes_to_answer,
    squared,
    within_half_a_step,
)  # fmt: skip
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison, SeedResult
    from gradus.systems.sequence_reading import Reader
    from gradus.training import Fitted

TARGET, TRAINING, HELD_OUT = 0.95, 400, 200  # the accuracy to reach; sequences
SETTINGS: dict[str, Any] = {
    "epochs": 32,
    "sequences": TRAINING,
    "interval": INTERVAL,
    "units": 4,
    "batch_size": 16,
    "optimizer": "adam",
    "learning_rate": 0.02,
    "schedule": "cosine",
    "clip_norm": 1.0,
}
SHOWN = ("sequences", "interval", "units")  # settings that are none of `fit`
NETWORKS = {"peepholes": Text("with peepholes", "有窥孔"), "none": Text("without", "无窥孔")}


def train(data: Generated, request: SeedRequest) -> SeedResult:
    """The share of spikes that the LSTM with peepholes times to the step, and that of one without with the same budget."""
    import torch

    from gradus.report import SeedResult
    from gradus.report.summary import layers_of
    from gradus.systems.sequence_reading import answers

    task = request.options.get("task", "answer")
    draw, loss, accuracy = (
        (spikes_to_answer, spike_loss, at_the_step)
        if task == "answer"
        else (gaps, squared, within_half_a_step)
    )
    settings = {k: v for k, v in SETTINGS.items() if k not in SHOWN}
    settings["epochs"] = request.epochs or settings["epochs"]
    rng = np.random.default_rng(request.seed)
    training, validation, test = (draw(n, rng) for n in (TRAINING, HELD_OUT, HELD_OUT))
    runs: dict[str, tuple[Reader, Fitted]] = {}
    scores: dict[str, float] = {}
    settings |= {"validation": validation, "metrics": {"accuracy": accuracy}}
    with Networks(request, len(NETWORKS) * settings["epochs"]) as networks:
        for kind in NETWORKS:
            build = partial(network, kind == "peepholes", task == "answer")
            runs[kind] = networks.train(kind, build, loss, training, **settings)
    for kind, (net, _) in runs.items():
        scores[kind] = float(accuracy(torch.from_numpy(answers(net, test[0])), torch.from_numpy(test[1])))
    first = runs["peepholes"][0]
    return SeedResult(
        score=scores["peepholes"],
        seconds=networks.seconds,
        layers=layers_of(first, torch.from_numpy(test[0][:1]).to(next(first.parameters()).device)),
        charts=[learning(runs), answered(runs) if task == "answer" else errors(runs, rng)],
        comparisons=(comparison(runs, scores),),
        data=data.summary(SPLIT, test[0].shape[1:], train=TRAINING, validation=HELD_OUT, test=HELD_OUT),
    )


def network(peepholes: bool, every_step: bool) -> Reader:
    """An LSTM and its readout; the peepholes begin at 0 and, where there shall be none, stay there."""
    import torch

    from gradus.networks import PeepholeLSTM
    from gradus.systems.sequence_reading import Reader

    layer = PeepholeLSTM(1, SETTINGS["units"], batch_first=True)
    with torch.no_grad():
        layer.weight_peephole.zero_()
    layer.weight_peephole.requires_grad_(peepholes)
    return Reader(layer, SETTINGS["units"], every_step)


def comparison(runs: dict[str, tuple[Reader, Fitted]], scores: dict[str, float]) -> Comparison:
    """Whether each network reached the target on new sequences, after how many steps, how well it did."""
    from gradus.report import Comparison
    from gradus.systems.sequence_reading import steps_to

    columns = (
        Text("Network", "网络"), Text("95 % right to the step", "95 % 精确到步"), Text("steps until then", "所需步数"),
        Text("accuracy", "准确率"), Text("parameters", "参数量"),
    )  # fmt: skip
    rows = {
        NETWORKS[kind]: (
            scores[kind] >= TARGET, steps_to(fitted, TARGET), scores[kind],
            sum(p.numel() for p in net.parameters() if p.requires_grad),
        )
        for kind, (net, fitted) in runs.items()
    }  # fmt: skip
    caption = Text(
        "The same LSTM with its peepholes learnt and with none: the same first weights, sequences and number of steps.",
        "同一个 LSTM，学习窥孔权重与不设窥孔：初始权重、序列与训练步数都相同。",
    )
    return Comparison(columns, rows, caption)


def learning(runs: dict[str, tuple[Reader, Fitted]]) -> Chart:
    """The accuracy over the training."""
    from gradus.report import Chart, Series

    series = [
        Series(NETWORKS[kind], [r["step"] for r in f.history], [r["validation_accuracy"] for r in f.history])
        for kind, (_, f) in runs.items()
    ]
    caption = Text(
        "Share of the held-out sequences that are timed to the step, over the training; dotted: 95 %.",
        "训练中留出序列精确到步的比例；点线为 95 %。",
    )
    return Chart(series, Text("accuracy", "准确率"), caption, Text("step", "步"), target=TARGET)


def answered(runs: dict[str, tuple[Reader, Fitted]]) -> Chart:
    """The outputs after one spike at step 0."""
    from gradus.report import Chart, Series
    from gradus.systems.sequence_reading import answers

    x = np.zeros((1, 5 * INTERVAL // 2, 1), np.float32)
    x[0, 0] = 1
    series = [
        Series(NETWORKS[kind], list(range(x.shape[1])), 1 / (1 + np.exp(-answers(net, x)[0].astype(float))))
        for kind, (net, _) in runs.items()
    ]
    caption = Text(
        f"The trained networks after one spike at step 0: the answer should come at step {INTERVAL}, and at no other.",
        f"第 0 步有一个脉冲时训练后网络的输出：应在第 {INTERVAL} 步且仅在该步作答。",
    )
    return Chart(series, Text("spike probability", "脉冲概率"), caption, Text("step t", "步 t"))


def errors(runs: dict[str, tuple[Reader, Fitted]], rng: np.random.Generator) -> Chart:
    """The mean error of each distance, in steps."""
    from gradus.report import Chart, Series
    from gradus.systems.sequence_reading import answers

    x, y = gaps(2000, rng)
    gap, places = np.round(y * INTERVAL), list(range(1, INTERVAL + 1))
    series = []
    for kind, (net, _) in runs.items():
        wrong = np.abs(answers(net, x) - y) * INTERVAL
        series.append(Series(NETWORKS[kind], places, [float(wrong[gap == k].mean()) for k in places]))
    caption = Text(
        "Error of each distance between two spikes, in steps; dotted: half a step.",
        "各脉冲间距的误差（步）；点线为半步。",
    )
    return Chart(series, Text("error", "误差"), caption, Text("distance", "间距"), target=0.5)


SPLIT = Text(
    "Drawn by the seed. Every place of the spikes occurs in the training: what is tested is how exactly time is kept.",
    "由种子抽取。脉冲的每种位置都出现在训练中：测试的是计时的精确程度。",
)
RECIPE = Recipe(
    train=train,
    data=("spike-intervals",),
    metric="accuracy",
    targets={"spike-intervals": TARGET},
    settings=SETTINGS,
    text=Text(
        "Tasks after Gers, Schraudolph and Schmidhuber (2002). In “answer” one spike comes in, and one shall come out 20 steps later, at no "
        "other step; in “measure” the question is how far apart two spikes are. The score is the share of the sequences that the network with "
        "peepholes tells right to the step; the same network without them has the same budget. The target, 95 %, is ours: the paper asks for other tasks, and counts training sequences.",
        "任务仿照 Gers、Schraudolph 与 Schmidhuber（2002）。“answer”：输入一个脉冲，20 步之后且仅在那一步输出一个脉冲；“measure”：两个脉冲相距几步？"
        "得分为有窥孔的网络精确到步的序列所占比例；无窥孔的同一网络训练预算相同。目标值 95 % 由我们设定：论文的任务不同，且以训练序列数计。",
    ),
    honours=("epochs", "device"),
    options=(
        Option("task", Text("answer a spike, or measure a distance", "回应脉冲，或测量间距"), {"answer": {}, "measure": {}}),
    ),
)  # fmt: skip
