"""Full-batch descent with several steps α: the sharpness rises to 2/α, and there it stays."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.progress import make_reporter
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import resplit_summary
from gradus.systems.plain_rows import Rows, plain_rows
from gradus.systems.system import System
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gradus.report import Chart, Comparison, SeedResult

SETTINGS: dict[str, Any] = {
    "step_sizes": [0.05, 0.2, 0.4, 0.8],
    "steps": 1500,
    "layers": 2,
    "units": 64,
    "activation": "tanh",
    "rows": 500,
    "interval": 10,
}
Course = dict[str, Any]


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """One descent for each step size, and one whose step is halved on the way."""
    from gradus.report import SeedResult

    rows = plain_rows(data, request.seed, SETTINGS["rows"])
    steps, sizes = SETTINGS["steps"], SETTINGS["step_sizes"]
    plans = {alpha: [(0, alpha)] for alpha in sizes}
    last = max(sizes)
    cut = [(0, last), (steps // 10, last / 2)]
    begun, reporter = time.perf_counter(), make_reporter(request.progress, steps * (len(plans) + 1), 0)

    def told(done: int, loss: float) -> None:
        reporter.step(done % steps + 1, done + 1, loss)

    try:
        courses = {
            alpha: descended(rows, plan, request.seed, i * steps, told)
            for i, (alpha, plan) in enumerate(plans.items())
        }
        halved = descended(rows, cut, request.seed, len(plans) * steps, told)
    finally:
        reporter.close()
    measured = {"alphas": sizes, "courses": [courses[a] for a in sizes], "halved": halved, "cut": cut}
    return SeedResult(
        score=distance(measured),
        seconds=time.perf_counter() - begun,
        data=resplit_summary(data),
        comparisons=[_table(courses)],
        charts=[_quotients(courses), _losses(courses), _halved(halved, cut)],
        measured=measured,
    )


def tanh_net(inputs: int, outputs: int, seed: int) -> nn.Sequential:
    """A dense net with tanh, as PyTorch draws its weights."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        width = inputs
        for _ in range(SETTINGS["layers"]):
            layers += [nn.Linear(width, SETTINGS["units"]), nn.Tanh()]
            width = SETTINGS["units"]
        return nn.Sequential(*layers, nn.Linear(width, outputs))


def half_square(outputs: Tensor, targets: Tensor) -> Tensor:
    """½‖f − y‖² of an example, the mean over them."""
    return (outputs - targets).square().sum(1).mean() / 2


def descended(
    rows: Rows, plan: Sequence[tuple[int, float]], seed: int, before: int = 0, told: Any = lambda done, loss: None
) -> Course:  # fmt: skip
    """Descent over all rows with the step that the plan has from a time on: sharpness and loss on the way."""
    import torch

    from gradus.theory import SharpnessTracker

    x = torch.from_numpy(rows.inputs)
    y = torch.nn.functional.one_hot(torch.from_numpy(rows.targets), rows.classes).to(x.dtype)
    model = tanh_net(x.shape[1], rows.classes, seed)
    parameters = list(model.parameters())
    tracker = SharpnessTracker(half_square, every=SETTINGS["interval"], tolerance=1e-2, seed=seed)
    alpha, losses, ratios, changes = 0.0, [], [], dict(plan)
    for step in range(SETTINGS["steps"]):
        alpha = changes.get(step, alpha)
        loss = half_square(model(x), y)
        if not bool(loss.isfinite()):
            break
        losses.append(float(loss.detach()))
        found = tracker(model, (x, y), step)
        if found is not None:
            ratios.append(alpha * found.eigenvalue / 2)
        told(before + step, losses[-1])
        with torch.no_grad():
            for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                p.sub_(g, alpha=alpha)
    with torch.no_grad():
        said = model(torch.from_numpy(rows.test_inputs)).argmax(1).numpy()
    return {
        "steps": [step for step, _ in tracker.rows],
        "sharpness": [found.eigenvalue for _, found in tracker.rows],
        "ratios": ratios,
        "losses": losses,
        "diverged": len(losses) < SETTINGS["steps"],
        "accuracy": float((said == rows.test_targets).mean()),
    }


def settled(course: Course) -> float:
    """The median of λα/2 over the last third of the measurements."""
    return float(np.median(course["ratios"][-max(1, len(course["ratios"]) // 3) :]))


def rises(course: Course) -> float:
    """The share of the steps of the last third at which the loss rose."""
    return float((np.diff(course["losses"][2 * len(course["losses"]) // 3 :]) > 0).mean())


def reached(course: Course) -> bool:
    """Whether the sharpness has been at 2/α, in a run that did not diverge."""
    return not course["diverged"] and bool(max(course["ratios"]) >= 1)


def distance(measured: Mapping[str, Any]) -> float:
    """How far from 2/α the sharpness settles, relatively, at most over the steps that got there; 1 where fewer than two did."""
    there = [abs(settled(c) - 1) for c in measured["courses"] if reached(c)]
    return max(there) if len(there) > 1 else 1.0


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    pairs = [
        [(a, m["courses"][i]) for m in measured] for i, a in enumerate(measured[0]["alphas"])
    ]  # of each step size, over the seeds
    there = [of for of in pairs if all(reached(c) for _, c in of)]
    below = [of for of in pairs if not any(reached(c) for _, c in of)]
    said = []
    if there:
        low, high = (f([settled(c) for of in there for _, c in of]) for f in (min, max))
        alphas = ", ".join(f"{of[0][0]:g}" for of in there)
        said.append(
            Text(
                f"With α = {alphas} the sharpness reaches 2/α and stays there: over the last third of the steps its median is {low:.3f} to {high:.3f} of 2/α.",
                f"α = {alphas} 时，锐度到达 2/α 并停留在那里：后三分之一的步数中，其中位数为 2/α 的 {low:.3f} 至 {high:.3f} 倍。",
            )
        )
        share = np.mean([rises(c) for of in there for _, c in of])
        third = 2 * SETTINGS["steps"] // 3
        first, end = (np.mean([c["losses"][i] for of in there for _, c in of]) for i in (third, -1))
        said.append(
            Text(
                f"There the loss rises at {share:.0%} of the steps, and goes from {first:.3g} to {end:.3g} over all of them.",
                f"在那里，{share:.0%} 的步会使损失上升，而整段下来损失由 {first:.3g} 变为 {end:.3g}。",
            )
        )
    for of in below:
        alpha = of[0][0]
        if any(c["diverged"] for _, c in of):
            said.append(Text(f"With α = {alpha:g} it diverged.", f"α = {alpha:g} 时训练发散。"))
            continue
        first, end = (np.mean([c["sharpness"][i] for _, c in of]) for i in (0, -1))
        said.append(
            Text(
                f"With α = {alpha:g} it goes from {first:.3g} to {end:.3g} and does not come to 2/α = {2 / alpha:g} in so many steps.",
                f"α = {alpha:g} 时，它由 {first:.3g} 变到 {end:.3g}，在这么多步内未到达 2/α = {2 / alpha:g}。",
            )
        )
    when, half = measured[0]["cut"][1]
    at = sum(step < when for step in measured[0]["halved"]["steps"])
    before, after = (
        np.mean([np.median(m["halved"]["sharpness"][part]) for m in measured])
        for part in (slice(at // 2, at), slice((at + len(measured[0]["halved"]["steps"])) // 2, None))
    )
    said.append(
        Text(
            f"Where α = {2 * half:g} is halved after {when} steps, the sharpness moves from {before:.3g} to {after:.3g} (2/α: {1 / half:g}, then {2 / half:g}).",
            f"α = {2 * half:g} 在第 {when} 步减半后，锐度由 {before:.3g} 变为 {after:.3g}（2/α 先为 {1 / half:g}，后为 {2 / half:g}）。",
        )
    )
    return said


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="edge-distance",
    targets={"digits": 0.1},
    relation="≤",
    settings=SETTINGS,
    text=Text(
        "A dense tanh net on squared error, ½‖f − y‖² in the mean, by plain descent over all rows at once with several steps α from the same weights. On the way the largest eigenvalue "
        "of the Hessian, the sharpness, is measured. Of the steps with which it comes to 2/α, the score is the largest relative distance between 2/α and the median "
        "sharpness of the last third; at least two must come there. Nothing is tuned; the seed chooses rows and weights.",
        "稠密 tanh 网络，平方误差（½‖f − y‖² 的均值），从同样的权重出发，对全部样本作普通的全批量下降，取若干步长 α；途中测量 Hessian 的最大特征值，即锐度。"
        "对于锐度到达 2/α 的那些步长，得分为后三分之一步数中锐度的中位数与 2/α 的相对差的最大值；至少要有两个步长到达。没有调参；种子决定样本与权重。",
    ),
    fitting=Fitting(tables=True, channels=(1, 3)),
    about=System(
        "edge-of-stability",
        "theory",
        Text("The edge of stability", "稳定边缘"),
        Text(
            "A step α is stable on a quadratic up to the curvature 2/α. Descent on a network drives the curvature up to just that value and goes on "
            "learning there, at the edge, where each step by itself would be unstable.",
            "在二次函数上，步长 α 在曲率不超过 2/α 时稳定。网络上的下降法恰好把曲率推高到这个值，并在这个边缘上继续学习，尽管单看每一步都已不稳定。",
        ),
        ("sharpness", "hessian-spectrum", "training-dynamics"),
    ),
    findings=findings,
)


def _name(alpha: float) -> Text:
    return Text(f"α = {alpha:g}", f"α = {alpha:g}")


def _table(courses: Mapping[float, Course]) -> Comparison:
    from gradus.report import Comparison

    rows = {}
    for alpha, c in courses.items():
        start, most = c["sharpness"][0], max(c["sharpness"])
        rows[_name(alpha)] = (2 / alpha, start, most, settled(c), rises(c), c["losses"][-1], c["accuracy"])
    columns = [
        Text("Step", "步长"),
        Text("2/α", "2/α"),
        Text("Sharpness at the start", "初始锐度"),
        Text("Largest sharpness", "最大锐度"),
        Text("Settled at, of 2/α", "稳定值与 2/α 之比"),
        Text("Share of rises", "上升步的比例"),
        Text("Last loss", "最终损失"),
        Text("Held-out accuracy", "留出样本准确率"),
    ]
    caption = Text(
        "Each step size; settled and rises are of the last third of the steps.",
        "各步长的结果；“稳定值”与“上升步”取自后三分之一的步数。",
    )
    return Comparison(columns, rows, caption)


def _quotients(courses: Mapping[float, Course]) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(_name(a), c["steps"], c["ratios"]) for a, c in courses.items()]
    caption = Text(
        "The sharpness over 2/α: 1, dotted, is the edge. It rises up to there and no further; where it starts above, it comes down.",
        "锐度与 2/α 之比：点线处的 1 即边缘。它升到那里便不再上升；若起点在其上方，则降到那里。",
    )
    return Chart(series, Text("sharpness over 2/α", "锐度与 2/α 之比"), caption, Text("step", "步"), target=1.0, wide=True)  # fmt: skip


def _losses(courses: Mapping[float, Course]) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(_name(a), c["steps"], [c["losses"][s] for s in c["steps"]]) for a, c in courses.items()]
    caption = Text(
        "The loss, logarithmic. At the edge it is no longer monotone.",
        "损失（对数坐标）。在边缘处它不再单调。",
    )
    return Chart(series, Text("loss", "损失"), caption, Text("step", "步"), log=True)


def _halved(course: Course, cut: Sequence[tuple[int, float]]) -> Chart:
    from gradus.report import Chart, Series

    (_, first), (when, second) = cut
    levels = [2 / (first if step < when else second) for step in course["steps"]]
    series = [
        Series(Text("sharpness", "锐度"), course["steps"], course["sharpness"]),
        Series(Text("2/α", "2/α"), course["steps"], levels),
    ]
    caption = Text(
        f"The step is halved after {when} steps: the sharpness follows 2/α.",
        f"第 {when} 步后步长减半：锐度随 2/α 而变。",
    )
    return Chart(series, Text("sharpness", "锐度"), caption, Text("step", "步"))
