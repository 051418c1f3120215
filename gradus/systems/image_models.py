"""What the generative systems share: training through `fit`, the averaged weights, the images and what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gradus.data import Dataset
from gradus.systems.contract import SeedRequest
from gradus.systems.sampler import Sampler, keep
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gradus.report import Chart, Comparison, Picture, SeedResult
    from gradus.report.summary import Layer
    from gradus.training import Fitted

OF_A_SNAPSHOT = 360  # images, by which the distance is measured over the training


@dataclass(frozen=True)
class Trained:
    """A generative system after its training.

    Attributes:
        module: all that was trained, with the averaged weights, where they were averaged.
        net: the part of it that is kept.
        sampler: what makes images with it.
        fitted: what `fit` says.
        snapshots: the callback that kept images over the training.
    """

    module: Any
    net: nn.Module
    sampler: Sampler
    fitted: Fitted
    snapshots: Any = field(repr=False)


def images_with_classes(data: Dataset) -> tuple[Tensor, Tensor]:
    """Images from −1 to 1 with their class as one more channel, (n, C + 1, H, W); the targets are of no use."""
    import torch

    x, classes = torch.from_numpy(data.train_inputs), torch.from_numpy(data.train_targets)
    channel = classes[:, None, None, None].to(x.dtype).expand(-1, 1, *x.shape[2:])
    return torch.cat((2 * x - 1, channel), 1), torch.zeros(len(x))


def parted(batch: Tensor) -> tuple[Tensor, Tensor]:
    """The images and the classes of what `images_with_classes` put together."""
    return batch[:, :-1], batch[:, -1, 0, 0].round().long()


def trained_images(
    *,
    build: Callable[[], nn.Module],
    of: Callable[[Any], nn.Module],
    sampler: Callable[[Any], Sampler],
    data: tuple[Any, Any],
    request: SeedRequest,
    settings: Mapping[str, Any],
    keep_with: Mapping[str, Any],
    metrics: Mapping[str, Callable[..., Any]] | None = None,
    before_sampling: Callable[[Any], None] = lambda module: None,
) -> Trained:
    """Trains a module whose outputs are the losses of the samples, and keeps what is needed to sample.

    Args:
        build: makes the module; PyTorch's generator is then at the seed.
        of: the part of the module that is kept.
        sampler: what makes images with the module.
        data: inputs and targets.
        request: of the seed.
        settings: of `fit`.
        keep_with: what `RECIPE.sampler` needs beside the weights.
        metrics: of `fit`.
        before_sampling: what is to be done to the module with other weights than those of the last step, before it makes images.

    Raises:
        GradusError: what `fit` raises; a NonFiniteError where the training diverges.
    """
    import torch

    from gradus.systems.sample_pictures import snapshots
    from gradus.training import fit
    from gradus.training.known_losses import mean_of_outputs

    chosen = {**settings, **({} if request.epochs is None else {"epochs": request.epochs})}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(request.seed)
        module = build()
    made = sampler(module)

    def snapshot() -> Tensor:
        before_sampling(module)
        return made.draw(OF_A_SNAPSHOT, 0)[0]

    watch = snapshots(snapshot, request.directory, chosen["epochs"])
    fitted = fit(
        module,
        mean_of_outputs,
        data,
        callbacks=(watch,),
        seed=request.seed,
        directory=request.directory,
        resume=request.resume,
        progress=request.progress,
        device=request.device,
        metrics=metrics,
        **chosen,
    )
    if fitted.averaged is not None:
        live = dict(module.named_parameters())
        with torch.no_grad():
            for name, value in fitted.averaged.items():
                live[name].copy_(value)
    before_sampling(module)
    module.eval()
    keep(request.directory, of(module).state_dict(), keep_with)
    return Trained(module, of(module), made, fitted, watch)


def sample_result(
    trained: Trained,
    data: Dataset,
    request: SeedRequest,
    pictures: Callable[[], Sequence[Picture]] = tuple,
    charts: Sequence[Chart] = (),
    tables: Sequence[Comparison] = (),
    layers: Sequence[Layer] = (),
    score: float | None = None,
    measured: Mapping[str, Any] | None = None,
) -> SeedResult:
    """What a seed gives: a score, the samples' Fréchet distance over that of real images unless another is given, and all that the report shows."""
    from gradus.report import SeedResult
    from gradus.report.charts import Series, loss_chart
    from gradus.systems import sample_pictures as shown
    from gradus.systems.sample_quality import distance_chart, measured_quality, quality_table, quotient

    found = measured_quality(trained.sampler.draw, data)
    rows = trained.fitted.history
    losses = Series(
        Text("training loss", "训练损失"), list(range(1, len(rows) + 1)), [r["loss"] for r in rows]
    )
    kept = shown.kept_images(trained.snapshots, request.directory)
    return SeedResult(
        score=quotient(found) if score is None else score,
        seconds=trained.fitted.seconds,
        layers=layers,
        comparisons=[quality_table(found), *tables],
        charts=[loss_chart([losses]), *charts, *distance_chart(kept, data)],
        pictures=lambda: [
            shown.sample_rows(trained.sampler),
            *shown.over_training(kept),
            *pictures(),
            shown.interpolations(trained.sampler),
            shown.nearest_neighbours(trained.sampler, data),
        ],
        measured={**found, **(measured or {})},
    )
