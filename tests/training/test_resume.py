"""A run that was cut off and taken up again ends with the bits of the unbroken one."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from small_run import StopAt, Stopped, data, digest, model, noisy, train

from gradus import GradusError
from gradus.training import Callback, CheckpointError, EarlyStopping, GradientNorms, read_rows
from gradus.training.optimizers import OPTIMIZERS

# The run has 3 epochs of 6 steps (the last of each is a smaller batch) and a checkpoint every 4 steps: stops within the
# first epoch before any checkpoint, within an epoch after one, at the very end of an epoch, and in the last step.
STOPS = (3, 5, 8, 12, 17)
FEATURES: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("conv", {}),
    "dropout": ("conv dropout", {}),
    "batch norm": ("conv norm", {}),
    "average": ("conv", {"ema": 0.9}),
    "accumulation": ("conv norm", {"accumulate": 2, "batch_size": 8}),
    "augmentation": ("conv dropout", {"augment": noisy}),
    "everything": (
        "conv norm dropout",
        {
            "ema": 0.9,
            "accumulate": 2,
            "batch_size": 8,
            "augment": noisy,
            "clip_norm": 0.5,
            "precision": "bfloat16",
        },
    ),
}
SCHEDULES = (None, "cosine", "warmup-cosine")


def grid() -> list[tuple[str, str | None, int, str]]:
    """Every optimiser, schedule, stop and feature, each paired with the others in turn."""
    cycle = itertools.cycle
    rows = zip(
        [name for name in OPTIMIZERS for _ in range(5)],
        cycle(SCHEDULES),
        cycle(STOPS),
        cycle(list(FEATURES)),
        strict=False,
    )
    return list(rows)


def settings_of(optimizer: str, schedule: str | None, feature: str) -> tuple[str, dict[str, Any]]:
    kind, extra = FEATURES[feature]
    rate = 0.3 if optimizer == "lbfgs" else 0.01
    common = {"optimizer": optimizer, "learning_rate": rate, "schedule": schedule, "checkpoint_every": 4}
    return kind, {**common, "validation": data(20, 8), **extra}


def unbroken_and_resumed(folder: Path, kind: str, settings: dict[str, Any], stop: int) -> None:
    train(model(kind), folder / "whole", **settings)
    with pytest.raises(Stopped):
        train(model(kind), folder / "cut", callbacks=[StopAt(stop)], **settings)
    # Another initialisation, where there is a checkpoint: nothing may survive from it.
    train(model(kind, seed=3 if stop < 4 else 99), folder / "cut", resume=True, **settings)
    assert digest(folder / "cut") == digest(folder / "whole")


@pytest.mark.parametrize(("optimizer", "schedule", "stop", "feature"), grid())
def test_resume_is_exact(
    tmp_path: Path, optimizer: str, schedule: str | None, stop: int, feature: str
) -> None:
    kind, settings = settings_of(optimizer, schedule, feature)
    unbroken_and_resumed(tmp_path, kind, settings, stop)


def test_the_grid_is_wide_enough() -> None:
    assert len(set(grid())) >= 60
    for column, values in zip(
        zip(*grid(), strict=True), (OPTIMIZERS, SCHEDULES, STOPS, FEATURES), strict=True
    ):
        assert set(column) == set(values)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_resume_is_exact_for_every_combination(tmp_path: Path, optimizer: str) -> None:
    for number, (schedule, stop, feature) in enumerate(itertools.product(SCHEDULES, STOPS, FEATURES)):
        kind, settings = settings_of(optimizer, schedule, feature)
        unbroken_and_resumed(tmp_path / str(number), kind, settings, stop)


def test_what_is_not_restored_would_be_noticed(tmp_path: Path) -> None:
    """The comparison can fail: another seed gives another digest."""
    train(model("conv dropout"), tmp_path / "a", seed=0)
    train(model("conv dropout"), tmp_path / "b", seed=1)
    assert digest(tmp_path / "a")[0] != digest(tmp_path / "b")[0]


def test_twenty_cuts_in_a_row(tmp_path: Path) -> None:
    kind, settings = settings_of("adam", "warmup-cosine", "everything")
    settings |= {"epochs": 4, "checkpoint_every": 1}
    train(model(kind), tmp_path / "whole", **settings)
    for stop in range(1, 21):
        with pytest.raises(Stopped):
            train(
                model(kind, seed=stop if stop > 2 else 3),
                tmp_path / "cut",
                resume=True,
                callbacks=[StopAt(stop)],
                **settings,
            )
    train(model(kind), tmp_path / "cut", resume=True, **settings)
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")


def test_more_epochs_go_on_from_a_finished_run(tmp_path: Path) -> None:
    train(model(), tmp_path / "whole", epochs=4)
    train(model(), tmp_path / "cut", epochs=2)
    fitted = train(model(), tmp_path / "cut", epochs=4, resume=True)
    assert fitted.steps == 24 and fitted.stopped == "finished" and fitted.exact
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first, net = train(model(), tmp_path), model(seed=5)
    again = train(net, tmp_path, resume=True)
    assert again.history == first.history and again.seconds == 0
    assert torch.equal(net[0].bias, train(model(), None) and net[0].bias)


def test_early_stopping_is_taken_up(tmp_path: Path) -> None:
    settings = {
        "epochs": 12,
        "early_stopping": EarlyStopping("loss", 2, improvement=0.5),
        "checkpoint_every": 2,
    }
    whole = train(model(), tmp_path / "whole", **settings)
    assert whole.stopped == "early" and whole.epochs == 3
    with pytest.raises(Stopped):
        train(model(), tmp_path / "cut", callbacks=[StopAt(15)], **settings)
    assert train(model(), tmp_path / "cut", resume=True, **settings).stopped == "early"
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")


def test_gradient_norms_are_taken_up(tmp_path: Path) -> None:
    train(model(), tmp_path / "whole", callbacks=[GradientNorms(every=2)])
    with pytest.raises(Stopped):
        train(model(), tmp_path / "cut", callbacks=[GradientNorms(every=2), StopAt(10)])
    rows = GradientNorms(every=2)
    train(model(), tmp_path / "cut", resume=True, callbacks=[rows])
    name = "gradient_norms.jsonl"
    assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert rows.rows == read_rows(tmp_path / "whole" / name) and len(rows.rows) == 9
    assert set(rows.rows[0]["norms"]) == {"0.weight", "0.bias", "4.weight", "4.bias"}


# R-ENV


class Threads:
    """A number of threads, put back afterwards."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __enter__(self) -> None:
        self.before = torch.get_num_threads()
        torch.set_num_threads(self.count)

    def __exit__(self, *exception: object) -> None:
        torch.set_num_threads(self.before)


def cut(folder: Path, **settings: Any) -> None:
    with pytest.raises(Stopped):
        train(model(), folder, callbacks=[StopAt(8)], checkpoint_every=4, **settings)


def resume_elsewhere(folder: Path, said: str, **settings: Any) -> None:
    with pytest.raises(GradusError, match=said):
        train(model(), folder, resume=True, checkpoint_every=4, **settings)
    fitted = train(model(), folder, resume=True, force=True, checkpoint_every=4, **settings)
    assert not fitted.exact
    assert "not exact" in (folder / "log.txt").read_text()


def test_other_data_are_refused(tmp_path: Path) -> None:
    cut(tmp_path)
    inputs, targets = data()
    inputs[-1, 0, -1, -1] = torch.nextafter(inputs[-1, 0, -1, -1], torch.tensor(9.0))
    resume_elsewhere(tmp_path, "data was", data=(inputs, targets))


def test_other_threads_are_refused(tmp_path: Path) -> None:
    cut(tmp_path)
    with Threads(torch.get_num_threads() + 1):
        resume_elsewhere(tmp_path, "threads was")


@pytest.mark.parametrize("name", ["torch", "device", "processes"])
def test_another_environment_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    from gradus.training import resumption

    cut(tmp_path)
    real = resumption.environment
    monkeypatch.setattr(resumption, "environment", lambda *rest: {**real(*rest), name: "another"})
    resume_elsewhere(tmp_path, f"{name} was")


@pytest.mark.parametrize(
    "change",
    [{"batch_size": 8}, {"seed": 1}, {"optimizer": "adamw"}, {"schedule": "cosine"}, {"clip_norm": 1.0}],
)
def test_other_settings_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    cut(tmp_path)
    with pytest.raises(GradusError, match=f"{next(iter(change))} was"):
        train(model(), tmp_path, resume=True, checkpoint_every=4, **change)


def test_another_model_is_refused(tmp_path: Path) -> None:
    cut(tmp_path)
    for other in (model("linear"), model("conv norm")):
        with pytest.raises(CheckpointError, match="another model"):
            train(other, tmp_path, resume=True, checkpoint_every=4)


# Folders


def test_a_run_is_not_overwritten_unasked(tmp_path: Path) -> None:
    train(model(), tmp_path)
    with pytest.raises(GradusError, match="resume=True"):
        train(model(), tmp_path)
    train(model(), tmp_path, force=True, epochs=1)
    assert len(read_rows(tmp_path / "metrics.jsonl")) == 1


def test_resume_without_a_checkpoint_begins(tmp_path: Path) -> None:
    assert train(model(), tmp_path, resume=True).steps == 18


def test_a_damaged_checkpoint_falls_back(tmp_path: Path) -> None:
    whole = train(model(), tmp_path / "whole")
    train(model(), tmp_path / "cut")
    newest = sorted((tmp_path / "cut" / "checkpoints").glob("*.safetensors"))[-1]
    newest.write_bytes(newest.read_bytes()[:-3] + b"abc")
    again = train(model(), tmp_path / "cut", resume=True)
    assert again.seconds > 0 and again.history == whole.history
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")
    newest.write_bytes(b"")


def test_the_best_is_kept_beside_the_newest(tmp_path: Path) -> None:
    class Worse(Callback):
        def on_epoch_end(self, run: Any, row: dict[str, Any]) -> None:
            row["loss"] = float(row["epoch"])

    fitted = train(
        model(), tmp_path, epochs=5, keep=1, callbacks=[Worse()], early_stopping=EarlyStopping("loss", 9)
    )
    names = sorted(path.name for path in (tmp_path / "checkpoints").glob("*.json"))
    assert fitted.checkpoint is not None and fitted.checkpoint.name in names
    assert fitted.best["checkpoint"].name in names and len(names) <= 2
