"""Training on after all is right: the last layer's features collapse to one point a class, the corners of a simplex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import resplit_summary
from gradus.systems.plain_rows import Rows, plain_rows
from gradus.systems.several_networks import Networks
from gradus.systems.system import System
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gradus.report import Chart, Comparison, SeedResult
    from gradus.training.run import Run

SETTINGS: dict[str, Any] = {
    "layers": 3,
    "units": 128,
    "epochs": 120,
    "batch_size": 128,
    "optimizer": "sgd",
    "learning_rate": 0.05,
    "momentum": 0.9,
    "weight_decay": 5e-3,
    "schedule": "cosine",
}
KINDS = {
    "normed": (Text("batch norm, weight decay", "批归一化，权重衰减"), True, True),
    "undecayed": (Text("batch norm alone", "仅批归一化"), True, False),
    "plain": (Text("weight decay alone", "仅权重衰减"), False, True),
}
MEASURES = {
    "variability": Text("NC1: within over between", "NC1：类内与类间之比"),
    "lengths": Text("NC2: spread of the lengths", "NC2：长度的离散度"),
    "angles": Text("NC2: distance to the simplex", "NC2：与单纯形夹角之差"),
    "duality": Text("NC3: weights against means", "NC3：权重与类均值之差"),
    "nearest": Text("NC4: against the nearest mean", "NC4：与最近类均值不符"),
}


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Three nets, measured at epochs on the way; the score is NC1 of the one with batch norm and weight decay."""
    from torch.nn.functional import cross_entropy

    from gradus.report import SeedResult
    from gradus.report.classifier import predict

    rows = plain_rows(data, request.seed)
    epochs = request.epochs or SETTINGS["epochs"]
    courses: dict[str, dict[str, list[float]]] = {}
    tests: dict[str, float] = {}
    with Networks(request, len(KINDS) * epochs) as networks:
        for kind, (_, normed, decayed) in KINDS.items():
            built: list[nn.Module] = []

            def build(normed: bool = normed, built: list[nn.Module] = built) -> nn.Module:
                built.append(dense_net(rows.inputs.shape[1], rows.classes, normed))
                return built[-1]

            followed = follow(rows, epochs)
            model, _ = networks.train(
                kind,
                build,
                cross_entropy,
                (rows.inputs, rows.targets),
                epochs=epochs,
                batch_size=SETTINGS["batch_size"],
                optimizer=_optimizer(built, SETTINGS["weight_decay"] if decayed else 0.0),
                schedule=SETTINGS["schedule"],
                callbacks=(followed,),
            )
            courses[kind] = {
                name: [row[name] for row in followed.rows] for name in ("epoch", "right", *MEASURES)
            }
            tests[kind] = float((predict(model, rows.test_inputs).argmax(-1) == rows.test_targets).mean())
    measured = {"courses": courses, "tests": tests}
    return SeedResult(
        score=courses["normed"]["variability"][-1],
        seconds=networks.seconds,
        data=resplit_summary(data),
        comparisons=[_table(courses, tests)],
        charts=[_of_measures(courses["normed"]), _of_kinds(courses)],
        measured=measured,
    )


def dense_net(inputs: int, outputs: int, normed: bool) -> nn.Sequential:
    """A dense ReLU net, with batch norm before each ReLU or not, as PyTorch draws its weights."""
    from torch import nn

    layers: list[nn.Module] = []
    for _ in range(SETTINGS["layers"]):
        layers += [nn.Linear(inputs, SETTINGS["units"])]
        layers += [nn.BatchNorm1d(SETTINGS["units"])] if normed else []
        layers += [nn.ReLU()]
        inputs = SETTINGS["units"]
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def _optimizer(built: Sequence[nn.Module], decay: float) -> Any:
    """Momentum with weight decay, on the parameters of the net that was built last."""
    import torch

    given = {"lr": SETTINGS["learning_rate"], "momentum": SETTINGS["momentum"], "weight_decay": decay}
    return lambda _: torch.optim.SGD(built[-1].parameters(), **given)


def follow(rows: Rows, epochs: int) -> Any:
    """A callback of `fit` that measures the collapse at about a dozen epochs, evenly in their logarithm."""
    import torch

    from gradus.training import Callback

    x, y = torch.from_numpy(rows.inputs), torch.from_numpy(rows.targets)
    when = {*np.geomspace(1, epochs, 12).round().astype(int).tolist()}

    class Following(Callback):
        rows: list[dict[str, Any]]

        def on_start(self, run: Run) -> None:
            self.log = run.open_log("collapse.jsonl")
            self.rows = [] if self.log is None else self.log.rows()

        def on_epoch_end(self, run: Run, row: dict[str, Any]) -> None:
            if row["epoch"] in when:
                found = {"step": run.step, "epoch": row["epoch"], **of_model(run.model, x, y, rows.classes)}
                self.rows.append(found)
                if self.log is not None:
                    self.log.append(found)

    return Following()


def of_model(model: Any, x: Tensor, y: Tensor, classes: int) -> dict[str, float]:
    """What is measured of a net whose last layer is a linear one, in evaluation mode; the net is left in its mode."""
    import torch

    from gradus.training.modes import evaluating

    with evaluating(model), torch.no_grad():
        features = model[:-1](x.to(model[-1].weight.device))
        said = model[-1](features).argmax(1).cpu()
    return collapse(features.cpu().double(), model[-1].weight.detach().cpu().double(), y, said, classes)


def collapse(H: Tensor, W: Tensor, y: Tensor, said: Tensor, classes: int) -> dict[str, float]:
    """The four measures of Papyan, Han and Donoho 2020 of features (n, d), weights (classes, d), classes and predictions."""
    import torch

    means = torch.stack([H[y == c].mean(0) for c in range(classes)])
    centred = means - means.mean(0)
    inner = H - means[y]
    within, between = inner.mT @ inner / len(H), centred.mT @ centred / classes
    lengths = centred.norm(dim=1)
    cosines = (centred / lengths[:, None]) @ (centred / lengths[:, None]).mT
    apart = cosines[~torch.eye(classes, dtype=torch.bool)]
    values = {
        "right": (said == y).double().mean(),
        "variability": (within @ torch.linalg.pinv(between, rtol=1e-10, hermitian=True)).trace() / classes,
        "lengths": lengths.std(correction=0) / lengths.mean(),
        "angles": (apart + 1 / (classes - 1)).abs().mean(),
        "duality": (W / W.norm() - centred / centred.norm()).norm(),
        "nearest": (torch.cdist(H, means).argmin(1) != said).double().mean(),
    }
    return {name: float(value) for name, value in values.items()}


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""

    def mean(kind: str, name: str, at: int) -> float:
        return float(np.mean([m["courses"][kind][name][at] for m in measured]))

    course = measured[0]["courses"]["normed"]
    all_right = min((i for i in range(len(course["epoch"])) if mean("normed", "right", i) == 1), default=None)
    said = []
    if all_right is not None and all_right < len(course["epoch"]) - 1:
        first, last = course["epoch"][all_right], course["epoch"][-1]
        en, zh = (
            ("; " if lang == "en" else "；").join(
                f"{t.get(lang)} {mean('normed', n, all_right):.3g} → {mean('normed', n, -1):.3g}"
                for n, t in MEASURES.items()
            )
            for lang in ("en", "zh")
        )
        said.append(
            Text(
                f"With batch norm and weight decay, all training examples are right at epoch {first}; from there to epoch {last} — {en}.",
                f"有批归一化与权重衰减时，训练样本到第 {first} 轮已全部正确；从那时到第 {last} 轮——{zh}。",
            )
        )
    else:
        said.append(
            Text(
                "With batch norm and weight decay, not all training examples were right before the end.",
                "有批归一化与权重衰减时，训练样本直到最后也未全部正确。",
            )
        )
    ends = {kind: mean(kind, "variability", -1) for kind in KINDS}
    en, zh = (
        ("; " if lang == "en" else "；").join(f"{KINDS[k][0].get(lang)} {v:.3g}" for k, v in ends.items())
        for lang in ("en", "zh")
    )
    said.append(Text(f"NC1 at the end — {en}.", f"最后的 NC1——{zh}。"))
    tests = ", ".join(f"{np.mean([m['tests'][k] for m in measured]):.2%}" for k in KINDS)
    said.append(
        Text(f"Held-out accuracy, in the same order: {tests}.", f"留出样本的准确率，顺序同上：{tests}。")
    )
    return said


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="collapse",
    targets={"digits": 0.02},
    relation="≤",
    settings=SETTINGS,
    text=Text(
        "A dense ReLU net is trained by cross-entropy far beyond the epoch at which all training examples are right, with batch norm and weight decay, and with each alone. "
        "On the way, on the training data, the features before the last layer are measured: NC1 tr(Σ_W Σ_B⁺)/C, within the classes over between them; NC2 how far the C class means, "
        "their mean taken off, are from equal lengths and from the simplex's angle, cos = −1/(C−1); NC3 how far the last layer's weights are from those means, both of size 1; NC4 how often the net says another class than "
        "that of the nearest mean. The score is NC1 with both. The seed draws weights and batches.",
        "稠密 ReLU 网络用交叉熵训练，远远越过训练样本全部正确的那一轮；分别采用“批归一化加权重衰减”以及其中之一。途中在训练数据上测量最后一层之前的特征：NC1 为 tr(Σ_W Σ_B⁺)/C，即类内与类间之比；"
        "NC2 为 C 个类均值（减去总均值后）与等长、与单纯形夹角（余弦 −1/(C−1)）之差；NC3 为最后一层权重与这些类均值（各归一化到 1）之差；NC4 为网络的判断与最近类均值不符的比例。得分为两者兼有时的 NC1。种子决定权重与批次。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(tables=True, channels=(1, 3)),
    about=System(
        "neural-collapse",
        "theory",
        Text("Neural collapse", "神经坍缩"),
        Text(
            "Beyond zero training error, the features of each class shrink to one point, these points become the corners of a simplex, and the last layer's "
            "weights turn towards them.",
            "训练误差为零之后继续训练，每个类别的特征收缩为一点，这些点成为单纯形的顶点，而最后一层的权重也转向它们。",
        ),
        ("training-dynamics", "batch-norm", "cross-entropy"),
    ),
    findings=findings,
)


def _table(courses: Mapping[str, Mapping[str, Sequence[float]]], tests: Mapping[str, float]) -> Comparison:
    from gradus.report import Comparison

    columns = [Text("Network", "网络"), *MEASURES.values(), Text("Held-out accuracy", "留出样本准确率")]
    rows = {KINDS[k][0]: (*(c[name][-1] for name in MEASURES), tests[k]) for k, c in courses.items()}
    return Comparison(
        columns, rows, Text("After the last epoch, on the training data.", "最后一轮之后，训练数据上的测量。")
    )


def _of_measures(course: Mapping[str, Sequence[float]]) -> Chart:
    from gradus.report import Chart, Series

    shown = [name for name in MEASURES if name != "nearest"]
    series = [Series(MEASURES[name], course["epoch"], course[name]) for name in shown]
    caption = Text(
        "What is to become 0 in the collapse, with batch norm and weight decay; both logarithmic.",
        "坍缩时应趋于 0 的各量，有批归一化与权重衰减（双对数坐标）。",
    )
    return Chart(
        series, Text("distance to the collapse", "与坍缩之差"), caption, log=True, log_x=True, wide=True
    )


def _of_kinds(courses: Mapping[str, Mapping[str, Sequence[float]]]) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(KINDS[k][0], c["epoch"], c["variability"]) for k, c in courses.items()]
    caption = Text(
        "NC1 of the three networks, both logarithmic: being right is not collapsing.",
        "三个网络的 NC1（双对数坐标）：全部正确并不等于坍缩。",
    )
    return Chart(series, Text("NC1", "NC1"), caption, log=True, log_x=True)
