"""A density of real data in the plane: three flows beside a normal distribution and a mixture of ten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import resplit_summary
from gradus.systems.plain_rows import plain_rows
from gradus.systems.several_networks import Networks
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gradus.report import Comparison, Picture, SeedResult

SETTINGS: dict[str, Any] = {
    "layers": {"realnvp": 8, "maf": 8, "planar": 16},
    "units": 32,
    "epochs": 30,
    "batch_size": 64,
    "optimizer": "adam",
    "learning_rate": 3e-3,
    "schedule": "cosine",
    "normal_components": 10,
}
NAMES = {
    "realnvp": Text("RealNVP", "RealNVP"),
    "maf": Text("masked autoregressive flow", "掩码自回归流"),
    "planar": Text("planar flow", "平面流"),
}
NORMAL = Text("one normal distribution", "一个正态分布")
MIXTURE = Text("mixture of normal distributions", "正态混合")


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """Three flows on the first two principal components; the score is what RealNVP gains over one normal distribution, on held-out points."""
    import torch

    from gradus.report import SeedResult

    learn, held = plane(data, request.seed)
    x, y = torch.from_numpy(learn), torch.from_numpy(held)
    epochs = request.epochs or SETTINGS["epochs"]
    logs: dict[Text, tuple[float, float]] = {}
    flows: dict[str, Any] = {}
    with Networks(request, len(NAMES) * epochs) as networks:
        for kind, name in NAMES.items():
            flows[kind], _ = networks.train(
                kind,
                maker(kind),
                negative_log_likelihood,
                (x, torch.zeros(len(x), dtype=torch.long)),
                epochs=epochs,
                batch_size=SETTINGS["batch_size"],
                optimizer=SETTINGS["optimizer"],
                learning_rate=SETTINGS["learning_rate"],
                schedule=SETTINGS["schedule"],
            )
            flow = flows[kind].to("cpu").eval()
            with torch.no_grad():
                logs[name] = float(flow.log_prob(x).mean()), float(flow.log_prob(y).mean())
    with torch.no_grad():
        best = flows["realnvp"]
        missed = max(float((flow.inverse(flow(y)[0])[0] - y).abs().max()) for flow in flows.values())
        drawn = best.sample(len(learn), seed=request.seed).numpy()
    logs |= peers(learn, held, request.seed)
    gain = logs[NAMES["realnvp"]][1] - logs[NORMAL][1]
    table = {name: {"learnt": a, "held": b} for name, (a, b) in logs.items()}
    return SeedResult(
        score=gain,
        seconds=networks.seconds,
        data=resplit_summary(data),
        comparisons=[_table(logs)],
        pictures=[_densities(flows, held), _draws(drawn, held)],
        measured={"logs": {name.en: row for name, row in table.items()}, "missed": missed},
    )


def plane(data: Dataset, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The first two principal components of the rows to learn from, each of deviation 1; those held out by the same map."""
    rows = plain_rows(data, seed)
    V = np.linalg.svd(rows.inputs.astype(float), full_matrices=False)[2][:2]
    V = V * np.sign(V[np.arange(2), np.abs(V).argmax(1)])[:, None]
    learn, held = rows.inputs @ V.T, rows.test_inputs @ V.T
    scale = learn.std(0)
    return (learn / scale).astype(np.float32), (held / scale).astype(np.float32)


def maker(kind: str) -> Callable[[], nn.Module]:
    """Makes a flow over the plane."""
    from gradus.inference import MaskedAutoregressiveFlow, PlanarFlow, RealNVP

    layers, hidden = SETTINGS["layers"][kind], (SETTINGS["units"],) * 2
    return {
        "realnvp": lambda: RealNVP(2, layers, hidden=hidden),
        "maf": lambda: MaskedAutoregressiveFlow(2, layers, hidden=hidden),
        "planar": lambda: PlanarFlow(2, layers),
    }[kind]


def negative_log_likelihood(outputs: tuple[Tensor, Tensor], _: Tensor) -> Tensor:
    """−ln p a point, of what a flow gives over a standard normal base."""
    z, log_det = outputs
    return ((z**2).sum(-1) / 2 + z.shape[-1] * float(np.log(2 * np.pi)) / 2 - log_det).mean()


def peers(learn: np.ndarray, held: np.ndarray, seed: int) -> dict[Text, tuple[float, float]]:
    """Mean ln p, learnt and held out, of normal distributions fitted to the same points."""
    from gradus.inference import GaussianMixture

    found = {}
    for name, k in ((NORMAL, 1), (MIXTURE, SETTINGS["normal_components"])):
        made = GaussianMixture(k, covariance_type="full", reg_covar=1e-3, n_init=2, random_state=seed)
        made.fit(learn.astype(float))
        found[name] = float(made.score(learn.astype(float))), float(made.score(held.astype(float)))
    return found


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""

    def mean(name: Text, which: str = "held") -> float:
        return float(np.mean([m["logs"][name.en][which] for m in measured]))

    order = sorted((*NAMES.values(), NORMAL, MIXTURE), key=mean, reverse=True)
    en = ", ".join(f"{name.en} {mean(name):.3f}" for name in order)
    zh = "、".join(f"{name.zh} {mean(name):.3f}" for name in order)
    best = max(NAMES.values(), key=mean)
    over = mean(best) - mean(MIXTURE)
    verdict = (
        (
            f"the best flow, the {best.en}, is better than the mixture",
            f"最好的流（{best.zh}）优于正态混合",
        )
        if over > 0
        else (
            f"no flow is better than the mixture; the best is the {best.en}",
            f"没有一个流优于正态混合；其中最好的是{best.zh}",
        )
    )
    gap = {name: mean(name, "learnt") - mean(name) for name in NAMES.values()}
    most = max(gap, key=lambda name: gap[name])
    missed = max(m["missed"] for m in measured)
    return [
        Text(f"Held-out mean of ln p, in nats: {en}.", f"留出点的 ln p 均值（奈特）：{zh}。"),
        Text(
            f"By {abs(over):.3f} nats, {verdict[0]}.",
            f"相差 {abs(over):.3f} 奈特：{verdict[1]}。",
        ),
        Text(
            f"The largest gap between learnt and held-out points is {gap[most]:.3f} nats ({most.en}): so much it learnt by heart.",
            f"训练点与留出点之间差距最大的是{most.zh}，为 {gap[most]:.3f} 奈特：这部分是背下来的。",
        ),
        Text(
            f"Led to the normal distribution and back in single precision, no coordinate of a held-out point misses by more than {missed:.1e}.",
            f"以单精度带到正态分布再带回，留出点的坐标误差不超过 {missed:.1e}。",
        ),
    ]


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="log-density-gain",
    targets={"digits": 0.2},
    settings=SETTINGS,
    text=Text(
        "The data are put into the plane of their first two principal components, each of deviation 1; a fifth of the points is held out. Three flows (RealNVP, masked autoregressive, planar) are "
        "trained there by maximum likelihood, without classes, and set beside one normal distribution and a mixture of them. The score is by how many nats a held-out point RealNVP's mean ln p is above that of the one normal "
        "distribution. The seed draws the split, the weights and the batches.",
        "把数据投到前两个主成分的平面上，各自标准差为 1；留出五分之一的点。三种流（RealNVP、掩码自回归、平面流）在其上用最大似然训练，不用类别，并与一个正态分布、一个正态混合比较。得分是留出点上 RealNVP 的 ln p 均值比一个正态分布高出多少奈特。种子决定划分、权重与批次。",
    ),
    honours=("epochs", "device"),
    fitting=Fitting(tables=True, channels=(1, 3), columns=2),
    findings=findings,
)


def _table(logs: Mapping[Text, tuple[float, float]]) -> Comparison:
    from gradus.report import Comparison

    columns = [
        Text("Density", "密度"),
        Text("Mean ln p, learnt points", "ln p 均值，训练点"),
        Text("Mean ln p, held out", "ln p 均值，留出点"),
    ]
    caption = Text("In nats a point; higher is better.", "单位为奈特/点；越高越好。")
    return Comparison(columns, dict(logs), caption)


def _densities(flows: Mapping[str, Any], held: np.ndarray) -> Picture:
    """Contours of each flow's density, with the held-out points."""
    import torch

    from gradus.page.figures import COLOURS, canvas, svg
    from gradus.report import Picture

    low, high = held.min(0) - 0.6, held.max(0) + 0.6
    axes = [np.linspace(a, b, 90, dtype=np.float32) for a, b in zip(low, high, strict=True)]
    grid = torch.from_numpy(np.stack(np.meshgrid(*axes, indexing="ij"), -1))
    with torch.no_grad():
        values = {kind: flow.log_prob(grid).exp().numpy().T for kind, flow in flows.items()}

    def draw(lang: str) -> str:
        figure, panels = canvas(columns=3, width=9.0, height=3.3)
        for ax, (kind, p) in zip(panels, values.items(), strict=True):
            ax.contour(
                *axes, p, levels=np.array([0.01, 0.05, 0.2, 0.5]) * p.max(), colors=COLOURS[0], linewidths=0.9
            )
            ax.plot(*held.T, ".", ms=2.2, color=COLOURS[1], alpha=0.6)
            ax.set_title(NAMES[kind].get(lang))
            ax.set_xlabel(Text("first component", "第一主成分").get(lang))
        panels[0].set_ylabel(Text("second component", "第二主成分").get(lang))
        return svg(figure, name="densities")

    caption = Text(
        "The three densities, at 1, 5, 20 and 50 % of their peaks, and the held-out points, which they have not seen.",
        "三种密度，等高线为其峰值的 1%、5%、20% 与 50%，以及它们没有见过的留出点。",
    )
    peaks = ", ".join(f"{NAMES[k].en} {p.max():.3g}" for k, p in values.items())
    peaks_zh = "、".join(f"{NAMES[k].zh} {p.max():.3g}" for k, p in values.items())
    alt = Text(f"Contours of three densities; peaks: {peaks}", f"三种密度的等高线；峰值：{peaks_zh}")
    return Picture(draw, caption, alt, wide=True)


def _draws(drawn: np.ndarray, held: np.ndarray) -> Picture:
    from gradus.report import Picture
    from gradus.report.scatter import scatter

    n = min(len(drawn), len(held))
    both = np.concatenate((held[:n], drawn[:n]))
    labels = Text("first component", "第一主成分"), Text("second component", "第二主成分")
    caption = Text(
        f"{n} held-out points (blue) and as many draws from RealNVP (orange).",
        f"{n} 个留出点（蓝）与同样多的 RealNVP 抽样（橙）。",
    )
    spread = ", ".join(f"{a.std():.2f}" for a in (*held[:n].T, *drawn[:n].T))
    alt = Text(
        f"Deviations of both coordinates, held out and drawn: {spread}",
        f"两个坐标的标准差，留出点与抽样：{spread}",
    )
    group = np.repeat([0, 1], n)
    return Picture(scatter(both[:, 0], both[:, 1], *labels, groups=group, wide=True), caption, alt, wide=True)
