"""Several networks that one seed trains under one budget: what the recipes that compare networks share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from gradus.progress import make_reporter
from gradus.systems.contract import SeedRequest

if TYPE_CHECKING:
    from torch import nn

    from gradus.training import Callback, Fitted
    from gradus.training.run import Run

Network = TypeVar("Network", bound="nn.Module")


class Networks:
    """Trains one network after another, each in a folder of its own below the seed's, with one progress for all.

    A resumed run takes each network up where it was: what is done stays, the one that was stopped goes on from its last
    checkpoint.
    """

    def __init__(self, request: SeedRequest, epochs: int) -> None:
        """Begins with none.

        Args:
            request: the seed is that of the weights and of the order of the data of each network.
            epochs: of all networks together, for the progress.
        """
        from gradus.training.distributed import process_group
        from gradus.training.signals import SignalWatch

        with process_group() as group:
            style = request.progress if group.rank == 0 else "silent"
        self.request, self.epochs, self.seconds = request, 0, 0.0
        self.reporter = make_reporter(style, epochs, 0)
        self.watch = SignalWatch()

    def __enter__(self) -> Networks:
        """Within the block networks are trained; a signal between two of them, too, ends it in order."""
        self.watch.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the progress."""
        self.watch.__exit__(kind, error, trace)
        self.reporter.close()

    def train(
        self,
        name: str,
        build: Callable[[], Network],
        loss: Callable[..., Any],
        data: tuple[Any, Any],
        *,
        epochs: int,
        callbacks: Sequence[Callback] = (),
        **settings: Any,
    ) -> tuple[Network, Fitted]:
        """One network, and what came of it.

        Args:
            name: of its folder: small letters, digits and hyphens.
            build: makes it; PyTorch's generator is then at the seed.
            loss: as `gradus.training.fit` takes it.
            data: inputs and targets to learn from.
            epochs: passes over the data.
            callbacks: of its training.
            settings: the others of `gradus.training.fit`.

        Raises:
            GradusError: what `fit` raises; a NonFiniteError where the training diverges.
            Interrupted: on a signal, once a checkpoint is written.
        """
        import torch

        from gradus.training import Interrupted, NonFiniteError, fit

        request = self.request
        directory = None if request.directory is None else request.directory / name
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(request.seed)
            model = build()
        try:
            fitted = fit(
                model,
                loss,
                data,
                epochs=epochs,
                seed=request.seed,
                directory=directory,
                resume=request.resume,
                device=request.device,
                progress="silent",
                callbacks=(self._moving(), *callbacks),
                **settings,
            )
            if self.watch.caught:  # too late to stop this network
                raise Interrupted(self.watch.caught, fitted.checkpoint)
        except Interrupted:
            self.reporter.say(
                f"{name}: stopped, " + (f"state saved in {directory}" if directory else "no state")
            )
            raise
        except NonFiniteError:
            self.reporter.say(f"{name}: diverged")
            raise
        finally:
            self.epochs += epochs
        self.seconds += _whole_seconds(fitted, directory)
        figures = ", ".join(
            f"{k.replace('_', ' ')} {v:.4g}" for k, v in fitted.history[-1].items() if _is_figure(k, v)
        )
        self.reporter.say(f"{name}: {figures} ({fitted.seconds:.1f} s)")
        return model, fitted

    def _moving(self) -> Callback:
        """Moves the progress of all networks with the epochs of the next one."""
        from gradus.training import Callback

        reporter, before = self.reporter, self.epochs

        class Moving(Callback):
            def on_epoch_end(self, run: Run, row: dict[str, Any]) -> None:
                reporter.step(row["epoch"], before + row["epoch"], row["loss"])

        return Moving()


def _whole_seconds(fitted: Fitted, directory: Path | None) -> float:
    """The time in training steps, that of earlier processes included which a resumed run goes on from."""
    from gradus.training.logs import read_rows

    timings = None if directory is None else directory / "timings.jsonl"
    if timings is None or not timings.is_file():
        return fitted.seconds
    return float(sum(row["seconds"] for row in read_rows(timings)))


def _is_figure(key: str, value: Any) -> bool:
    return isinstance(value, float) and key != "learning_rate"
